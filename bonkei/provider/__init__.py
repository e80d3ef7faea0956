"""Terraform's counterpart: a provider that mints what AWS would answer, and keeps it in the state.

catalogue     which providers are served
server        the process's sockets; one servicer for each connection
servicer      the plugin protocol's operations (managed: those on resources)
plan, apply   planned values, replacements; the values of what is created
behaviour     what a type knows beyond its schema
aws           the AWS provider's types, a room for each service
small         HashiCorp's small providers: random, time, archive, ...
schema, data  the types, their arguments and attributes
codec, wire   values and schemas as the protocol has them
"""
