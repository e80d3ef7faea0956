"""Amazon ECS.

clusters                 clusters, capacity providers, account settings
services                 services
task_definitions         task definitions, and the sizes that Fargate has
container_definitions    their JSON: checks (container_schema), comparison (container_equality)
"""
