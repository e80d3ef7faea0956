"""Changes since the state was written, made by others than Terraform. AWS's provider reads them
before a plan, and so does this: from whatever answers as AWS does.

observe   the changes of a state's resources
values    what a reader of one type has, and comparisons
releases  parameters, task definitions and services: what a release changes
watching  log groups and alarms
events    rules and their targets
queues    of SQS, and the policies of queues, topics and buckets
tags      of what the others read
"""
