"""Terraform's counterpart: a provider that mints what AWS would answer, and keeps it in the state.

catalogue         which providers are served
plugin            Terraform's plugin protocol, served over a socket
plan, apply       planned values, replacements; the values of what is created
existing          what exists outside the stack; surroundings: what else a plan may ask for
behaviour         what a type knows beyond its schema
aws               the AWS provider's types, a room for each service
small             HashiCorp's small providers: random, time, archive, ...
facts             what the real provider's own schemas say of each argument
region_and_tags   what all types of AWS's provider have in common
schema, data      the types, their arguments and attributes
"""
