"""Terraform's plugin protocol, version 6.

server       the process's sockets; one servicer for each connection
servicer     the protocol's operations (managed: those on resources)
connection   a configured provider and its surroundings
identities   identities of resources, beside their ids
codec, wire  values and schemas as the protocol has them (protocol: its messages)
"""
