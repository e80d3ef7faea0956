"""Moto's tests that also pass on AWS, its `aws_verified` ones (https://github.com/getmoto/moto)."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

from suites import pytests
from suites.checkouts import needed, own_python
from suites.counts import Case
from suites.miniature import running

FOLDER = "moto"
NEEDS = "a clone of getmoto/moto, with its requirements-tests.txt and itself in .venv"
_SERVICES = (
    "cloudformation", "cloudwatch", "dynamodb", "ecr", "ecs", "elbv2", "events", "kms", "logs",
    "rds", "s3", "scheduler", "secretsmanager", "sns", "sqs", "ssm", "sts",
)  # fmt: skip


def run(checkout: Path, quick: bool, say: Callable[[str], None]) -> list[Case]:
    """The services that the miniature has."""
    python = own_python(checkout, "pip install -e '.[all]' -r requirements-tests.txt")
    tests = needed(checkout / "tests", "its tests")
    services = [name for name in _SERVICES if not quick or name != "s3"]
    names = [
        f"{path.relative_to(checkout)}::{name}"
        for service in services
        for path in sorted((tests / f"test_{service}").rglob("test_*.py"))
        for name in verified(path.read_text())
    ]
    with running() as aws:
        environment = {
            **aws, "MOTO_TEST_ALLOW_AWS_REQUEST": "true", "PYTHONPATH": str(checkout),
        }  # fmt: skip
        return pytests.run(pytests.Tests(python, checkout, names, environment, service, 60), say)


def verified(source: str) -> Iterator[str]:
    """The names of the tests with a decorator that says so."""
    for node in ast.parse(source).body:
        within = node.body if isinstance(node, ast.ClassDef) else [node]
        above = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        for test in within:
            if isinstance(test, ast.FunctionDef) and any(
                "aws_verified" in ast.unparse(each) for each in test.decorator_list
            ):
                yield above + test.name


def service(test: str) -> str:
    return test.split("/")[1].removeprefix("test_")
