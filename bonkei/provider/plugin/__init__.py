"""Terraform's plugin protocol, version 6.

server       the process's sockets; one servicer for each connection
servicer     the protocol's operations (managed: those on resources)
connection   a configured provider and what surrounds it
identities   what names a resource beside its id
codec, wire  values and schemas as the protocol has them (protocol: its messages)
"""
