"""Finished requests on their way to buckets and log groups."""

from __future__ import annotations

import json
import time

import pytest
from requests_sample import (
    ACCOUNT,
    BALANCER,
    BLOCKED,
    BLOCKS,
    BY_DISTRIBUTION,
    NOW,
    REGION,
    Buckets,
    architecture,
)
from rows import rows_of

TEST_FILE = f"logs/load-balancer/AWSLogs/{ACCOUNT}/ELBAccessLogTestFile"


async def test_sends_each_log_to_its_destinations() -> None:
    buckets = Buckets()
    deliveries = buckets.deliveries(architecture(BLOCKS))
    deliveries.seen_together(rows_of(BY_DISTRIBUTION))
    deliveries.seen_together(rows_of(BLOCKED))
    other_host = {"rule": "", "target_group_arn": "", "inspections": ()}
    deliveries.seen_together(rows_of(BY_DISTRIBUTION._replace(blocked_by="host", **other_host)))
    deliveries.seen_together(
        rows_of(BY_DISTRIBUTION._replace(listener="aws_lb_listener.web", cache_result=""))
    )
    now = time.time()
    await deliveries.deliver(now)
    assert buckets.shown == 4
    assert set(buckets.objects) == {TEST_FILE}
    [(group, stream, record)] = buckets.events
    assert (group, stream) == ("aws-waf-logs-guard", f"{REGION}_guard_0")
    assert json.loads(record)["terminatingRuleId"] == "no-header"
    await deliveries.deliver(now + 9)
    assert len(buckets.objects) == 1, "ten seconds are five minutes at a factor of 30"
    await deliveries.deliver(now + 10)
    assert len(buckets.lines("_elasticloadbalancing_")) == 3
    assert len(buckets.lines("/cdn/E1.")) == 2 + 3
    deliveries.seen_together(rows_of(BY_DISTRIBUTION))
    buckets.objects.clear()
    await deliveries.stop()
    assert len(buckets.lines("_elasticloadbalancing_")) == 1, "what waits at the end comes, too"


async def test_requests_that_end_at_once_have_one_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The edge's clock counts milliseconds. The edge's list is its own: it is not changed."""
    buckets = Buckets()
    deliveries = buckets.deliveries(architecture())
    given = []
    for moment in (0.125, 0.1254, 0.1258, 0.25, 0.0625):
        monkeypatch.setattr(time, "time", lambda moment=moment: NOW + moment)
        given.append(rows_of(BY_DISTRIBUTION, BY_DISTRIBUTION))
        deliveries.seen_together(given[-1])
    assert [len(each) for each in given] == [2] * 5
    await deliveries.stop()
    lines = buckets.lines("_elasticloadbalancing_")
    ends = [line.split(" ")[1].partition(".")[2] for line in lines]
    assert ends == ["125000Z"] * 6 + ["250000Z"] * 2 + ["062500Z"] * 2


async def test_a_bucket_gets_nothing_before_it_exists() -> None:
    """A request may arrive before S3 has started."""
    buckets = Buckets()
    deliveries = buckets.deliveries(architecture(), are_there=False)
    deliveries.seen_together(rows_of(BY_DISTRIBUTION))
    now = time.time()
    await deliveries.deliver(now)
    await deliveries.deliver(now + 100)
    assert not buckets.objects
    deliveries.open()
    await deliveries.deliver(now + 101)
    assert len(buckets.lines("_elasticloadbalancing_")) == 1
    await deliveries.stop()


async def test_a_failed_start_reports_no_missing_bucket() -> None:
    buckets = Buckets()
    deliveries = buckets.deliveries(architecture(), are_there=False)
    deliveries.seen_together(rows_of(BY_DISTRIBUTION))
    buckets.refusal = "NoSuchBucket"
    await deliveries.stop()
    assert not buckets.said


async def test_one_unwritable_request_does_not_end_the_logs() -> None:
    buckets = Buckets()
    deliveries = buckets.deliveries(architecture())
    deliveries.seen_together(rows_of(BY_DISTRIBUTION._replace(status="?")))  # type: ignore[arg-type]
    await deliveries.deliver(time.time())
    deliveries.seen_together(rows_of(BY_DISTRIBUTION))
    await deliveries.stop()
    assert len(buckets.lines("_elasticloadbalancing_")) == 1
    assert any("ValueError" in text for text in buckets.said)


async def test_retries_objects_that_a_bucket_refused() -> None:
    buckets = Buckets()
    deliveries = buckets.deliveries(architecture())
    deliveries.seen_together(rows_of(BY_DISTRIBUTION))
    buckets.refusal = "NoSuchBucket: it is gone"
    now = time.time()
    await deliveries.deliver(now)
    await deliveries.deliver(now + 10)
    await deliveries.deliver(now + 20)
    assert len(buckets.said) == len(set(buckets.said)) == 3
    buckets.refusal = ""
    await deliveries.deliver(now + 30)
    assert len(buckets.lines("_elasticloadbalancing_")) == 1
    await deliveries.stop()


async def test_a_clock_that_is_set_back_holds_no_entry() -> None:
    buckets = Buckets()
    deliveries = buckets.deliveries(architecture())
    deliveries.seen_together(rows_of(BY_DISTRIBUTION))
    now = time.time()
    await deliveries.deliver(now)
    assert set(buckets.objects) == {TEST_FILE}
    await deliveries.deliver(now - 3_600)
    assert len(buckets.lines("_elasticloadbalancing_")) == 1
    await deliveries.stop()


async def test_each_service_writes_under_its_own_name() -> None:
    buckets = Buckets()
    wanted = architecture(default="KEEP", destinations=("arn:aws:s3:::aws-waf-logs-guard",))
    deliveries = buckets.deliveries(wanted)
    deliveries.seen_together(rows_of(BY_DISTRIBUTION))
    await deliveries.deliver(time.time(), last=True)
    assert {(by.service, by.source_arn.split(":")[2]) for by in buckets.by} == {
        ("logdelivery.elasticloadbalancing.amazonaws.com", "elasticloadbalancing"),
        ("", "cloudfront"),
        ("delivery.logs.amazonaws.com", "logs"),
    }
    await deliveries.stop()


async def test_a_connection_is_logged_once() -> None:
    """Both logs of a load balancer identify it by the same `conn_trace_id`."""
    buckets = Buckets()
    deliveries = buckets.deliveries(architecture(connections=True))
    for connection in (5, 5, 6):
        deliveries.seen_together(rows_of(BY_DISTRIBUTION._replace(connection=connection)))
    now = time.time()
    await deliveries.deliver(now)
    deliveries.seen_together(rows_of(BY_DISTRIBUTION))
    await deliveries.deliver(now + 1)
    await deliveries.deliver(now + 20)
    connections = [line.rsplit(" ", 1)[1] for line in buckets.lines("/conn_log.")]
    assert len(connections) == len(set(connections)) == 2
    requests = [line.split(" ")[-4] for line in buckets.lines(f"/{ACCOUNT}_elasticloadbalancing")]
    assert requests == [connections[0], connections[0], connections[1], connections[0]]
    assert f"logs/connections/AWSLogs/{ACCOUNT}/ELBConnectionLogTestFile" in buckets.objects
    await deliveries.stop()


async def test_a_thousand_requests_in_a_second_are_sorted_outside_of_the_loop() -> None:
    buckets = Buckets()
    deliveries = buckets.deliveries(architecture(BLOCKS))
    for number in range(1000):
        deliveries.seen_together(rows_of(BLOCKED._replace(target=f"/{number}")))
    await deliveries.deliver(time.time(), last=True)
    assert len(buckets.lines("_elasticloadbalancing_")) == 1000
    assert [json.loads(text)["httpRequest"]["uri"] for _, _, text in buckets.events] == [
        f"/{number}" for number in range(1000)
    ]
    assert BALANCER in buckets.objects[TEST_FILE].decode()
    await deliveries.stop()
