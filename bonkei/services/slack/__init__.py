"""Receives the messages to people, in place of Slack and mailboxes.

store    the last messages, in a file
slack    the stand-in for hooks.slack.com: it accepts the same messages as Slack's webhook
render   a message in the terminal, as it would look in Slack or in a mailbox

Nothing is imported here: aiohttp takes a while to load.
"""
