"""What a build's plan knows of releases: the three things that a release changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bonkei.definitions.refresh.observe import observe

TASK = "arn:aws:ecs:eu-west-1:123456789012:task-definition/app-web"
STATE = {
    "resources": [
        {
            "mode": "managed",
            "type": kind,
            "instances": [{"attributes": each} for each in attributes],
        }
        for kind, attributes in {
            "aws_ssm_parameter": [
                {"id": "/app/image-tag", "name": "/app/image-tag", "type": "String",
                 "value": "unreleased", "insecure_value": "unreleased"},
                {"id": "/app/same", "name": "/app/same", "type": "String", "value": "same"},
                {"id": "/app/key", "name": "/app/key", "type": "SecureString", "value": "secret"},
            ],
            "aws_ecs_task_definition": [
                {"id": "app-web", "family": "app-web", "revision": 1, "track_latest": True},
                {"id": "app-own", "family": "app-own", "revision": 1, "track_latest": False},
            ],
            "aws_ecs_service": [
                {"id": "arn:web", "name": "web", "cluster": "arn:cluster",
                 "task_definition": f"{TASK}:1", "desired_count": 0},
            ],
        }.items()
    ]
}  # fmt: skip


class Account:
    """An account after a release; it notes what it was asked for."""

    def __init__(self, revision: int, tag: str, count: int) -> None:
        self.revision, self.tag, self.count = revision, tag, count
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    def ask(self, _service: str, operation: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
        self.asked.append((operation, content))
        match operation:
            case "GetParameters":
                values = {"/app/image-tag": self.tag, "/app/same": "same"}
                found = [{"Name": n, "Value": values[n], "Version": 2} for n in content["Names"]]
                return {"Parameters": found}
            case "DescribeTaskDefinition":
                return {
                    "taskDefinition": {
                        "taskDefinitionArn": f"{TASK}:{self.revision}",
                        "revision": self.revision,
                        "containerDefinitions": [{"name": "web", "image": f"web:{self.tag}"}],
                    }
                }
            case "DescribeServices":
                one = {"serviceName": "web", "taskDefinition": f"{TASK}:{self.revision}"}
                return {"services": [{**one, "desiredCount": self.count}]}
        raise AssertionError(operation)


def test_a_release_is_in_the_state_that_a_plan_begins_with() -> None:
    account = Account(2, "abc", 2)
    containers = json.dumps([{"name": "web", "image": "web:abc"}])
    tag = {"value": "abc", "insecure_value": "abc", "version": 2}
    assert observe(STATE, account.ask) == {
        "aws_ssm_parameter": {"/app/image-tag": tag},
        "aws_ecs_task_definition": {
            "app-web": {"arn": f"{TASK}:2", "revision": 2, "container_definitions": containers}
        },
        "aws_ecs_service": {"arn:web": {"task_definition": f"{TASK}:2", "desired_count": 2}},
    }
    names = [each for _, content in account.asked for each in content.get("Names", ())]
    assert "/app/key" not in names, "a secret's value is the vault's"
    assert {"taskDefinition": "app-own"} not in [content for _, content in account.asked]


def test_without_a_release_nothing_is_changed() -> None:
    assert observe(STATE, Account(1, "unreleased", 0).ask) == {}
    assert observe({}, Account(1, "unreleased", 0).ask) == {}
