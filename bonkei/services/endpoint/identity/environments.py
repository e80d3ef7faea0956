"""The environment variables that give a client the endpoint's address and its identity there."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from bonkei.blueprint.iam import Role
from bonkei.services.endpoint.errors import CloudError
from bonkei.services.endpoint.identity import identity_center
from bonkei.services.endpoint.identity.container_credentials import task_environment
from bonkei.services.endpoint.identity.credentials import PERSON, USER_NAME, Credentials, Issuer
from bonkei.services.endpoint.identity.role_names import role_meant

_FUNCTION_SECONDS = 12 * 3_600.0
"""Longer than an execution environment lives, because its variables never change."""
_PERSON_SECONDS = 3_600.0


class CallerEnvironments:
    """The `CallerEnvironments` of `bonkei/base/aws_service.py`, and those of tasks and people.

    `url` and `region`: the endpoint's at the time of the call; `roles`: the declared ones."""

    def __init__(
        self,
        issuer: Issuer,
        url: Callable[[], str],
        region: Callable[[], str],
        roles: Callable[[], Sequence[Role]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._issuer = issuer
        self._url = url
        self._region = region
        self._roles = roles
        self._clock = clock

    def task(self, role_arn: str, task_id: str, source: str = "") -> dict[str, str]:
        """As in ECS: an address that provides the role's credentials. Without a role, there is no
        identity. The task's definition has its region. `source`: as in `Caller`."""
        environment = {**self._address(), "AWS_EC2_METADATA_DISABLED": "true"}
        if role_arn:
            environment |= task_environment(self._issuer, self._url(), role_arn, task_id, source)
        return environment

    def function(self, role_arn: str, name: str) -> dict[str, str]:
        """As in Lambda: the credentials themselves. The session has the function's name."""
        now = self._clock()
        made = self._issuer.assume(
            role_arn, name, now=now, seconds=_FUNCTION_SECONDS, source=f"function {name}"
        )
        return {**self._place(), **_keys(made), "AWS_EC2_METADATA_DISABLED": "true"}

    def build(self, role_arn: str, build_id: str) -> dict[str, str]:
        """As in CodeBuild: an address, as for a task. `build_id`: `project:UUID`. The session is
        `AWSCodeBuild-UUID`, as in CloudTrail and in denials."""
        project, _, number = build_id.rpartition(":")
        session, source = f"AWSCodeBuild-{number}", f"project {project}"
        return {**self._place(), **self.task(role_arn, session, source)}

    def person(self, role: str = "", user: str = "") -> dict[str, str]:
        """The environment of the user at this machine, of a role as `role_meant` finds it, or of
        another IAM user. With both, the user's name is that of the role's session. CloudError."""
        made, now = self._issuer.person(), self._clock()
        if user and not USER_NAME.fullmatch(user):
            raise CloudError(
                f"{user!r} is not the name of an IAM user",
                remedy="write 1 to 64 letters, digits and characters of _+=,.@-",
            )
        if role:
            made = self._issuer.assume(
                self._find(role), user or PERSON, now=now, seconds=_PERSON_SECONDS
            )
        elif user not in ("", PERSON):
            made = self._issuer.user(user, now=now, seconds=_PERSON_SECONDS)
        return {**self._place(), **_keys(made)}

    def _find(self, role: str) -> str:
        """The ARN. Identity Center makes its roles itself: they are in no definitions."""
        if identity_center.ROLE.fullmatch(role):
            return identity_center.arn_of(role, self._issuer.account)
        return role_meant(role, [each.arn for each in self._roles()])

    def _place(self) -> Mapping[str, str]:
        region = self._region()
        return {**self._address(), "AWS_REGION": region, "AWS_DEFAULT_REGION": region}

    def _address(self) -> Mapping[str, str]:
        """All services have one host. Live Tail's prefix `stream-` would make it a different
        host."""
        return {"AWS_ENDPOINT_URL": self._url(), "AWS_DISABLE_HOST_PREFIX_INJECTION": "true"}


def _keys(made: Credentials) -> dict[str, str]:
    keys = {"AWS_ACCESS_KEY_ID": made.access_key, "AWS_SECRET_ACCESS_KEY": made.secret_key}
    return keys | {"AWS_SESSION_TOKEN": made.token} if made.token else keys
