"""Another team's stack, evaluated by real Terraform through the provider: read, checked, drawn."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bonkei.analysis.check import run
from bonkei.analysis.diagram import draw, render_svg
from bonkei.blueprint import Blueprint, read
from bonkei.blueprint.elbv2 import FixedResponse, Forward, WeightedTarget
from bonkei.definitions.terraform.workspace import Workspace

DEFINITIONS = Path(__file__).parent / "foreign"


@pytest.fixture(scope="module")
def blueprint(tmp_path_factory: pytest.TempPathFactory) -> Blueprint:
    root = tmp_path_factory.mktemp("foreign")
    shutil.copytree(DEFINITIONS, root / "terraform")
    workspace = Workspace(root / "terraform", root / "home")
    workspace.apply()
    return read(workspace.state())


def test_simulated_resources_are_read(blueprint: Blueprint) -> None:
    (balancer,) = blueprint.load_balancers
    (listener,) = balancer.listeners
    (target_group,) = blueprint.target_groups
    assert balancer.idle_timeout == 120
    assert listener.default_action == Forward((WeightedTarget(target_group.arn),))
    assert listener.rules[0].action == FixedResponse(404, "text/plain", "not here")
    assert (target_group.health_check.path, target_group.health_check.matcher) == ("/up", "200,204")
    (service,) = blueprint.services
    (container,) = blueprint.task_definition(service.task_definition_arn).containers
    assert (service.desired_count, service.targets[0].container_port) == (2, 3000)
    assert container.command == ("bin/rails", "server")
    (database,) = blueprint.database_clusters
    assert (database.database_name, database.port) == ("shop", 5432)
    assert f"@{database.endpoint}:5432/" in dict(container.environment)["DATABASE_URL"]
    assert database.master_secret_arn


def test_resources_that_are_not_simulated_are_listed(blueprint: Blueprint) -> None:
    found = {(n.kind, n.category) for n in blueprint.not_simulated}
    assert ("aws_sqs_queue", "missing") not in found
    assert [queue.name for queue in blueprint.queues]
    assert not [kind for kind, _ in found if kind in ("aws_vpc", "aws_security_group")]
    assert not [n for n in blueprint.not_simulated if n.category == "unknown"]


def test_it_is_checked_by_the_same_rules(blueprint: Blueprint) -> None:
    found = {(f.rule, f.address, f.line) for f in run(blueprint, DEFINITIONS)}
    text = (DEFINITIONS / "main.tf").read_text(encoding="utf-8").splitlines()

    def line(beginning: str) -> int:
        return next(i for i, written in enumerate(text, 1) if written.startswith(beginning))

    table = line('resource "aws_route_table" "public"')
    group = line('resource "aws_cloudwatch_log_group" "web"')
    assert ("app-has-no-way-out", "aws_route_table.public", table) in found
    assert ("log-group-has-retention-and-key", "aws_cloudwatch_log_group.web", group) in found
    assert {
        "task-has-no-public-ip",
        "image-is-pinned",
        "keep-alive-is-told",
        "task-reaches-database",  # no rule lets the group in on 5432
    } <= {rule for rule, _, _ in found}
    assert not {"task-reaches-image", "task-reaches-logs"} & {rule for rule, _, _ in found}


def test_it_is_drawn(blueprint: Blueprint) -> None:
    system = draw(blueprint)[0]
    titles = {node.id: node.title for node in system.nodes}
    ways = {(titles[a.source], titles[a.target]) for a in system.arrows}
    assert ways == {("Viewers", "Load balancer"), ("Load balancer", "web"), ("web", "shop")}
    assert "172.20.0.0/16" in render_svg(system)
