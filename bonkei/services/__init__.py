"""What runs: a package for each AWS service, and none knows another.

edge          CloudFront, AWS WAF and Elastic Load Balancing: the way of a request
ecs           services and tasks, as processes of this machine
rds           the clusters' real PostgreSQL
lambda_       functions;             sns          topics and their subscriptions
logs          CloudWatch Logs, and the log routers
cloudwatch    metrics and alarms;    eventbridge  the bus, its rules and schedules
codepipeline, codebuild, codecommit, ecr     the way of a release
endpoint      AWS's APIs over HTTP: who calls, may he, and who answers
slack         the inbox behind the webhook
console       the pages;             faults       what can be broken on purpose

`bonkei.miniature.parts` joins them. A service with an API of AWS has it in `api`.
"""
