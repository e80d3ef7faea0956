"""Declared log groups are created and deleted with their definitions. Subscription filters pass
events on.
"""

from __future__ import annotations

from pathlib import Path

from bonkei.base.events import SubscriptionFilterMatched
from bonkei.blueprint import Blueprint
from bonkei.blueprint.logs.log_group import (
    LogGroup,
    LogResourcePolicy,
    LogStream,
    SubscriptionFilter,
)
from bonkei.services.logs.declared import follow
from bonkei.services.logs.store.log_store import LogStore
from bonkei.services.logs.subscriptions import matched
from tests.bonkei.services.logs.conftest import NOW, Api

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:f"


def test_a_group_is_created_changed_and_deleted(api: Api, tmp_path: Path) -> None:
    store = api.desk.store
    follow(store, Blueprint(log_groups=(LogGroup("a", "arn", "/app", 30, "key"),)))
    document = store.group("/app").document
    assert (document.retention, document.kms_key_id, document.declared) == (30, "key", True)
    store.create_stream("/app", "s")
    store.put("/app", "s", [(NOW, "kept")])
    follow(store, Blueprint(log_groups=(LogGroup("a", "arn", "/app", 7),)))
    again = LogStore(tmp_path, clock=lambda: NOW / 1000)
    again.open()
    assert again.group("/app").document.retention == 7
    assert again.group("/app").stream("s").times() == (NOW, NOW)
    follow(again, Blueprint())
    assert list(again.groups) == ["group"], "what the definitions never had stays"


def test_declared_streams_and_policies(api: Api) -> None:
    store = api.desk.store
    groups = (LogGroup("a", "arn", "/app"),)
    blueprint = Blueprint(
        log_groups=groups,
        log_streams=(LogStream("s", "/app", "declared"),),
        log_resource_policies=(LogResourcePolicy("p", "policy", "{}"),),
    )
    follow(store, blueprint)
    store.create_stream("/app", "made by a program")
    api("PutResourcePolicy", policyName="mine", policyDocument="{}")
    assert "declared" in store.group("/app").streams
    assert set(store.policies) == {"policy", "mine"}
    follow(store, Blueprint(log_groups=groups))
    assert list(store.group("/app").streams) == ["made by a program"]
    assert set(store.policies) == {"mine"}


def test_passes_matching_events_to_a_subscription(tmp_path: Path) -> None:
    heard: list[SubscriptionFilterMatched] = []
    store = LogStore(
        tmp_path,
        lambda group, *arrived: heard.extend(matched(store.group(group).document, *arrived)),
        clock=lambda: NOW / 1000,
    )
    store.open()
    filters = (
        SubscriptionFilter("f", "errors", "/app", "ERROR", FUNCTION),
        SubscriptionFilter("k", "stream", "/app", "", "arn:aws:kinesis:r:1:stream/s"),
    )
    notes = follow(
        store,
        Blueprint(log_groups=(LogGroup("a", "arn", "/app"),), subscription_filters=filters),
    )
    assert notes == ("k: arn:aws:kinesis:r:1:stream/s is not simulated: nothing is passed on",)
    store.create_stream("/app", "s")
    store.put("/app", "s", [(NOW, "INFO"), (NOW + 1, "ERROR one"), (NOW + 2, "ERROR two")])
    store.put("/app", "s", [(NOW, "INFO")])
    [event] = heard
    assert (event.destination_arn, event.filter_name) == (FUNCTION, "errors")
    assert [each.message for each in event.events] == ["ERROR one", "ERROR two"]
