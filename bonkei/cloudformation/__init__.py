"""CloudFormation: templates become stacks, whose resources the miniature has then.

errors      what is wrong with a template
template    a template's text -> values that keep their lines
evaluation  parameters, intrinsic functions, conditions, rules
resources   the types that are served: properties -> what Terraform's state has of the same
stacks      a plan of a template, its changes, an operation's way; stacks on disk
service     the API, on the AWS endpoint
"""
