"""The clients' side.

front            the common state of all connections of a listener
connection       one connection: bytes in, exchanges in order, bytes out
incoming         its bytes as requests
transport        its socket: reading, slow clients, closing
tunnel           its end of a WebSocket
access           the record of each finished request
"""
