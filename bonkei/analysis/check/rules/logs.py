"""Log groups, and the images and secrets in task definitions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bonkei.analysis.check.finding import Problem
from bonkei.analysis.check.log_writer import routed_groups
from bonkei.analysis.check.subject import Subject, error, warning
from bonkei.analysis.policy.lenient import allowed
from bonkei.base.arn import Arn
from bonkei.blueprint import Blueprint
from bonkei.blueprint.logs.access_log import AccessLog
from bonkei.blueprint.s3 import Bucket

_SECRET_NAME = re.compile(r"(?i)(?:^|_)(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY)$")
_PART = 8  # a common part this long is not a coincidence


@warning(
    "Every log group has a retention and a key",
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
)
def log_group_has_retention_and_key(subject: Subject) -> Iterator[Problem]:
    for group in subject.blueprint.log_groups:
        if group.retention == 0:
            yield Problem(
                group.address,
                f"{group.name} keeps its records forever",
                "set retention_in_days",
                "retention_in_days",
            )
        if not group.kms_key_id:
            yield Problem(
                group.address,
                f"{group.name} is not encrypted with a customer managed key",
                "set kms_key_id",
                "kms_key_id",
            )


def log_group_names(blueprint: Blueprint) -> set[str]:
    """The names of log groups, declared or looked up."""
    own = {group.arn for group in blueprint.log_groups}
    looked_up = {arn for arn in blueprint.arns if ":log-group:" in arn and arn not in own}
    return {group.name for group in blueprint.log_groups} | {
        arn.split(":log-group:")[1].removesuffix(":*") for arn in looked_up
    }


@error(
    "Log groups of tasks and routers are declared",
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html",
)
def log_group_is_declared(subject: Subject) -> Iterator[Problem]:
    """A task does not start without its log group. If a router's group is missing, the router loses
    records, or creates the group without retention and key."""
    declared = log_group_names(subject.blueprint)
    for definition in subject.blueprint.task_definitions:
        for container in definition.containers:
            log = container.log_configuration
            options = dict(log.options) if log else {}
            name = options.get("awslogs-group", "") or options.get("log_group_name", "")
            if name and "$" not in name and name not in declared:
                yield Problem(
                    definition.address,
                    f"{container.name} logs to {name}, which is not declared",
                    "declare the log group, with retention and a key",
                    "container_definitions",
                )
            for _, name in routed_groups(subject, container):
                if name not in declared:
                    yield Problem(
                        definition.address,
                        f"{container.name} routes records to {name}, which is not declared",
                        "name the declared log group in the variable that its configuration reads",
                        "container_definitions",
                    )


@warning(
    "The log group of a function is declared",
    "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html",
)
def function_log_is_declared(subject: Subject) -> Iterator[Problem]:
    """Otherwise Lambda creates the group, and its records are kept forever."""
    declared = log_group_names(subject.blueprint)
    for function in subject.blueprint.functions:
        if function.log_group not in declared:
            yield Problem(
                function.address,
                f"{function.name} logs to {function.log_group}, which is not declared",
                "declare the log group, with retention and a key",
            )


@warning(
    "An image is named by a digest or a fixed tag",
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-considerations.html",
)
def image_is_pinned(subject: Subject) -> Iterator[Problem]:
    for definition in subject.blueprint.task_definitions:
        for container in definition.containers:
            tag = container.image.rpartition("/")[2].partition(":")[2]
            if "@sha256:" not in container.image and tag in ("", "latest", "stable"):
                yield Problem(
                    definition.address,
                    f"{container.name}'s image {container.image} may change under the same name",
                    "name a tag that does not move, or a digest",
                    "container_definitions",
                )


def _names_a_secret(value: str, subject: Subject) -> bool:
    """Whether the value names a secret or its place: an ARN, the path of a parameter or a file, or
    the end of a secret's name."""
    if value.startswith(("arn:", "/")):
        return True
    secrets = subject.blueprint.secrets
    return len(value) >= _PART and any(secret.name.endswith(value) for secret in secrets)


@error(
    "No secret is written into a task definition",
    "https://docs.aws.amazon.com/securityhub/latest/userguide/ecs-controls.html#ecs-8",
)
def secret_is_not_in_the_environment(subject: Subject) -> Iterator[Problem]:
    for definition in subject.blueprint.task_definitions:
        for container in definition.containers:
            for name, value in container.environment:
                if value and _SECRET_NAME.search(name) and not _names_a_secret(value, subject):
                    yield Problem(
                        definition.address,
                        f"{container.name} gets {name} in plain text",
                        "keep it in Secrets Manager and name it in `secrets`",
                        "container_definitions",
                    )


@error(
    "A load balancer may write its logs: to a bucket with S3's own key, whose policy allows it",
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html",
)
def load_balancer_may_write_its_log(subject: Subject) -> Iterator[Problem]:
    """ "The only server-side encryption option that's supported is Amazon S3-managed keys"."""
    blueprint = subject.blueprint
    balancers = {balancer.arn: balancer.name for balancer in blueprint.load_balancers}
    buckets = {bucket.name: bucket for bucket in blueprint.buckets}
    for log in (*blueprint.access_logs, *blueprint.connection_logs):
        bucket = buckets.get(log.bucket)
        if log.source_arn not in balancers or bucket is None:
            continue
        if bucket.encryption.startswith("aws:kms"):
            yield Problem(
                log.source,
                f"{balancers[log.source_arn]} cannot write its log to {bucket.name}, which is"
                " encrypted by KMS",
                "encrypt that bucket with AES256",
                "access_logs",
            )
        elif ":loadbalancer/app/" in log.source_arn and (refused := _refused(log, bucket)):
            yield Problem(
                log.source,
                f"{balancers[log.source_arn]} may not write its log to {refused}",
                "allow s3:PutObject there to logdelivery.elasticloadbalancing.amazonaws.com, in the"
                " bucket's policy",
                "access_logs",
            )


def _refused(log: AccessLog, bucket: Bucket) -> str:
    """The place of a load balancer's log, if the bucket's policy lets no one write there. In older
    regions the load balancer is an account of AWS's, so that the principals are not compared."""
    account = Arn.of(log.source_arn).account
    folder = "/".join(part for part in (bucket.arn, log.prefix, "AWSLogs", account) if part)
    context = {"aws:sourcearn": (log.source_arn,), "aws:sourceaccount": (account,)}
    allows = allowed(bucket.policy, "s3:PutObject", f"{folder}/any", context)
    return "" if allows else f"{folder}/*"
