"""The alarm on failed deliveries counts the lines of a log router, and no others."""

from __future__ import annotations

import pytest
from evaluations import Evaluation

from bonkei.grammar.filter_pattern import parse

AT = "[2026/11/26 12:00:00]"


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        (f"{AT} [error] [output:s3:s3.2] PutObject API responded with error='AccessDenied'", True),
        (f"{AT} [error] [output:cloudwatch_logs:cloudwatch_logs.0] Failed to send events", True),
        (f"{AT} [ warn] [engine] failed to flush chunk '1-2.flb', retry in 9 seconds", True),
        (f"{AT} [error] [output:s3] logs/access/x.gz: 403 AccessDenied", True),  # Bonkei's reader
        (f"{AT} [ warn] [engine] service will shutdown in max 30 seconds", False),
        (f"{AT} [ info] [output:s3:s3.2] Successfully uploaded object", False),
        ('{"level": "ERROR", "message": "it failed", "type": "output"}', False),
    ],
)
def test_a_failed_delivery_is_counted(production: Evaluation, line: str, counts: bool) -> None:
    alarm = next(one for one in production.blueprint.alarms if one.name.endswith("-log-deliveries"))
    assert alarm.metric is not None
    filters = [
        one
        for one in production.blueprint.metric_filters
        if (one.namespace, one.metric_name) == (alarm.metric.namespace, alarm.metric.name)
    ]
    groups = {one.log_group_name for one in filters}
    assert {group.rpartition("/")[2] for group in groups} == {"backend", "frontend", "migrate"}
    assert {bool(parse(one.pattern).matches(line)) for one in filters} == {counts}
