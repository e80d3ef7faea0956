"""SNS: what is published on a topic reaches each of its subscribers, or its dead letters.

topics          the room: keeps each delivery until it is done, tries again
service         SNS's API
subscriptions   who gets what: the definitions' subscribers, and those that programs add
message         a message, and the documents in which it arrives
filter_policy   whether a subscriber wants it; `retries`: how long until the next attempt
http_delivery   to a server

The ways to functions, queues and mailboxes are the miniature's to give (`Carriers`). Nothing is
imported here: aiohttp takes a while to load.
"""
