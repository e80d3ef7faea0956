"""Where messages to people arrive in the miniature, instead of at Slack and in mailboxes.

store    the last messages, in a file
slack    what stands in for hooks.slack.com: it takes and refuses what Slack's webhook does
render   a message in the terminal, as a person would see it in Slack or in their mail

Nothing is imported here: aiohttp takes a while to load.
"""
