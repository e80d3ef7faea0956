"""The containers that run, their commands, and the reasons why others do not run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bonkei.analysis.check.program import read_programs
from bonkei.analysis.check.subject import Subject
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import (
    Container,
    ContainerDependency,
    FirelensConfiguration,
    LogConfiguration,
    MountPoint,
    PortMapping,
    Registry,
    ServiceConnect,
    ServiceConnectEndpoint,
)
from bonkei.services.ecs.compose import compose, find_registrations
from bonkei.services.ecs.images.local import local_task, replace_paths

from .conftest import TARGETS, definition, service, web_container

DOCKERFILE = 'FROM python\nWORKDIR /app\nENTRYPOINT ["python"]\nCMD ["main.py"]\n'


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    return tmp_path


@pytest.mark.parametrize(
    ("changes", "command"),
    [
        ({}, ("python", "main.py")),
        ({"command": ("other.py",)}, ("python", "other.py")),
        ({"entry_point": ("sh",)}, ("sh",)),  # a new entry point drops the image's CMD
        ({"entry_point": ("sh",), "command": ("-c", "x")}, ("sh", "-c", "x")),
    ],
)
def test_overrides_follow_docker(directory, changes, command):
    task = definition(Container("web", "web:1", **changes))
    local = local_task(task, {"web": directory}, serving=frozenset())
    assert local.containers[0].command == command


@pytest.mark.parametrize(
    ("family", "keys", "key"),
    [
        ("shop", ["app"], "app"),
        ("shop", ["app", "shop/app"], "shop/app"),
        ("live-shop", ["app", "shop/app"], "shop/app"),
        ("live-shop", ["app", "shop/app", "live-shop/app"], "live-shop/app"),
        ("workshop", ["shop/app"], ""),
        ("shop", ["shop/other", "other"], ""),
        ("shop", ["registry:5000/app"], "registry:5000/app"),
        ("shop", ["registry:5000/app", "app"], "app"),
        ("shop", ["registry:5000/ap", "registry:5000"], ""),
    ],
)
def test_the_containers_of_two_families_may_have_one_name(tmp_path, family, keys, key):
    """A name takes precedence over the repository of the image."""
    task = definition(Container("app", "registry:5000/app:1@sha256:0"), family=family)
    assert task.key_of(task.containers[0], keys) == key
    for one in keys:
        (tmp_path / one.replace("/", "-")).mkdir()
        (tmp_path / one.replace("/", "-") / "Dockerfile").write_text(DOCKERFILE)
    directories = {one: tmp_path / one.replace("/", "-") for one in keys}
    local = local_task(task, directories, serving=frozenset())
    assert [one.directory for one in local.containers] == ([directories[key]] if key else [])
    programs = read_programs(directories, Blueprint(task_definitions=(task,)))
    found = Subject(Blueprint(task_definitions=(task,)), programs).program(task.containers[0])
    assert (found.directory if found else None) == directories.get(key)


@pytest.mark.parametrize(
    ("image", "said", "remedy"),
    [
        ("999999999999.dkr.ecr.eu-west-1.amazonaws.com/team/app:1.2",
         "its image is in the registry of another account, 999999999999",
         '[containers."999999999999.dkr.ecr.eu-west-1.amazonaws.com/team/app"]'),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:1.2",
         "no directory is configured", "[containers.app]"),
        ("team/app", "no directory is configured", "[containers.app]"),
    ],
)  # fmt: skip
def test_a_container_without_a_source_says_which_table_it_needs(image, said, remedy):
    task = local_task(definition(Container("app", image)), {}, serving=frozenset({"app"}))
    assert said in task.refused
    [(_, advice)] = task.remedies
    assert remedy in advice


def test_a_name_of_an_image_without_its_registry_is_not_a_key():
    """Two containers of a task may run one image, and one of them may have the image's name."""
    task = definition(Container("worker", "web:1"))
    assert task.key_of(task.containers[0], ["web", "web:1"]) == ""


def test_the_working_directory_is_below_the_containers_directory(directory):
    task = definition(Container("web", "web:1", working_directory="/app/sub"))
    local = local_task(task, {"web": directory}, serving=frozenset())
    assert local.containers[0].working_directory == directory / "sub"

    elsewhere = definition(Container("web", "web:1", working_directory="/srv"))
    local = local_task(elsewhere, {"web": directory}, serving=frozenset())
    assert "outside the image's WORKDIR /app" in local.refused


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/app", "/here"),
        ("/app/main.py", "/here/main.py"),
        ("--config=/app/c.toml", "--config=/here/c.toml"),
        ("/usr/bin:/app/bin", "/usr/bin:/here/bin"),
        ("cd /app && run '/app/x'", "cd /here && run '/here/x'"),
        ("/application", "/application"),
        ("/srv/app", "/srv/app"),
        ("http://host/app/x", "http://host/app/x"),
    ],
)
def test_only_the_path_itself_is_replaced(text, expected):
    assert replace_paths(text, {"/app": "/here"}) == expected
    assert replace_paths("/usr/bin/env", {"/": "/here"}) == "/usr/bin/env"


def test_of_nested_paths_the_longest_is_replaced_once():
    places = {"/srv": "/app/x", "/srv/app": "/here", "/app": "/wrong"}
    assert replace_paths("/srv/app/a:/srv/b", places) == "/here/a:/app/x/b"


def test_a_container_without_a_command_is_left_out_with_the_reason(tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM nginx\n")
    task = definition(Container("web", "web:1"))
    local = local_task(task, {"web": tmp_path}, serving=frozenset())
    assert "neither" in local.refused
    assert "has a command" in local.refused


def test_target_groups_and_service_connect_become_registrations():
    task = definition(web_container())
    connect = ServiceConnect("internal", (ServiceConnectEndpoint("http", "web", 80),))
    found = find_registrations(service(task, targets=TARGETS, service_connect=connect), task)
    assert found.targets == TARGETS
    assert found.endpoints == (("http", ("web", 8000)),)


def test_a_name_in_cloud_map_demands_no_container():
    """It leads to every port, also to that of an agent which is left out."""
    agent = Container("agent", "agent:1", port_mappings=(PortMapping(8126),))
    task = definition(web_container(), agent)
    found = find_registrations(service(task, registries=(Registry("internal", "web"),)), task)
    assert found.endpoints == (("web:8000", ("web", 8000)), ("agent:8126", ("agent", 8126)))
    assert found.containers == {"web", "agent"}
    assert found.serving == frozenset()


def test_unsupported_settings_are_noted(directory):
    container = Container(
        "web",
        "web:1",
        mount_points=(MountPoint("data", "/data"),),
        port_mappings=(PortMapping(8000), PortMapping(9000)),
    )
    (directory / "pyproject.toml").touch()
    task = definition(container)
    stack = Blueprint(services=(service(task),), task_definitions=(task,))

    def notes(*, is_confined: bool) -> str:
        composition = compose(stack, {"web": directory}, is_confined=is_confined)
        return "\n".join(note.text for note in composition.notes)

    text = notes(is_confined=False)
    for words in (
        "9000 cannot be changed",
        "only requirements.txt is read",
        "volumes are not mounted",
    ):
        assert words in text
    assert "volumes" not in notes(is_confined=True)


def test_a_service_without_its_task_definition_is_reported():
    task = definition(web_container())
    composition = compose(Blueprint(services=(service(task),)), {})
    assert composition.services == ()
    assert composition.notes[0].text.startswith("not run: task definition arn:aws:ecs")


def test_a_deployment_starts_when_the_task_changes(directory):
    def key(task, **changes):
        wanted = Blueprint(services=(service(task, **changes),), task_definitions=(task,))
        return compose(wanted, {"web": directory}).services[0].deployment_key

    task = definition(web_container())
    same = key(task)
    assert key(task, desired=5, minimum_healthy_percent=50) == same
    assert key(replace(task, revision=2)) != same
    assert key(task, targets=TARGETS) != same
    assert key(task, force_new_deployment_token="now") != same


def test_a_deployment_starts_when_bonkei_toml_names_another_directory(directory, tmp_path):
    task = definition(web_container())
    wanted = Blueprint(services=(service(task),), task_definitions=(task,))
    other = tmp_path / "other"
    other.mkdir()
    (other / "Dockerfile").write_text(DOCKERFILE)
    (before,) = compose(wanted, {"web": directory}).services
    (after,) = compose(wanted, {"web": other}).services
    assert before.deployment_key != after.deployment_key
    (directory / "Dockerfile").write_text(f"{DOCKERFILE}\nENV LATER=1\n")
    assert compose(wanted, {"web": directory}).services[0].deployment_key != before.deployment_key


def test_another_python_version_than_the_images_is_noted(directory):
    (directory / "requirements.txt").write_text("flask==3 --hash=sha256:00\n")
    task = definition(web_container())
    wanted = Blueprint(services=(service(task),), task_definitions=(task,))
    for base, noted in (("docker.io/library/python:2.7-slim", True), ("python:latest", False)):
        (directory / "Dockerfile").write_text(DOCKERFILE.replace("python\n", f"{base}\n", 1))
        notes = compose(wanted, {"web": directory}).notes
        assert any("image has Python 2.7" in note.text for note in notes) == noted


def test_a_container_that_logs_through_a_router_depends_on_it(directory):
    """The ECS agent adds the dependency if the definition lacks it."""
    router = Container("log_router", "router", firelens=FirelensConfiguration("fluentbit"))
    told = Container(
        "told", "web", depends_on=(ContainerDependency("log_router", "HEALTHY"),),
        log_configuration=LogConfiguration("awsfirelens"),
    )  # fmt: skip
    untold = replace(told, name="untold", depends_on=())
    other = Container("other", "web", log_configuration=LogConfiguration("awslogs"))
    names = ("log_router", "told", "untold", "other")
    task = local_task(
        definition(router, told, untold, other),
        dict.fromkeys(names, directory),
        serving=frozenset(),
    )
    found = {
        name: [d.condition for d in task.container(name).container.depends_on] for name in names
    }
    assert found == {"log_router": [], "told": ["HEALTHY"], "untold": ["START"], "other": []}
