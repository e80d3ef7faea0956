"""SNS: a message to a topic reaches each of its subscribers, or their dead letters.

topics          the service: keeps each delivery until it is done, and retries
api             SNS's API
requests        pure: the messages of calls, as SNS requires them
subscriptions   the subscribers of the definitions, and those that programs add
forms           pure: names, endpoints, and the attributes that every topic has
message         a message, and the documents that subscribers receive
carriers        by calls of AWS: to functions and queues
http_delivery   to a server

`bonkei.grammar.filter_policy` decides whether a subscriber wants a message,
`bonkei.grammar.delivery_policy` how long until the next attempt. The provider refuses what they do
not understand.

Nothing is imported here: aiohttp takes a while to load.
"""
