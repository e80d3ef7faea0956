"""AWS's own services ask IAM before they act. The miniature's parts ask here in their place.

Each answer is AWS's denial, or an empty text. The ledger always keeps a denial. With
`BONKEI_ENFORCE=report` or `off` the answer is always empty.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

from bonkei.base.aws_service import Principal, RoleSession
from bonkei.blueprint.ecs import TaskDefinition
from bonkei.services.endpoint.identity.credentials import Issuer
from bonkei.services.endpoint.permission.asks import Context, RoleAsk, ServiceAsk
from bonkei.services.endpoint.permission.authorizer import Authorizer
from bonkei.services.endpoint.permission.explaining import Explanation
from bonkei.services.endpoint.permission.services import Parameters, required

_IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[\w-]+)\.amazonaws\.com/(?P<name>[^:@]+)"
)
_LOGIN = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
    "retrieval failed: unable to retrieve ecr registry auth: service call has been retried 1 "
    "time(s)"
)
_MANIFEST = (
    "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve "
    "ref {image}"
)
_PULL = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


class Asking:
    """`Cloud.asks`."""

    def __init__(
        self, authorizer: Authorizer, issuer: Issuer, clock: Callable[[], float] = time.time
    ) -> None:
        self._authorizer = authorizer
        self._issuer = issuer
        self._clock = clock

    def service(
        self,
        service: str,
        action: str,
        resource: str,
        source_arn: str = "",
        accounts: tuple[str, ...] = (),
        context: Context | None = None,
    ) -> str:
        """A service acts in its own name, such as `delivery.logs.amazonaws.com`. `source_arn`: the
        resource for which it acts. The policy of the target resource decides, and the policy of its
        customer's key."""
        ask = ServiceAsk(service, action, resource, source_arn, accounts, context or {})
        return self._authorizer.ask_as_service(ask, self._clock())

    def role(
        self, role: str, session: str, action: str, resource: str, context: Context | None = None
    ) -> str:
        """A service acts with a role of the definitions."""
        ask = RoleAsk(role, session, action, resource, context or {})
        caller = self._issuer.session(role, session)
        return self._authorizer.ask_as_role(ask, caller, self._clock())

    def call(
        self, principal: Principal, service: str, operation: str, parameters: Parameters
    ) -> str:
        """A service calls an operation: all that the operation needs."""
        if isinstance(principal, RoleSession):
            caller = self._issuer.session(principal.role, principal.name)
            return self._authorizer.ask(caller, service, operation, parameters, self._clock())
        if (estate := self._authorizer.estate) is None:
            return ""
        # A service that acts in its own name passes no role.
        denials = (
            self.service(
                principal.name, each.action, each.resource, principal.source_arn,
                context=each.context,
            )
            for each in required(service, operation, parameters, estate.names) or ()
            if each.action != "iam:PassRole"
        )  # fmt: skip
        return next(filter(None, denials), "")

    def explain(
        self, role: str, action: str, resource: str, context: Context | None = None
    ) -> Explanation | None:
        """Whether a role may do this, and why. Nothing is done or recorded. None before there are
        definitions. Raises CloudError for an invalid question."""
        caller = self._issuer.session(role, "question")
        return self._authorizer.explain(caller, action, resource, context or {}, self._clock())

    def may_read(self, definition: TaskDefinition, secret: str) -> str:
        """Whether the execution role may read a secret or a parameter."""
        role = definition.execution_role_arn
        if self._authorizer.estate is None:
            return ""
        if not role:
            return f"the task definition has no execution role, which {secret} needs"
        caller = self._issuer.session(role, definition.family)
        call: tuple[str, str, Parameters] = (
            ("secretsmanager", "GetSecretValue", {"SecretId": secret})
            if ":secretsmanager:" in secret
            else ("ssm", "GetParameters", {"Names": [secret], "WithDecryption": True})
        )
        return self._authorizer.ask(caller, *call, self._clock())

    def may_pull(self, definition: TaskDefinition) -> str:
        """Whether the execution role may pull a task's images from ECR. The answer has the words
        with which ECS stops the task.

        "Amazon ECS task execution IAM role" and "Stopped task error messages",
        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
        """
        role = definition.execution_role_arn
        if self._authorizer.estate is None:
            return ""
        for image, action, resource in _image_needs(definition):
            is_login = action == "ecr:GetAuthorizationToken"
            words = _LOGIN if is_login else _MANIFEST.format(image=image)
            if not role:
                return f"{words}: the task definition has no execution role, which {action} needs"
            if denial := self.role(role, definition.family, action, resource):
                return f"{words}: AccessDeniedException: {denial}"
        return ""


def _image_needs(definition: TaskDefinition) -> Iterator[tuple[str, str, str]]:
    for image in dict.fromkeys(each.image for each in definition.containers):
        if found := _IMAGE.match(image):
            where = f"{found['region']}:{found['account']}:repository/{found['name']}"
            yield image, "ecr:GetAuthorizationToken", "*"
            for action in _PULL:
                yield image, action, f"arn:aws:ecr:{where}"
