"""`ecs` as its API describes it, over an in-memory miniature."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bonkei.aws_service import AwsCall, AwsServiceError, Caller
from bonkei.cloud import ecs
from bonkei.cloud.ecs import EcsDeployment, EcsService, EcsState, EcsTask

CLUSTER = "arn:aws:ecs:eu-west-1:1:cluster/shop"
SERVICE = "arn:aws:ecs:eu-west-1:1:service/shop/web"
WEB = [f"arn:aws:ecs:eu-west-1:1:task-definition/web:{revision}" for revision in (9, 10)]


def task(number: int, status: str = "RUNNING", group: str = "service:web") -> EcsTask:
    name = f"task{number}"
    return EcsTask(
        name, f"arn:aws:ecs:eu-west-1:1:task/shop/{name}", CLUSTER, WEB[1], group, status,
        "HEALTHY", "gone" if status == "STOPPED" else "", 1.5, ("web",),
    )  # fmt: skip


class Double:
    """What runs the tasks, in memory."""

    def __init__(self) -> None:
        self.done: list[tuple[str, ...]] = []

    def describe(self) -> EcsState:
        deployment = EcsDeployment("ecs-svc/1", "PRIMARY", WEB[1], "COMPLETED", "", 2, 2, 0)
        return EcsState(
            (("shop", CLUSTER),),
            (EcsService(SERVICE, "web", CLUSTER, WEB[1], 2, 2, 0, (deployment,)),),
            (task(1), task(2), task(3, "STOPPED"), task(4, group="family:job")),
            {arn: {"taskDefinitionArn": arn} for arn in WEB},
        )

    async def force_new_deployment(self, service_arn: str) -> None:
        self.done.append(("deploy", service_arn))

    def stop_task(self, task_id: str, reason: str) -> None:
        self.done.append(("stop", task_id, reason))


def ask(operation: str, double: Double | None = None, **parameters: Any) -> dict[str, Any]:
    found = double or Double()
    call = AwsCall("ecs", operation, parameters, Caller("", "", ""), "eu-west-1", 0.0)
    return dict(asyncio.run(ecs.service(lambda: found).answer(call)))


def test_lists() -> None:
    assert ask("ListClusters") == {"clusterArns": [CLUSTER]}
    assert ask("ListServices", cluster="shop") == {"serviceArns": [SERVICE]}
    names = [arn.rpartition("/")[2] for arn in ask("ListTasks", cluster=CLUSTER)["taskArns"]]
    assert names == ["task1", "task2", "task4"]
    only = {"cluster": "shop", "serviceName": "web"}
    assert len(ask("ListTasks", **only)["taskArns"]) == 2
    stopped = ask("ListTasks", cluster="shop", desiredStatus="STOPPED")["taskArns"]
    assert [arn.rpartition("/")[2] for arn in stopped] == ["task3"]
    assert ask("ListTaskDefinitions")["taskDefinitionArns"] == sorted(WEB)


def test_descriptions_and_what_is_missing() -> None:
    [cluster] = ask("DescribeClusters", clusters=["shop"])["clusters"]
    assert (cluster["status"], cluster["runningTasksCount"]) == ("ACTIVE", 2)
    answer = ask("DescribeServices", cluster="shop", services=["web", "other"])
    assert [service["serviceName"] for service in answer["services"]] == ["web"]
    assert answer["services"][0]["deployments"][0]["rolloutState"] == "COMPLETED"
    assert answer["failures"] == [{"arn": "other", "reason": "MISSING"}]
    tasks = ask("DescribeTasks", cluster="shop", tasks=["task1", "nobody"])
    assert tasks["tasks"][0]["lastStatus"] == "RUNNING"
    assert tasks["failures"] == [{"arn": "nobody", "reason": "MISSING"}]


@pytest.mark.parametrize(
    ("name", "revision"), [("web", 10), ("web:9", 9), (WEB[0], 9)], ids=["family", "short", "arn"]
)
def test_a_family_means_its_newest_revision(name: str, revision: int) -> None:
    found = ask("DescribeTaskDefinition", taskDefinition=name)["taskDefinition"]
    assert found["taskDefinitionArn"].endswith(f"web:{revision}")


def test_what_can_be_done() -> None:
    double = Double()
    ask("UpdateService", double, cluster="shop", service="web", forceNewDeployment=True)
    ask("StopTask", double, cluster="shop", task="task1", reason="why not")
    assert double.done == [("deploy", SERVICE), ("stop", "task1", "why not")]


@pytest.mark.parametrize(
    ("operation", "parameters", "code"),
    [
        ("ListServices", {}, "ClusterNotFoundException"),
        ("UpdateService", {"cluster": "shop", "service": "x"}, "ServiceNotFoundException"),
        ("UpdateService", {"cluster": "shop", "service": "web", "desiredCount": 5},
         "InvalidParameterException"),
        ("StopTask", {"task": "nobody"}, "InvalidParameterException"),
        ("DescribeTaskDefinition", {"taskDefinition": "other"}, "ClientException"),
    ],
)  # fmt: skip
def test_errors_are_those_of_ecs(operation: str, parameters: dict[str, Any], code: str) -> None:
    with pytest.raises(AwsServiceError) as caught:
        ask(operation, **parameters)
    assert caught.value.code == code


def test_before_the_start_is_over() -> None:
    call = AwsCall("ecs", "ListClusters", {}, Caller("", "", ""), "eu-west-1", 0.0)
    with pytest.raises(AwsServiceError, match="still starting"):
        asyncio.run(ecs.service(lambda: None).answer(call))
