"""Small whole stacks, each for one obstacle that stacks of others have had."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import httpx
import over_http
import pytest
from foreground import running
from miniatures import ANSWER, Project, eventually, removed

from bonkei.base.processes.roots import why_not_confined
from tests.bonkei.cli.projects import run

STACKS = Path(__file__).parents[1] / "stacks"
UNCONFINED = why_not_confined(Path("/tmp/roots"))  # noqa: S108
EVERY = sorted(each.parent.name for each in STACKS.glob("*/bonkei.toml"))


@pytest.fixture
def stack(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    copied: Path = shutil.copytree(STACKS / request.param, tmp_path / "stack")
    return copied


@pytest.mark.usefixtures("forked_providers")
@pytest.mark.parametrize("stack", EVERY, indirect=True)
def test_it_is_planned_and_checked(stack: Path) -> None:
    planned = run(stack, "plan", "--json")
    assert planned.exit_code == 0, planned.output + str(planned.exception)
    assert json.loads(planned.stdout)["changes"]
    checked = run(stack, "check")
    assert checked.exit_code == 0, checked.output + str(checked.exception)


@pytest.mark.usefixtures("forked_providers")
@pytest.mark.parametrize("stack", ["looked-up", "shared-network"], indirect=True)
def test_its_look_ups_are_described_by_a_command(stack: Path) -> None:
    """With nothing but the definitions."""
    settings = stack / "bonkei.toml"
    settings.write_text('definitions = "."\n')
    written = run(stack, "existing", "--write")
    assert written.exit_code == 0, written.output
    assert "[[existing]]" in settings.read_text()
    planned = run(stack, "plan")
    assert planned.exit_code == 0, planned.output + str(planned.exception)


@pytest.mark.skipif(not shutil.which("valkey-server"), reason="Valkey is not installed")
@pytest.mark.parametrize("stack", ["cache"], indirect=True)
def test_its_cache_counts(stack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the token, over the way that the security groups open, and without TLS. At one address,
    where it may not have its own port."""
    monkeypatch.setenv("BONKEI_ADDRESSES", "one")
    project = Project(stack, tmp_path / "home")
    with removed(project), running(project):
        first, second = (
            over_http.get(f"{project.load_balancer}/", timeout=ANSWER).text for _ in range(2)
        )
        [cache] = project.status()["caches"]
        ran = project.bonkei("exec", "web", "--", "env").stdout
        explained = project.bonkei("explain", project.load_balancer).stdout
        before = project.status()["tasks"]["tasks"][0]["id"]
        killed = project.bonkei("fault", "start", "kill", "web").returncode
        eventually(
            lambda: (
                (found := project.status())["ready"] and before not in str(found["tasks"]["tasks"])
            ),
            "another task serves",
        )
    assert ("redis://" in ran, "answers" in explained, killed) == (True, True, 0)
    assert (cache["identifier"], cache["status"]) == ("sessions", "available")
    assert first.startswith("redis :")
    assert int(second.partition(":")[2]) > int(first.partition(":")[2])


@pytest.mark.parametrize("stack", ["site"], indirect=True)
def test_its_distributions_serve_buckets(stack: Path, tmp_path: Path) -> None:
    """As far as a policy lets them, beside a load balancer with the port that follows."""
    project = Project(stack, tmp_path / "home")
    with removed(project), running(project):
        listeners = project.status()["edge"]["listeners"]
        [site] = [each["url"] for each in listeners if "example-site" in each["address"]]
        [closed] = [each["url"] for each in listeners if "example-assets" in each["address"]]
        page = (stack / "pages/index.html").read_text()
        for path in ("/", "/index.html", "/nothing/here"):  # that one by the custom error page
            answer = over_http.get(site + path, timeout=ANSWER)
            assert (answer.status_code, answer.text) == (200, page)
            assert answer.headers["content-type"] == "text/html"
        part = over_http.get(f"{site}/index.html", headers={"Range": "bytes=0-3"}, timeout=ANSWER)
        assert (part.status_code, part.text) == (206, page[:4])
        seen = {"If-None-Match": answer.headers["etag"]}
        assert over_http.get(f"{site}/index.html", headers=seen, timeout=ANSWER).status_code == 304
        assert httpx.head(f"{site}/index.html", timeout=ANSWER).headers["server"] == "AmazonS3"
        refused = over_http.get(closed, timeout=ANSWER)
        assert (refused.status_code, "AccessDenied" in refused.text) == (403, True)
        assert over_http.get(project.load_balancer, timeout=ANSWER).text == "balanced"
        said = project.bonkei("explain", site).stdout
        assert "the bucket example-site answers" in said


@pytest.mark.parametrize("stack", ["cloud-map"], indirect=True)
def test_its_tasks_are_discovered(
    stack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a name in DNS, in a variable and in a command, and by asking, also in a namespace without
    DNS."""
    monkeypatch.setenv("AWS_DISABLE_HOST_PREFIX_INJECTION", "true")
    project = Project(stack, tmp_path / "home")

    def discovered(namespace: str, name: str, **more: Any) -> list[Any]:
        client = project.client("servicediscovery")
        answer = client.discover_instances(NamespaceName=namespace, ServiceName=name, **more)
        return list(answer["Instances"])

    with removed(project), running(project):
        told = over_http.get(f"{project.load_balancer}/", timeout=ANSWER).text.split()
        assert told[::2] == ["web", "api"]
        first, second = discovered("shop.internal", "api")
        assert first["InstanceId"] != second["InstanceId"]
        host = first["Attributes"]["AWS_INSTANCE_IPV4"]
        assert "AWS_INSTANCE_PORT" not in first["Attributes"]
        served = {over_http.get(f"http://{host}:8000/", timeout=ANSWER).text for _ in range(8)}
        assert len(served) == 2
        [web] = discovered("shop", "web", QueryParameters={"ECS_SERVICE_NAME": "web"})
        place = "http://{AWS_INSTANCE_IPV4}:{AWS_INSTANCE_PORT}/".format(**web["Attributes"])
        assert over_http.get(place, timeout=ANSWER).text.split()[::2] == ["web", "api"]
        assert discovered("shop", "web", HealthStatus="UNHEALTHY") == []
        errors = project.client("servicediscovery").exceptions
        with pytest.raises(errors.ServiceNotFound):
            discovered("shop", "api")
        with pytest.raises(errors.NamespaceNotFound):
            discovered("other", "api")


@pytest.mark.skipif(bool(UNCONFINED), reason=UNCONFINED)
@pytest.mark.parametrize("stack", ["shared-files"], indirect=True)
def test_its_tasks_share_files(stack: Path, tmp_path: Path) -> None:
    """By the access point of one volume, which another one shows whole and read-only, also after a
    restart. They know themselves, and a secret that a person has given."""
    project = Project(stack, tmp_path / "home")

    def visit() -> dict[str, Any]:
        said: dict[str, Any] = over_http.get(f"{project.load_balancer}/", timeout=ANSWER).json()
        assert (said["family"], said["same"], said["key"]) == ("web", True, "opened")
        assert said["refused"] == "Read-only file system"
        assert said["memory"] > 1_000_000
        return said

    with removed(project):
        with running(project):
            eventually(lambda: len({*visit()["visits"]}) == 2, "visits of two tasks")
            before = visit()["visits"]
            kinds = {each["kind"] for each in project.status()["not_simulated"]}
            assert "aws_efs_mount_target" in kinds
            assert "aws_efs_file_system" not in kinds
        with running(project):
            assert visit()["visits"][: len(before)] == before
    assert not (tmp_path / "home" / "file-systems").exists()


@pytest.mark.parametrize("stack", ["two-roots"], indirect=True)
def test_its_page_is_served(stack: Path, tmp_path: Path) -> None:
    """By two tasks, which have one port that is fixed in their code."""
    project = Project(stack, tmp_path / "home")
    heard: set[str] = set()

    def heard_both() -> bool:
        heard.add(over_http.get(f"{project.load_balancer}/", timeout=ANSWER).text)
        return sum(text.startswith("hello ") for text in heard) == 2

    with removed(project), running(project):
        eventually(heard_both, "answers of two tasks")


@pytest.mark.parametrize("stack", ["folder"], indirect=True)
def test_its_program_runs_from_its_folder(stack: Path, tmp_path: Path) -> None:
    """Built once, also for a second start, and again for the next tasks after a change."""
    project = Project(stack, tmp_path / "home")
    page = stack / "web/dist/page"

    def builds() -> int:
        return (stack / "web/dist/builds").read_text().count("once")

    def text() -> str:
        return over_http.get(f"{project.load_balancer}/", timeout=ANSWER).text

    with removed(project):
        with running(project):
            assert (text(), builds()) == (f"hello {page.read_text()}", 1)
        with running(project):
            assert (text(), builds()) == (f"hello {page.read_text()}", 1)
            (stack / "web/build.sh").write_text("echo no such package >&2; exit 3")
            refused = project.bonkei("restart", "web")
            assert "no such package" in refused.stderr
            assert text().startswith("hello ")
            (stack / "web/build.sh").write_text("echo again > dist/page; echo once >> dist/builds")
            assert project.bonkei("restart", "web").returncode == 0
            assert (text(), builds()) == ("hello again\n", 2)


@pytest.mark.parametrize("stack", ["blue-green"], indirect=True)
def test_its_deployment_shifts_the_requests(stack: Path, tmp_path: Path) -> None:
    """By halves, while visitors come, as soon as its hook agrees. None of them sees an error, and
    the old task ends last."""
    project = Project(stack, tmp_path / "home")

    def visit() -> str:
        answer = over_http.get(f"{project.load_balancer}/", timeout=ANSWER)
        assert answer.status_code == 200, answer.text
        return answer.text

    def deployments() -> list[str]:
        [service] = project.status()["tasks"]["services"]
        return [each["traffic"] for each in service["deployments"]]

    with removed(project), running(project):
        old = visit()
        project.client("ecs").update_service(cluster="main", service="web", forceNewDeployment=True)
        shared = eventually(
            lambda: {visit() for _ in range(20)} if "50 %" in str(deployments()) else None,
            "the requests are shared",
        )
        assert old in shared
        assert len(shared) == 2
        records = project.client("logs").filter_log_events(logGroupName="/aws/lambda/hook")
        said = [each["message"].strip() for each in records["events"]]
        assert [each for each in said if "asked" in each] == [
            "POST_SCALE_UP: asked 1", "POST_SCALE_UP: asked 2",
        ]  # fmt: skip
        ecs = project.client("ecs")
        of_web = {"cluster": "main", "service": "web"}
        [begun] = ecs.list_service_deployments(**of_web, status=["IN_PROGRESS"])[
            "serviceDeployments"
        ]
        named = {"serviceDeploymentArns": [begun["serviceDeploymentArn"]]}
        [shown] = ecs.describe_service_deployments(**named)["serviceDeployments"]
        assert shown["lifecycleStage"] == "PRODUCTION_TRAFFIC_SHIFT"
        assert shown["deploymentConfiguration"]["strategy"] == "LINEAR"
        revisions = [shown["targetServiceRevision"], *shown["sourceServiceRevisions"]]
        assert [each["requestedProductionTrafficWeight"] for each in revisions] == [50, 50]
        arns = [each["arn"] for each in revisions]
        found = ecs.describe_service_revisions(serviceRevisionArns=arns)["serviceRevisions"]
        assert [each["serviceRevisionArn"] for each in found] == arns
        assert found[0]["containerImages"] == [{"containerName": "web", "image": "example/web:1"}]
        eventually(lambda: visit() != old and deployments() == [""], "the old task has ended")
        assert {visit() for _ in range(20)} == shared - {old}
        elb = project.client("elbv2")
        [balancer] = elb.describe_load_balancers()["LoadBalancers"]
        arn = balancer["LoadBalancerArn"]
        [listener] = elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]
        rule, _ = elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
        groups = rule["Actions"][0]["ForwardConfig"]["TargetGroups"]
        assert {each["TargetGroupArn"].split("/")[1]: each["Weight"] for each in groups} == {
            "blue": 0, "green": 100,
        }  # fmt: skip
        [ended] = ecs.list_service_deployments(**of_web)["serviceDeployments"]
        assert (ended["status"], ended["serviceDeploymentArn"]) == (
            "SUCCESSFUL", begun["serviceDeploymentArn"],
        )  # fmt: skip
        with pytest.raises(ecs.exceptions.ConflictException):
            ecs.stop_service_deployment(serviceDeploymentArn=ended["serviceDeploymentArn"])
        kept = visit()
        ecs.update_service(cluster="main", service="web", forceNewDeployment=True)
        eventually(lambda: "50 %" in str(deployments()), "another one shares the requests")
        [stopped, _] = ecs.list_service_deployments(**of_web)["serviceDeployments"]
        arn = stopped["serviceDeploymentArn"]
        ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")

        def gone_back() -> str:
            [first, *_] = ecs.describe_service_deployments(serviceDeploymentArns=[arn])[
                "serviceDeployments"
            ]
            return str(first["status"] == "ROLLBACK_SUCCESSFUL" and first["statusReason"]) or ""

        assert "StopServiceDeployment" in eventually(gone_back, "it has gone back")
        assert {visit() for _ in range(20)} == {kept}
