"""The clients' side.

front            what all connections of a listener share
connection       one connection: bytes in, exchanges in order, bytes out
incoming         its bytes as requests; known_request skips what a known head repeats
transport        its socket: reading, slow clients, closing
tunnel           its end of a WebSocket
access           the record of each finished request
"""
