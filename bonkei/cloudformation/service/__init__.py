"""CloudFormation's API on the AWS endpoint.

service      the operations
requests     what a call asks for: template, parameters, stack
change_sets  change sets, and what `aws cloudformation deploy` does with them
describing   stacks, resources, events and change sets as answers
"""
