"""The services as the miniature uses them. They do not know each other: here they are joined.

edge          access_hooks hands each finished request to its listeners; request_log has its lines
ecs           events, and ECS's words for what happened; view and described: tasks for the API;
              metadata: for a task itself
rds           the clusters of the blueprint, and their servers
lambda_       functions, topics and inboxes; subscribed_functions what subscription filters match
attached      what a stack attaches to topics and queues that calls have made
logs          CloudWatch Logs; routers runs FireLens, delivery puts AWS's own objects into buckets
cloudwatch    metrics and alarms, and EventBridge's bus
codepipeline  pipelines and repositories;     codebuild      builds, and the tools in them
ecr           the registry, and the tasks that run from what was pushed to it
cloudformation  stacks;                       endpoint       AWS's APIs, and who answers them
network       an address for each caller, and the gates before what it may not reach
faults        what is broken on purpose, and drills
"""
