"""The running parts' measurements as CloudWatch's metrics, with AWS's names, dimensions and units.

tasks     AWS/ECS and ECS/ContainerInsights, from the tasks' processes
traffic   AWS/ApplicationELB and AWS/CloudFront, from every finished request
recent    how many requests of the last minute failed, for the miniature's state
targets   healthy and unhealthy hosts, connections; AWS/WAFV2, from the edge's counters
database  AWS/RDS, from PostgreSQL's processes against the declared capacity
calls     AWS/S3 and AWS/DynamoDB, from the calls of the AWS endpoint
queues    AWS/SQS, read from the store
deliveries  AWS/Events and AWS/Scheduler
spoken    AWS/Logs and AWS/Lambda, from the events on the bus
measures  all of them, once a minute
"""

from bonkei.miniature.measures.measures import Measures

__all__ = ["Measures"]
