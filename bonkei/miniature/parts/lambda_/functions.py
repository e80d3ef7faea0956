"""Lambda, SNS and the inboxes as the supervisor uses them. They are created while Terraform runs,
because aiohttp takes a while to load. Then they follow the definitions."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bonkei.base.aws_service import Asks, AwsService, AwsServiceError
from bonkei.base.errors import BonkeiError
from bonkei.base.events import Bus, SubscriptionFilterMatched
from bonkei.base.vault import Vault
from bonkei.blueprint import Blueprint
from bonkei.blueprint.secretsmanager import find_secret
from bonkei.config import Config
from bonkei.miniature.home import Home
from bonkei.miniature.parts.endpoint.endpoint import AwsEndpoint
from bonkei.miniature.parts.lambda_.subscribed_functions import SubscribedFunctions
from bonkei.miniature.parts.logs.logs import Writer
from bonkei.miniature.steps import Report, Steps
from bonkei.services.ecs.logs import FileLogSink

if TYPE_CHECKING:
    from bonkei.services.lambda_.functions import Functions
    from bonkei.services.slack.store import Inbox
    from bonkei.services.sns.topics import Topics


_PREPARED = 3
"""Processes of a function. Alarms come together, and one message takes milliseconds."""


@dataclass(frozen=True, slots=True)
class Ways:
    """The other parts. `install`: creates the environment of a lock file. `base`: where Terraform
    runs; relative file names start there."""

    bus: Bus
    vault: Vault
    install: Callable[[Sequence[Path]], Awaitable[Path]]
    base: Path
    report: Report


@dataclass(frozen=True, slots=True)
class FunctionsSnapshot:
    """`functions` and `topics`: their parts' snapshots. `waiting`: unfinished events. `slack`: the
    destination of messages to Slack."""

    functions: tuple[Any, ...]
    topics: Any
    waiting: int
    slack: str


@dataclass(frozen=True, slots=True)
class StandIn:
    """The stand-in for Slack. `secret`: the ARN of the secret with its address; empty while
    messages go to a real Slack. `refuse` makes it refuse a number of messages. `waiting` counts the
    waiting events of functions."""

    secret: str
    refuse: Callable[[int], None]
    waiting: Callable[[], int]
    file: Path

    def entries(self, since: float) -> list[tuple[float, str]]:
        """The time and text of each message that has arrived."""
        from bonkei.services.slack.store import Inbox  # noqa: PLC0415 - as above

        return [
            (entry.at, str(entry.body.get("text", "")))
            for entry in Inbox(self.file).entries()
            if entry.kind == "slack" and entry.at >= since
        ]


# "Giving Lambda functions access to resources in an Amazon VPC", "Required IAM permissions".
_JOIN = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
)


def require_network(asks: Asks, role_arn: str, name: str) -> None:
    """Raises AwsServiceError, like Lambda, if the role of a function in a VPC may not create a
    network interface."""
    for action in _JOIN:
        if denial := asks.role(role_arn, name, action, "*"):
            text = f"Lambda was unable to set up the VPC access of the function: {denial}"
            raise AwsServiceError("EC2AccessDeniedException", text, 502)


class FunctionPart:
    """Call `start` while Terraform runs, `follow` with each blueprint, and always `stop`. `writer`:
    writes logs as a role in a region. `translate`: a function's environment."""

    name = "functions"

    def __init__(
        self, config: Config, home: Home, ways: Ways, aws: AwsEndpoint, writer: Writer,
        translate: Callable[[str, Mapping[str, str]], Mapping[str, str]],
    ) -> None:  # fmt: skip
        self._config = config
        self._home = home
        self._ways = ways
        self._aws = aws
        self._writer = writer
        self._translate = translate
        self._functions: Functions | None = None
        self._topics: Topics | None = None
        self._slack: Any = None
        self._where = ""
        self._secret = ""
        self._is_resumed = False
        self._preparing: asyncio.Task[None] | None = None
        self._in_vpc: frozenset[str] = frozenset()
        self._subscribed: tuple[str, ...] = ()
        self._subscribers: SubscribedFunctions | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        self.services: dict[str, AwsService] = {}

    async def start(self) -> None:
        """The inbox listens, and the endpoint answers for the parts."""
        from bonkei.miniature.parts.lambda_.logs import FunctionLogs  # noqa: PLC0415 - as above
        from bonkei.services.lambda_ import api as lambda_service  # noqa: PLC0415 - as above
        from bonkei.services.lambda_.destinations import Destinations  # noqa: PLC0415
        from bonkei.services.lambda_.functions import (  # noqa: PLC0415
            Functions,
            FunctionsSettings,
            Surroundings,
        )
        from bonkei.services.slack.slack import SlackInbox  # noqa: PLC0415
        from bonkei.services.slack.store import Inbox  # noqa: PLC0415
        from bonkei.services.sns import api as topics_service  # noqa: PLC0415
        from bonkei.services.sns.carriers import AwsCarriers  # noqa: PLC0415
        from bonkei.services.sns.topics import Topics  # noqa: PLC0415

        home, ways = self._home, self._ways
        inbox = Inbox(home.inbox)
        given = Surroundings(
            python=self._python,
            role=self._role,
            logs=FunctionLogs(
                self._writer, FileLogSink(home.logs, report=ways.report), ways.report
            ),
            deliver=Destinations(self._aws),
            aws=self._aws,
            report=ways.report,
            translate=self._translate,
        )
        self._functions = Functions(FunctionsSettings(home.functions, ways.base), ways.bus, given)
        self._topics = Topics(home.topics, AwsCarriers(self._aws, inbox.mail), ways.report)
        self._subscribers = SubscribedFunctions(self._get_functions, self._aws, ways.report)
        self._unsubscribe = ways.bus.subscribe(SubscriptionFilterMatched, self._subscribers.pass_on)
        self.services["lambda"] = lambda_service.service(self._functions)
        self.services["sns"] = topics_service.service(self._topics)
        self._slack = SlackInbox(inbox, self._config.slack_secret)
        await self._slack.start()

    async def follow(self, blueprint: Blueprint, steps: Steps) -> None:
        """Follow the declared functions and topics. Then continue with the leftovers of an earlier
        run."""
        functions, topics = self._get_functions(), self._get_topics()
        self._in_vpc = frozenset(each.name for each in blueprint.functions if each.subnet_ids)
        self._subscribed = tuple(
            each.endpoint
            for topic in blueprint.topics
            for each in topic.subscriptions
            if each.protocol == "lambda"
        )
        await functions.apply(blueprint)
        topics.apply(blueprint)
        self._place_webhook(blueprint)
        for each in functions.snapshot():
            if each.note:
                steps.note(f"{each.name}: {each.note}")
        if self._preparing is None and any(
            each.runtime.startswith("python") for each in blueprint.functions
        ):
            self._preparing = asyncio.create_task(self._prepare())
        if not self._is_resumed:
            self._is_resumed = True
            functions.resume()
            topics.resume()
            if self._subscribers is not None:
                self._subscribers.open()

    async def prepare(self) -> None:
        """Start processes for the functions that topics call, before they are called."""
        for arn in self._subscribed:
            with suppress(BonkeiError, AwsServiceError):  # its caller gets the error
                await self._get_functions().prepare(arn, _PREPARED)

    @property
    def inbox(self) -> Inbox:
        """The inbox, for parts that show its messages."""
        from bonkei.services.slack.store import Inbox  # noqa: PLC0415 - as above

        return Inbox(self._home.inbox)

    @property
    def where(self) -> str:
        """Where messages to Slack go."""
        return self._where

    @property
    def functions(self) -> Functions:
        """For parts that call functions."""
        return self._get_functions()

    @property
    def webhook(self) -> StandIn:
        """The webhook, to rehearse a Slack that refuses messages."""
        return StandIn(
            self._secret,
            self._slack.fail,
            lambda: self._get_functions().waiting,
            self._home.inbox,
        )

    async def stop(self) -> None:
        """After this, no function runs. Waiting events are kept."""
        self._unsubscribe()
        if self._preparing is not None:
            self._preparing.cancel()
            await asyncio.gather(self._preparing, return_exceptions=True)
        if self._topics is not None:
            await self._topics.stop()
        if self._functions is not None:
            await self._functions.stop()
        if self._slack is not None:
            await self._slack.stop()

    def snapshot(self) -> FunctionsSnapshot | None:
        if self._functions is None or self._topics is None:
            return None
        functions = self._functions
        return FunctionsSnapshot(
            functions.snapshot(), self._topics.snapshot(), functions.waiting, self._where
        )

    def _place_webhook(self, blueprint: Blueprint) -> None:
        """Put an address into the webhook's secret: that of the inbox, or a real webhook if the
        environment names one. An address that a person has put there stays."""
        vault = self._ways.vault
        wanted = self._config.slack_secret
        secret = find_secret(blueprint.secrets, wanted) if wanted else None
        if secret is None:
            self._where = "no secret holds a webhook ([slack] in bonkei.toml)"
            return
        mark = self._home.inbox.with_name("placed")
        value, url = vault.get(secret.arn) or "", self._config.slack_url or self._slack.url
        if not value or value.startswith("http://127.0.0.1:") or _digest(value) == _read(mark):
            if value != url:
                vault.put(secret.arn, url)
            mark.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            mark.write_text(_digest(url), encoding="ascii")
            real = "BONKEI_SLACK_WEBHOOK_URL"
            self._secret = "" if self._config.slack_url else secret.arn
            self._where = real if self._config.slack_url else "the inbox: `bonkei slack`"
        else:
            self._secret = ""
            self._where = f"the address that {secret.name} holds"

    def _role(self, role_arn: str, name: str) -> Mapping[str, str]:
        if name in self._in_vpc:
            require_network(self._aws, role_arn, name)
        return self._aws.cloud.callers.function(role_arn, name)

    async def _prepare(self) -> None:
        """Prepare the parts that the first call would have to wait for. If that fails, a call that
        needs them gets the reason."""
        with suppress(BonkeiError):
            await self._python()

    async def _python(self) -> Path:
        from bonkei.services.lambda_.runtimes import PACKAGES  # noqa: PLC0415

        return await self._ways.install((PACKAGES,)) / "bin" / "python"

    def _get_functions(self) -> Functions:
        assert self._functions is not None  # noqa: S101 - `start` made it
        return self._functions

    def _get_topics(self) -> Topics:
        assert self._topics is not None  # noqa: S101 - `start` made it
        return self._topics


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except OSError:
        return ""
