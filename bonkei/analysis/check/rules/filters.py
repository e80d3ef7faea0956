"""Metric filters that can match something, once."""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.analysis.check.finding import Problem
from bonkei.analysis.check.log_writer import writers
from bonkei.analysis.check.matching import why_it_never_matches
from bonkei.analysis.check.rules.logs import log_group_names
from bonkei.analysis.check.subject import Subject, error, warning


@error(
    "A metric filter's pattern can match the records of its log group",
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html",
)
def metric_filter_can_match(subject: Subject) -> Iterator[Problem]:
    declared = log_group_names(subject.blueprint)
    for found in subject.blueprint.metric_filters:
        if found.log_group_name not in declared:
            yield Problem(
                found.address,
                f"there is no log group {found.log_group_name}",
                "name the records' log group",
                "log_group_name",
            )
            continue
        reasons = [
            why_it_never_matches(found.pattern, writer)
            for writer in writers(subject, found.log_group_name)
        ]
        if _is_of_a_database(found.log_group_name, subject) and not reasons:
            reasons = ["the database does not export its log (enabled_cloudwatch_logs_exports)"]
        if reasons and all(reasons):
            yield Problem(
                found.address,
                f"{found.pattern} never matches the records of {found.log_group_name}:"
                f" {reasons[0]}",
                "name another log group, or a pattern that its records match",
                "pattern",
            )


def _is_of_a_database(group: str, subject: Subject) -> bool:
    return any(
        group == f"/aws/rds/{kind}/{cluster.identifier}/postgresql"
        for cluster in subject.blueprint.database_clusters
        for kind in ("cluster", "instance")
    )


@warning(
    "The same records are not counted under two names",
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html",
)
def records_count_for_one_metric(subject: Subject) -> Iterator[Problem]:
    """Two metrics with the same pattern on the same group are one metric with two names. One of
    them usually should read another group."""
    seen: dict[tuple[str, str], tuple[str, str, str]] = {}
    for found in subject.blueprint.metric_filters:
        key = (found.log_group_name, " ".join(found.pattern.split()))
        metric = (found.namespace, found.metric_name)
        *other, address = seen.setdefault(key, (*metric, found.address))
        if tuple(other) != metric and found.value == "1" and not found.dimensions:
            yield Problem(
                found.address,
                f"{found.metric_name} counts the same records of {found.log_group_name} as"
                f" {other[1]} ({address})",
                "name the log group that this metric is about",
                "log_group_name",
            )
