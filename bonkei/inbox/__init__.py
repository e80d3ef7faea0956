"""Where messages to people arrive in the miniature, instead of at Slack and in mailboxes.

store    the last messages, in a file
slack    the stand-in for hooks.slack.com: it takes and refuses the same as Slack's webhook
render   a message in the terminal, as a person would see it in Slack or in their mail

Nothing is imported here: aiohttp takes a while to load.
"""
