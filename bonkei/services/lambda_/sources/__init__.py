"""Event sources: Lambda polls queues and tables' streams, and calls the functions.

following    the pollers for the definitions' event sources
poller       the common part of all pollers
queue        a queue of SQS
stream       a table's stream
filtering    the records that reach the function (pure)
"""
