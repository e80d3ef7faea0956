"""Terraform's plugin protocol, version 6.

sockets      where Terraform connects, before anything else is loaded
server       what answers there; one servicer for each connection
calls        a connection: gRPC's unary calls (http2: its frames)
servicer     the protocol's operations (managed: those on resources)
connection   a configured provider and its surroundings
selection    the types and blocks that it shows
identities   identities of resources, beside their ids
codec, wire  values and schemas as the protocol has them (protocol: its messages)
"""
