"""CloudFormation's API on the AWS endpoint.

service      the operations
requests     the content of a call: template, parameters, stack
change_sets  change sets, as `aws cloudformation deploy` uses them
describing   stacks, resources, events and change sets as answers
"""
