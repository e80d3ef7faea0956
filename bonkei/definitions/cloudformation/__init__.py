"""CloudFormation: templates become stacks, and the miniature runs their resources.

errors      the mistakes in a template
template    a template's text -> values that keep their lines
evaluation  parameters, intrinsic functions, conditions, rules
resources   the supported types: from properties to the values of Terraform's state
stacks      a template's plan, its changes, the course of an operation; stacks on disk
service     the API, on the AWS endpoint
"""
