"""The clients' side.

front            the common state of all connections of a listener
connection       one connection: bytes in, exchanges in order, bytes out
incoming         its bytes as requests, or as those of its WebSocket
transport        its socket: reading, slow clients, closing
access           the record of each finished request
"""
