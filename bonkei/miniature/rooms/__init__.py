"""Bonkei's rooms as the supervisor uses them. They do not know each other. Here they are connected.

functions        Lambda, SNS and the inboxes; `carriers` bring messages from one to another,
                 `subscribed_functions` what subscription filters match
logs             CloudWatch Logs; `log_routers` runs FireLens, `edge_log` has the edge's own lines,
                 `log_delivery` puts objects into buckets as AWS's services do
builds           CodeBuild, and the miniature's own tools in a build
pipelines        CodePipeline and CodeCommit
stacks           CloudFormation
monitor          metrics and alarms; `event_targets` and `ecs_events` are EventBridge's two ends
service_events   what happened to an ECS service, in ECS's words
registry         the image registry, and the tasks that run from what was pushed to it
databases        the database clusters of the blueprint, and their servers
access_hooks     hands each finished request to all registered listeners
"""
