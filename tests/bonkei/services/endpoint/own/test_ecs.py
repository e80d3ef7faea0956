"""`ecs` as its API describes it, over an in-memory miniature."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from bonkei.base.aws_service import Asks, AwsCall, AwsServiceError, Caller, NothingIsAsked
from bonkei.services.ecs.api import service as ecs
from bonkei.services.ecs.api.shells import Shell
from bonkei.services.ecs.api.values import (
    EcsService,
    EcsServiceEvent,
    EcsState,
    EcsTask,
    RunTask,
    ServiceChange,
)
from bonkei.services.ecs.snapshot import ContainerSnapshot, DeploymentSnapshot
from bonkei.services.ecs.task_spec import ContainerOverride

CLUSTER = "arn:aws:ecs:eu-west-1:1:cluster/shop"
OTHER = "arn:aws:ecs:eu-west-1:1:cluster/other"
SERVICE = "arn:aws:ecs:eu-west-1:1:service/shop/web"
WEB = [f"arn:aws:ecs:eu-west-1:1:task-definition/web:{revision}" for revision in (9, 10)]


def task(number: int, status: str = "RUNNING", group: str = "service:web") -> EcsTask:
    name = f"task{number}"
    return EcsTask(
        name, f"arn:aws:ecs:eu-west-1:1:task/shop/{name}", CLUSTER, WEB[1], group, status,
        "HEALTHY", "gone" if status == "STOPPED" else "", 1.5,
        (ContainerSnapshot("web", status, 3 if status == "STOPPED" else None),),
        execute_command=group == "service:web",
    )  # fmt: skip


class Double:
    """A runner of tasks, in memory."""

    def __init__(self) -> None:
        self.done: list[tuple[Any, ...]] = []
        self.definitions: dict[str, dict[str, Any]] = {
            arn: {"taskDefinitionArn": arn, "family": "web"} for arn in WEB
        }

    def register_definition(self, document: Mapping[str, Any], place: str) -> str:
        arn = f"{place}/{document['family']}:11"
        self.definitions[arn] = {**document, "taskDefinitionArn": arn, "revision": 11}
        return arn

    def deregister_definition(self, arn: str) -> None:
        self.definitions[arn]["status"] = "INACTIVE"

    def describe(self) -> EcsState:
        deployment = DeploymentSnapshot(
            "ecs-svc/1", "PRIMARY", WEB[1], "COMPLETED", 2, 0, 3, created_at=1.5
        )
        return EcsState(
            (("shop", CLUSTER),),
            (EcsService(SERVICE, "web", CLUSTER, WEB[1], 2, 2, 0, (deployment,)),),
            (task(1), task(2), task(3, "STOPPED"), task(4, group="family:job")),
            self.definitions,
        )

    def events(self, service: EcsService) -> Sequence[EcsServiceEvent]:
        return [EcsServiceEvent(str(n), 1.5, f"({service.name}) {n}") for n in range(101)]

    def change_service(self, arn: str, change: ServiceChange) -> None:
        self.done.append((arn, change))

    def stop_deployment(self, service: str, deployment: str) -> None:
        self.done.append(("go back", service, deployment))

    def run_task(self, task: RunTask) -> str:
        self.done.append(("run", task))
        return "task1"

    def stop_task(self, task_id: str, reason: str) -> None:
        self.done.append(("stop", task_id, reason))


class Denies(NothingIsAsked):
    """One action of one role, `*` on it."""

    def __init__(self, role: str, action: str) -> None:
        self._denied = (role, action)

    def role(self, *asked: object, **_: object) -> str:
        role, _session, action, resource = asked
        return "it is not authorized" if (role, action, resource) == (*self._denied, "*") else ""


def ask(
    operation: str, double: Double | None = None, asks: Asks | None = None, **parameters: Any
) -> dict[str, Any]:
    found = double or Double()
    call = AwsCall("ecs", operation, parameters, Caller("", "", "1"), "eu-west-1", 0.0)
    return dict(asyncio.run(ecs.service(lambda: found, asks or NothingIsAsked()).answer(call)))


def test_lists() -> None:
    assert ask("ListClusters")["clusterArns"] == [CLUSTER]
    assert ask("ListServices", cluster="shop")["serviceArns"] == [SERVICE]
    names = [arn.rpartition("/")[2] for arn in ask("ListTasks", cluster=CLUSTER)["taskArns"]]
    assert names == ["task1", "task2", "task4"]
    only = {"cluster": "shop", "serviceName": "web"}
    assert len(ask("ListTasks", **only)["taskArns"]) == 2
    stopped = ask("ListTasks", cluster="shop", desiredStatus="STOPPED")["taskArns"]
    assert [arn.rpartition("/")[2] for arn in stopped] == ["task3"]
    assert ask("ListTaskDefinitions")["taskDefinitionArns"] == WEB  # by number, as AWS documents it


@pytest.mark.parametrize("ending", ["DEACTIVATING", "STOPPING", "DEPROVISIONING"])
def test_a_task_that_is_about_to_stop_is_wanted_no_longer(ending: str) -> None:
    class Ending(Double):
        def describe(self) -> EcsState:
            return replace(super().describe(), tasks=(task(1), task(2, ending)))

    double = Ending()
    assert len(ask("ListTasks", double, cluster="shop")["taskArns"]) == 1
    [arn] = ask("ListTasks", double, cluster="shop", desiredStatus="STOPPED")["taskArns"]
    [described] = ask("DescribeTasks", double, cluster="shop", tasks=[arn])["tasks"]
    assert (described["lastStatus"], described["desiredStatus"]) == (ending, "STOPPED")


def test_a_service_has_its_newest_hundred_events() -> None:
    [service] = ask("DescribeServices", cluster="shop", services=["web"])["services"]
    first = {"id": "0", "createdAt": 1.5, "message": "(web) 0"}
    assert (service["events"][0], len(service["events"])) == (first, 100)


def test_descriptions_and_missing_names() -> None:
    [failure] = ask("DescribeClusters")["failures"]
    assert failure == {"arn": "default", "reason": "MISSING"}  # which it stands for, as on AWS
    [cluster] = ask("DescribeClusters", clusters=["shop"])["clusters"]
    assert (cluster["status"], cluster["runningTasksCount"]) == ("ACTIVE", 3)
    answer = ask("DescribeServices", cluster="shop", services=["web", "other"])
    assert [service["serviceName"] for service in answer["services"]] == ["web"]
    [deployment] = answer["services"][0]["deployments"]
    assert deployment["rolloutState"] == "COMPLETED"
    assert (deployment["failedTasks"], deployment["createdAt"]) == (3, 1.5)
    assert deployment["rolloutStateReason"] == "ECS deployment ecs-svc/1 completed."
    assert answer["failures"] == [{"arn": "other", "reason": "MISSING"}]
    tasks = ask("DescribeTasks", cluster="shop", tasks=["task1", "nobody"])
    assert tasks["tasks"][0]["lastStatus"] == "RUNNING"
    assert tasks["failures"] == [{"arn": "nobody", "reason": "MISSING"}]


@pytest.mark.parametrize(
    ("name", "revision"), [("web", 10), ("web:9", 9), (WEB[0], 9)], ids=["family", "short", "arn"]
)
def test_a_family_stands_for_its_newest_revision(name: str, revision: int) -> None:
    found = ask("DescribeTaskDefinition", taskDefinition=name)["taskDefinition"]
    assert found["taskDefinitionArn"].endswith(f"web:{revision}")


def test_changes_of_services_and_tasks() -> None:
    double = Double()
    web = {"cluster": "shop", "service": "web"}
    ask("UpdateService", double, **web, forceNewDeployment=True)
    ask("UpdateService", double, **web, desiredCount=5, taskDefinition="web:9")
    ask("StopTask", double, cluster="shop", task="task1", reason="why not")
    ask("StopTask", double, cluster="shop", task="task3")  # it has already stopped
    assert double.done == [
        (SERVICE, ServiceChange(force_new_deployment=True)),
        (SERVICE, ServiceChange(desired_count=5, definition_arn=WEB[0])),
        ("stop", "task1", "why not"),
    ]


NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}


def test_running_a_task() -> None:
    double = Double()
    override = {"name": "web", "command": ["migrate"],
                "environment": [{"name": "A", "value": "b"}]}  # fmt: skip
    answer = ask(
        "RunTask", double, cluster="shop", taskDefinition="web", count=2, startedBy="me",
        launchType="FARGATE", networkConfiguration=NETWORK,
        overrides={"containerOverrides": [override], "taskRoleArn": "role"},
    )  # fmt: skip
    assert [task["taskArn"].rpartition("/")[2] for task in answer["tasks"]] == ["task1", "task1"]
    wanted = RunTask(WEB[1], (ContainerOverride("web", ("migrate",), (("A", "b"),)),), "me", "role",
                     network=(("subnet-1",), (), False), cluster_arn=CLUSTER)  # fmt: skip
    assert double.done == [("run", wanted)] * 2


def test_a_task_of_a_rule_has_its_group_and_tags() -> None:
    double = Double()
    double.definitions[WEB[1]]["tags"] = [{"key": "team", "value": "a"}]
    double.definitions[WEB[1]]["tags"] += [{"key": "of", "value": "web"}]
    ask(
        "RunTask", double, cluster="shop", taskDefinition="web", networkConfiguration=NETWORK,
        group="nightly", tags=[{"key": "team", "value": "b"}], propagateTags="TASK_DEFINITION",
        overrides={"ephemeralStorage": {"sizeInGiB": 30}, "cpu": "512"},
    )  # fmt: skip
    [(_, wanted)] = double.done
    assert (wanted.group, dict(wanted.tags)) == ("nightly", {"team": "b", "of": "web"})


def test_how_a_task_ended() -> None:
    [task] = ask("DescribeTasks", cluster="shop", tasks=["task3"])["tasks"]
    assert (task["stoppedReason"], task["containers"][0]["exitCode"]) == ("gone", 3)


def test_pages() -> None:
    first = ask("ListTasks", cluster="shop", maxResults=2)
    second = ask("ListTasks", cluster="shop", maxResults=2, nextToken=first["nextToken"])
    assert (len(first["taskArns"]), len(second["taskArns"]), second["nextToken"]) == (2, 1, None)
    with pytest.raises(AwsServiceError, match="token"):
        ask("ListTasks", cluster="shop", nextToken="99")
    assert ask("ListTaskDefinitionFamilies")["families"] == ["web"]


@pytest.mark.parametrize(
    ("operation", "parameters", "code"),
    [
        ("ListServices", {}, "ClusterNotFoundException"),
        ("UpdateService", {"cluster": "shop", "service": "x"}, "ServiceNotFoundException"),
        ("UpdateService", {"cluster": "shop", "service": "web", "platformVersion": "1.4.0"},
         "InvalidParameterException"),
        ("UpdateService", {"cluster": "shop", "service": "web", "taskDefinition": "web:8"},
         "ClientException"),
        ("RunTask", {"cluster": "shop", "taskDefinition": "web"}, "InvalidParameterException"),
        ("RunTask", {"cluster": "shop", "taskDefinition": "web", "launchType": "EC2"},
         "InvalidParameterException"),
        ("RunTask", {"cluster": "shop", "taskDefinition": "none",
                     "networkConfiguration": NETWORK}, "ClientException"),
        ("RunTask", {"cluster": "shop", "taskDefinition": "web", "networkConfiguration": NETWORK,
                     "overrides": {"inferenceAcceleratorOverrides": []}},
         "InvalidParameterException"),
        ("DescribeServices", {"cluster": "shop", "services": []}, "InvalidParameterException"),
        ("StopTask", {"cluster": "shop", "task": "nobody"}, "InvalidParameterException"),
        ("StopServiceDeployment", {"serviceDeploymentArn": "x"},
         "ServiceDeploymentNotFoundException"),
        ("DescribeServiceRevisions", {"serviceRevisionArns": []}, "InvalidParameterException"),
        ("ListServiceDeployments", {"cluster": "shop", "service": "x"},
         "ServiceNotFoundException"),
        ("DescribeTaskDefinition", {"taskDefinition": "other"}, "ClientException"),
    ],
)  # fmt: skip
def test_errors_have_ecss_codes(operation: str, parameters: dict[str, Any], code: str) -> None:
    with pytest.raises(AwsServiceError) as caught:
        ask(operation, **parameters)
    assert caught.value.code == code


def test_calls_before_the_start_has_ended() -> None:
    call = AwsCall("ecs", "ListClusters", {}, Caller("", "", "1"), "eu-west-1", 0.0)
    with pytest.raises(AwsServiceError, match="still starting"):
        asyncio.run(ecs.service(lambda: None).answer(call))


def test_a_revision_is_registered_and_deregistered() -> None:
    double = Double()
    document = {"family": "web", "containerDefinitions": [{"name": "web", "image": "web:2"}]}
    answer = ask("RegisterTaskDefinition", double, **document, tags=[{"key": "a", "value": "b"}])
    assert answer["taskDefinition"]["revision"] == 11
    assert answer["tags"] == [{"key": "a", "value": "b"}]
    described = ask("DescribeTaskDefinition", double, taskDefinition="web")
    assert (described["taskDefinition"]["revision"], "tags" in described) == (11, False)
    ask("DeregisterTaskDefinition", double, taskDefinition="web:11")
    newest = ask("DescribeTaskDefinition", double, taskDefinition="web")["taskDefinition"]
    assert newest["taskDefinitionArn"] == WEB[1]
    inactive = ask("ListTaskDefinitions", double, status="INACTIVE")["taskDefinitionArns"]
    assert [arn.rpartition("/")[2] for arn in inactive] == ["web:11"]
    with pytest.raises(AwsServiceError, match="inactive"):
        ask("UpdateService", double, cluster="shop", service="web", taskDefinition="web:11")


class TwoClusters(Double):
    def describe(self) -> EcsState:
        found = super().describe()
        return replace(found, clusters=(*found.clusters, ("other", OTHER)))


def test_a_task_is_found_in_its_own_cluster_only() -> None:
    """The permission was asked for a task of the named cluster."""
    double = TwoClusters()
    for operation in ("StopTask", "ExecuteCommand"):
        with pytest.raises(AwsServiceError, match="task was not found"):
            ask(operation, double, **{**SHELL, "cluster": "other"})
    described = ask("DescribeTasks", double, cluster="other", tasks=["task1"])
    assert (described["tasks"], len(described["failures"])) == ([], 1)
    assert double.done == []


def test_a_family_without_a_revision_is_not_deregistered() -> None:
    with pytest.raises(AwsServiceError, match="Invalid revision number"):
        ask("DeregisterTaskDefinition", taskDefinition="web")


SHELL = {"cluster": "shop", "task": "task1", "interactive": True, "command": "sh -c 'a b'"}


@pytest.mark.parametrize("name", ["task1", "arn:aws:ecs:eu-west-1:1:task/shop/task1"])
def test_a_command_beside_a_task_runs_in_a_session(name: str) -> None:
    answer = ask("ExecuteCommand", **{**SHELL, "task": name})
    assert (answer["containerName"], answer["taskArn"][-5:]) == ("web", "task1")
    session = answer["session"]
    assert Shell.read(session["tokenValue"]) == Shell("task1", "web", ("sh", "-c", "a b"))
    assert not session["streamUrl"].startswith("ws")  # AWS's own plugin says what is wrong
    (container,) = ask("DescribeTasks", cluster="shop", tasks=["task1"])["tasks"][0]["containers"]
    assert container["containerArn"] == answer["containerArn"]
    assert container["runtimeId"].startswith("task1-")  # `aws` puts it into the session's target


def test_a_shell_needs_the_permissions_of_the_tasks_role() -> None:
    double = Double()
    double.definitions[WEB[1]]["taskRoleArn"] = "arn:role"
    open_ = "ssmmessages:OpenDataChannel"
    with pytest.raises(AwsServiceError, match=r"internal error.*not authorized") as caught:
        ask("ExecuteCommand", double, Denies("arn:role", open_), **SHELL)
    assert caught.value.code == "TargetNotConnectedException"
    assert ask("ExecuteCommand", double, Denies("arn:other", open_), **SHELL)["session"]


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        ({"task": "nobody"}, "InvalidParameterException", "task was not found"),
        ({"task": "task4"}, "InvalidParameterException", "was not enabled"),
        ({"task": "task3"}, "TargetNotConnectedException", "does not run"),
        ({"interactive": False}, "InvalidParameterException", "Interactive is the only mode"),
        ({"container": "db"}, "InvalidParameterException", "no container db"),
        ({"command": "echo 'a"}, "InvalidParameterException", "No closing quotation"),
        ({"command": " "}, "InvalidParameterException", "must not be blank"),
        ({"cluster": "other"}, "ClusterNotFoundException", "Cluster not found"),
    ],
)
def test_a_command_that_cannot_run_is_refused(asked: dict[str, Any], code: str, said: str) -> None:
    with pytest.raises(AwsServiceError, match=said) as caught:
        ask("ExecuteCommand", **{**SHELL, **asked})
    assert caught.value.code == code


class Deploying(Double):
    """Its service has these deployments."""

    def __init__(self, *states: str) -> None:
        super().__init__()
        self._states = states

    def describe(self) -> EcsState:
        state = super().describe()
        deployments = tuple(
            DeploymentSnapshot(f"ecs-svc/{n}", "ACTIVE" if n else "PRIMARY", WEB[1], each, 2, 0, 0)
            for n, each in enumerate(self._states)
        )
        return replace(state, services=(replace(state.services[0], deployments=deployments),))


@pytest.mark.parametrize(
    ("states", "statuses"),
    [
        (("COMPLETED",), ["SUCCESSFUL"]),
        (("IN_PROGRESS", "COMPLETED"), ["IN_PROGRESS", "SUCCESSFUL"]),
        (("IN_PROGRESS", "FAILED"), ["SUCCESSFUL", "ROLLBACK_IN_PROGRESS"]),
        (("COMPLETED", "FAILED"), ["SUCCESSFUL", "ROLLBACK_SUCCESSFUL"]),
        (("FAILED",), ["STOPPED"]),
    ],
)
def test_statuses_of_deployments(states: tuple[str, ...], statuses: list[str]) -> None:
    double, of_web = Deploying(*states), {"cluster": "shop", "service": "web"}
    listed = ask("ListServiceDeployments", double, **of_web)["serviceDeployments"]
    assert [each["status"] for each in listed] == statuses
    only = ask("ListServiceDeployments", double, **of_web, status=statuses[-1:])
    assert only["serviceDeployments"] == listed[-1:]
    arn = listed[0]["serviceDeploymentArn"]
    assert arn == "arn:aws:ecs:eu-west-1:1:service-deployment/shop/web/0"
    whole = ask("DescribeServiceDeployments", double, serviceDeploymentArns=[arn, "x"])
    assert [each["status"] for each in whole["serviceDeployments"]] == statuses[:1]
    assert whole["failures"] == [{"arn": "x", "reason": "MISSING"}]
    if statuses[0] == "IN_PROGRESS":
        ask("StopServiceDeployment", double, serviceDeploymentArn=arn)
        assert double.done == [("go back", SERVICE, "ecs-svc/0")]
    else:
        with pytest.raises(AwsServiceError) as refused:
            ask("StopServiceDeployment", double, serviceDeploymentArn=arn)
        assert refused.value.code == "ConflictException"


@pytest.mark.parametrize(
    ("ages", "current"),
    [
        ({"IN_PROGRESS": 1.0, "FAILED": 2.0}, 1),  # a rollback: it belongs to the one that failed
        ({"IN_PROGRESS": 3.0, "FAILED": 2.0}, 0),  # the next one, while the failed one is listed
    ],
)
def test_the_current_deployment_of_a_service_is_the_youngest(
    ages: dict[str, float], current: int
) -> None:
    class Aged(Deploying):
        def describe(self) -> EcsState:
            state = super().describe()
            service = state.services[0]
            aged = (
                replace(each, created_at=ages[each.rollout_state]) for each in service.deployments
            )
            return replace(state, services=(replace(service, deployments=tuple(aged)),))

    [found] = ask("DescribeServices", Aged(*ages), cluster="shop", services=["web"])["services"]
    assert found["currentServiceDeployment"].endswith(f":service-deployment/shop/web/{current}")
