"""Terraform's counterpart: a provider that generates AWS's values and keeps them in the state.

addresses         where Terraform finds them; catalogue: which providers are served
plugin            Terraform's plugin protocol, served over a socket
plan, apply       planned values, replacements; the values of what is created
existing          resources outside the stack; proposals: those that a look-up misses, as text
surroundings      other inputs of a plan
behaviour         the functions of a type, beyond its schema
aws               the AWS provider's types, a module or package for each service
small             HashiCorp's small providers: random, time, archive, ...
stand_in          in place of any other provider
facts             facts on each argument from the real provider's own schemas
region_and_tags   arguments that all types of AWS's provider share
former            arguments of earlier versions, accepted with a warning
schema, data      the types, their arguments and attributes
"""
