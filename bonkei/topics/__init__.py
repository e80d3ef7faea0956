"""SNS: a message to a topic reaches each of its subscribers, or their dead letters.

topics          the room: keeps each delivery until it is done, and retries
service         SNS's API
subscriptions   the subscribers of the definitions, and those that programs add
message         a message, and the documents that subscribers receive
filter_policy   whether a subscriber wants it; `retries`: how long until the next attempt
http_delivery   to a server

The miniature provides the ways to functions, queues and mailboxes (`Carriers`). Nothing is imported
here: aiohttp takes a while to load.
"""
