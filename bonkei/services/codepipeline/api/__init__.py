"""CodePipeline's API.

service       the calls of the API
state         a pipeline's state: stages, actions, transitions, conditions
history       executions and action executions, as lists
declaration   a pipeline's structure

https://docs.aws.amazon.com/codepipeline/latest/APIReference/Welcome.html
"""
