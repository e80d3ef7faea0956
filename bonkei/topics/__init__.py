"""SNS: a message to a topic reaches each of its subscribers, or their dead letters.

topics          the room: keeps each delivery until it is done, tries again
service         SNS's API
subscriptions   the definitions' subscribers, and those that programs add
message         a message, and the documents in which it arrives
filter_policy   whether a subscriber wants it; `retries`: how long until the next attempt
http_delivery   to a server

The miniature gives the ways to functions, queues and mailboxes (`Carriers`). Nothing is
imported here: aiohttp takes a while to load.
"""
