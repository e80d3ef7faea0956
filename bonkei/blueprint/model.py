"""The whole architecture, as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bonkei.blueprint.cloudfront import Distribution
from bonkei.blueprint.cloudwatch import Alarm, CompositeAlarm
from bonkei.blueprint.codebuild import BuildProject
from bonkei.blueprint.codecommit import CodeRepository
from bonkei.blueprint.codepipeline import Pipeline
from bonkei.blueprint.coverage import NotSimulated
from bonkei.blueprint.ec2 import Network
from bonkei.blueprint.ec2.security_group import SecurityGroup
from bonkei.blueprint.ecr import Repository
from bonkei.blueprint.ecs import Cluster, Service, ServiceConnectEndpoint, TaskDefinition
from bonkei.blueprint.efs import AccessPoint
from bonkei.blueprint.elasticache import Cache
from bonkei.blueprint.elbv2 import LoadBalancer, TargetGroup
from bonkei.blueprint.iam import Role
from bonkei.blueprint.kms import Key
from bonkei.blueprint.lambda_.event_source import EventSource, Layer
from bonkei.blueprint.lambda_.function import Function
from bonkei.blueprint.logs.access_log import AccessLog, WafLog
from bonkei.blueprint.logs.log_delivery import LogDelivery
from bonkei.blueprint.logs.log_group import (
    LogGroup,
    LogResourcePolicy,
    LogStream,
    MetricFilter,
    QueryDefinition,
    SubscriptionFilter,
)
from bonkei.blueprint.rds import DatabaseCluster
from bonkei.blueprint.s3 import Bucket, StoredObject
from bonkei.blueprint.secretsmanager import Secret
from bonkei.blueprint.sns import EventRule, Topic
from bonkei.blueprint.storage import Parameter, Queue, Table
from bonkei.blueprint.wafv2 import WebAcl


@dataclass(frozen=True, slots=True)
class Blueprint:
    """The architecture: simulated parts and parts that are not simulated. Checks and drawings also
    use the parts that only AWS enforces (network, permissions, keys, …). Sorted by address."""

    distributions: tuple[Distribution, ...] = ()
    web_acls: tuple[WebAcl, ...] = ()
    load_balancers: tuple[LoadBalancer, ...] = ()
    target_groups: tuple[TargetGroup, ...] = ()
    services: tuple[Service, ...] = ()
    task_definitions: tuple[TaskDefinition, ...] = ()
    database_clusters: tuple[DatabaseCluster, ...] = ()
    caches: tuple[Cache, ...] = ()
    access_points: tuple[AccessPoint, ...] = ()
    secrets: tuple[Secret, ...] = ()
    not_simulated: tuple[NotSimulated, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    network: Network = field(default_factory=Network)
    security_groups: tuple[SecurityGroup, ...] = ()
    roles: tuple[Role, ...] = ()
    written_policies: Mapping[str, str] = field(default_factory=dict)  # address -> document's
    keys: tuple[Key, ...] = ()
    log_groups: tuple[LogGroup, ...] = ()
    log_streams: tuple[LogStream, ...] = ()
    metric_filters: tuple[MetricFilter, ...] = ()
    query_definitions: tuple[QueryDefinition, ...] = ()
    subscription_filters: tuple[SubscriptionFilter, ...] = ()
    log_resource_policies: tuple[LogResourcePolicy, ...] = ()
    access_logs: tuple[AccessLog, ...] = ()
    connection_logs: tuple[AccessLog, ...] = ()
    waf_logs: tuple[WafLog, ...] = ()
    log_deliveries: tuple[LogDelivery, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    composite_alarms: tuple[CompositeAlarm, ...] = ()
    topics: tuple[Topic, ...] = ()
    event_rules: tuple[EventRule, ...] = ()
    schedules: tuple[EventRule, ...] = ()  # of EventBridge Scheduler
    functions: tuple[Function, ...] = ()
    layers: tuple[Layer, ...] = ()
    event_sources: tuple[EventSource, ...] = ()
    buckets: tuple[Bucket, ...] = ()
    repositories: tuple[Repository, ...] = ()
    code_repositories: tuple[CodeRepository, ...] = ()
    pipelines: tuple[Pipeline, ...] = ()
    build_projects: tuple[BuildProject, ...] = ()
    queues: tuple[Queue, ...] = ()
    tables: tuple[Table, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    objects: tuple[StoredObject, ...] = ()
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # by ARN
    kept_revisions: tuple[str, ...] = ()  # task definitions that only a service still names
    arns: tuple[str, ...] = ()  # of everything in the state; policies refer to them

    @property
    def stores(self) -> tuple[DatabaseCluster | Cache, ...]:
        """What tasks reach at a name of its own: databases and caches."""
        return (*self.database_clusters, *self.caches)

    def task_definition(self, arn: str) -> TaskDefinition:
        """The task definition with this ARN. Raises KeyError if there is none."""
        for definition in self.task_definitions:
            if definition.arn == arn:
                return definition
        raise KeyError(arn)

    def definition_of(self, service: Service) -> TaskDefinition | None:
        """What a service's tasks run. None: its definition is not in these definitions."""
        arn = service.task_definition_arn
        return next((each for each in self.task_definitions if each.arn == arn), None)

    def endpoints(self, service: Service) -> tuple[ServiceConnectEndpoint, ...]:
        """What other tasks can call of a service's."""
        definition = self.definition_of(service)
        return () if definition is None else service.endpoints(definition)

    def security_group(self, group_id: str) -> SecurityGroup | None:
        """The security group of an id."""
        return next((group for group in self.security_groups if group.id == group_id), None)

    def role(self, arn: str) -> Role | None:
        """The role of an ARN."""
        return next((role for role in self.roles if role.arn == arn), None)
