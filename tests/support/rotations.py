"""What each rotation of docs/operations/rotating.md has to show on a running miniature.

Anyone who uses the new value gets in, and anyone who uses the old one does not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import over_http
import psycopg
from miniatures import ANSWER, PATIENCE, Project, eventually

from tests.program.frontend.admin_browser import forms_of

_HEADER = "X-Origin-Verify"  # the default of `origin_header.name`


def sent_header(project: Project) -> str:
    """The value by which CloudFront proves a request's origin, from the applied state."""
    folder = project.home / "terraform"
    states = [folder / "terraform.tfstate", *folder.glob("applied-elsewhere/*.json")]
    (value,) = {
        header["value"]
        for state in states
        for found in _distributions(json.loads(state.read_text()))
        for origin in found["origin"]
        for header in origin["custom_header"]
        if header["name"] == _HEADER
    }
    return str(value)


def _distributions(part: Any) -> Iterator[Mapping[str, Any]]:
    """In a state, and in what `terraform show -json` makes of one."""
    if isinstance(part, dict):
        if part.get("type") == "aws_cloudfront_distribution":
            yield from (each["attributes"] for each in part.get("instances", ()))
            yield from (part["values"] for _ in range("values" in part))
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from _distributions(each)


def status_with_header(project: Project, value: str) -> int:
    """Of the load balancer, past CloudFront: 403 where the web ACL does not accept the value."""
    headers = {_HEADER: value}
    return over_http.get(project.load_balancer, headers=headers, timeout=ANSWER).status_code


def database_environment(project: Project, task: str = "backend") -> dict[str, str]:
    """How a task signs in at the database."""
    said = project.bonkei("env", task, "--secrets", "--json")
    assert said.returncode == 0, said.stderr
    environment = json.loads(said.stdout)["environment"]
    return {name: value for name, value in environment.items() if name.startswith("DATABASE_")}


def connects(environment: Mapping[str, str], user: str = "DATABASE") -> bool:
    """Whether the database accepts this user and password: `DATABASE` or `DATABASE_MASTER`."""
    dsn = {
        "host": environment["DATABASE_HOST"], "port": environment["DATABASE_PORT"],
        "dbname": environment["DATABASE_NAME"], "user": environment[f"{user}_USERNAME"],
        "password": environment[f"{user}_PASSWORD"],
    }  # fmt: skip
    try:
        psycopg.connect(**dsn, connect_timeout=int(ANSWER)).close()
    except psycopg.OperationalError as error:
        if not re.search("authentication failed|not permitted to log in", str(error)):
            raise
        return False
    return True


class Visit:
    """A browser of an administrator at the site, which keeps its cookies."""

    def __init__(self, project: Project, password: str) -> None:
        self._client = httpx.Client(
            base_url=project.site, timeout=ANSWER, follow_redirects=True,
            headers={"Sec-Fetch-Site": "same-origin", "Origin": project.site},
        )  # fmt: skip
        (form,) = (form for form in forms_of(self._get("/admin/sign-in")) if "password" in form[1])
        action, data = form
        self._client.post(action, data={**data, "username": "admin", "password": password})

    def is_signed_in(self) -> bool:
        """Otherwise the area leads to its form."""
        return "/admin/sign-in" not in str(self._client.get("/admin").url)

    def _get(self, path: str) -> str:
        return self._client.get(path).raise_for_status().text

    def close(self) -> None:
        self._client.close()


def eventually_signed_in(project: Project, password: str) -> None:
    """ "Until all tasks are replaced, a sign-in may be lost again." """

    def is_it() -> bool:
        visit = Visit(project, password)
        try:
            return all(visit.is_signed_in() for _ in range(4))
        finally:
            visit.close()

    eventually(is_it, "a new sign-in holds", PATIENCE)
