"""From an alarm's notification to Slack: the time, and whether each arrives exactly once.

    python -m bench.alarms

In one process: the AWS endpoint, SNS, Lambda with the real function in real processes, and the
inbox in place of Slack. First 200 notifications, one at a time; then 1,000 at once, with a Slack
that refuses every third request (503).
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import psutil

from bonkei.base.aws_service import AwsService
from bonkei.base.events import Bus
from bonkei.base.vault import MemoryVault
from bonkei.blueprint import Blueprint
from bonkei.blueprint.lambda_.function import Function
from bonkei.blueprint.secretsmanager import Secret
from bonkei.blueprint.sns import Subscription, Topic
from bonkei.services.endpoint.answering import Answering
from bonkei.services.endpoint.asking import Asking
from bonkei.services.endpoint.aws_client import AwsClient
from bonkei.services.endpoint.backing.channel import NotConnectedError, Streams
from bonkei.services.endpoint.backing.passing import Passing
from bonkei.services.endpoint.calls.record import CallLog
from bonkei.services.endpoint.endpoint import Endpoint
from bonkei.services.endpoint.identity.credentials import Issuer
from bonkei.services.endpoint.own import secrets_manager
from bonkei.services.endpoint.permission.authorizer import Authorizer
from bonkei.services.endpoint.permission.ledger import Ledger
from bonkei.services.endpoint.port.bodies import Bodies
from bonkei.services.endpoint.settings import Limits
from bonkei.services.lambda_ import api
from bonkei.services.lambda_.functions import Functions, FunctionsSettings, Surroundings
from bonkei.services.slack.slack import SlackInbox
from bonkei.services.slack.store import Entry, Inbox
from bonkei.services.sns.carriers import AwsCarriers
from bonkei.services.sns.message import Message
from bonkei.services.sns.topics import Topics

ROOT = Path(__file__).parent.parent
ACCOUNT, REGION = "123456789012", "ap-northeast-1"
EVENT = json.loads((ROOT / "tests/program/functions/alarm/events/alarm.json").read_text())
ONE_BY_ONE, AT_ONCE = 200, 1_000


class Arrivals(Inbox):
    """When each alarm came to Slack, by its name."""

    def __init__(self) -> None:
        super().__init__(Path("unused"))
        self.at: dict[str, list[float]] = {}

    def add(self, entry: Entry) -> None:
        name = str(entry.body["text"]).rpartition(" ")[2]
        self.at.setdefault(name, []).append(time.perf_counter())


class EveryThird(SlackInbox):
    """Refuses every third request, once asked to."""

    refuses = False
    asked = 0

    async def _serve(self, request: Any) -> Any:
        self.asked += 1
        if self.refuses and self.asked % 3 == 0:
            self.fail(1)
        return await super()._serve(request)


class NoStore:
    async def connect(self) -> Streams:
        raise NotConnectedError

    def begin_call(self) -> None:
        """It never rests."""

    end_call = begin_call

    def look(self) -> None:
        """It shows nothing."""

    async def wait_until_ready(self, seconds: float) -> bool:  # noqa: ARG002 - as a store's
        return False


class Nothing:
    """Logs, destinations and queues, all unused here."""

    def write(self, *_: Any) -> None:
        """Nothing reads it."""

    async def __call__(self, *given: Any) -> Any:
        raise AssertionError(given)


def arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


SECRET, TOPIC, FUNCTION = (
    arn("secretsmanager", "secret:x/slack-webhook-AbCdEf"), arn("sns", "alarms"),
    arn("lambda", "function:alarm"),
)  # fmt: skip


def blueprint() -> Blueprint:
    function = Function(
        "aws_lambda_function.this", FUNCTION, "alarm", "python3.11", "alarm.handler",
        f"arn:aws:iam::{ACCOUNT}:role/alarm", 30, 256, "alarm.zip",
        (("SLACK_WEBHOOK_SECRET_ARN", SECRET),), log_group="/aws/lambda/alarm",
        invokers=(("sns.amazonaws.com", TOPIC),),
    )  # fmt: skip
    subscription = Subscription("s", "lambda", FUNCTION)
    return Blueprint(
        functions=(function,),
        topics=(Topic("t", TOPIC, "alarms", subscriptions=(subscription,)),),
    )


async def measure(folder: Path) -> None:
    package(folder / "alarm.zip")
    inbox, nothing = Arrivals(), Nothing()
    slack = EveryThird(inbox)
    await slack.start()
    vault, issuer = MemoryVault({SECRET: slack.url}), Issuer(b"k" * 32, ACCOUNT)
    secrets = (Secret("s", SECRET, "x/slack-webhook"),)
    own: dict[str, AwsService] = {"secretsmanager": secrets_manager.service(lambda: secrets, vault)}
    calls, authorizer = CallLog(folder / "calls"), Authorizer("off", Ledger(folder / "ledger"))
    passing = Passing(NoStore(), ACCOUNT, Bodies(Limits()))
    endpoint = Endpoint(issuer, Answering(own), passing, calls, authorizer)
    await endpoint.start(0)

    def role(role_arn: str, session: str) -> dict[str, str]:
        made = issuer.assume(role_arn, session, now=time.time(), seconds=43_200)
        return {
            "AWS_ENDPOINT_URL": endpoint.url, "AWS_ACCESS_KEY_ID": made.access_key,
            "AWS_SECRET_ACCESS_KEY": made.secret_key, "AWS_SESSION_TOKEN": made.token,
        }  # fmt: skip

    async def python() -> Path:
        return Path(sys.executable)

    given = Surroundings(python, role, nothing, nothing, nothing, print)  # type: ignore[arg-type]
    settings = FunctionsSettings(folder / "functions", folder, pace=60)  # retries after 1 s and 2 s
    functions = Functions(settings, Bus(), given)
    own["lambda"] = api.service(functions)
    aws = AwsClient(own, Asking(authorizer, issuer), issuer, calls, nothing, lambda: REGION)
    topics = Topics(folder / "topics", AwsCarriers(aws, inbox.mail), print)
    await functions.apply(blueprint())
    topics.apply(blueprint())
    try:
        await one_by_one(topics, inbox)
        pids = [child.pid for child in psutil.Process().children(recursive=True)]
        await at_once(topics, inbox, slack, functions)
        idle = [p.memory_info().rss for p in psutil.Process().children() if p.pid in pids]
        say("resident memory of an idle process", f"{max(idle) / 2**20:.0f} MiB")
    finally:
        await topics.stop()
        await functions.stop()
        await endpoint.stop()
        await slack.stop()


async def one_by_one(topics: Topics, inbox: Arrivals) -> None:
    waits = []
    for number in range(ONE_BY_ONE + 1):
        name, began = f"alarm-{number}", time.perf_counter()
        await publish(topics, name)
        while name not in inbox.at:  # noqa: ASYNC110 - as a person who looks
            await asyncio.sleep(0.001)
        waits.append((inbox.at[name][0] - began) * 1000)
    cold, *warm = waits
    say("cold: publish to Slack", f"{cold:.0f} ms")
    quantiles = statistics.quantiles(warm, n=100)
    say("warm: publish to Slack", f"p50 {quantiles[49]:.0f} ms, p99 {quantiles[98]:.0f} ms")


async def at_once(topics: Topics, inbox: Arrivals, slack: EveryThird, functions: Functions) -> None:
    slack.refuses, began = True, time.perf_counter()
    names = [f"many-{number}" for number in range(AT_ONCE)]
    for name in names:
        await publish(topics, name)
        await asyncio.sleep(0)
    published = time.perf_counter() - began
    while functions.waiting or topics.snapshot().waiting:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    counts = Counter(len(inbox.at.get(name, ())) for name in names)
    lost, doubled = counts[0], sum(n for times, n in counts.items() if times > 1)
    took = time.perf_counter() - began
    say(f"{AT_ONCE} at once, every third request refused",
        f"{lost} lost, {doubled} doubled; published in {published:.2f} s, all there after "
        f"{took:.1f} s")  # fmt: skip


async def publish(topics: Topics, name: str) -> None:
    body = json.dumps({**EVENT, "AlarmName": name})
    await topics.publish(Message(name, TOPIC, body, time.time(), "ALARM"))


def package(target: Path) -> None:
    source = ROOT / "program/functions/alarm"
    with zipfile.ZipFile(target, "w") as zipped:
        for file in sorted(source.rglob("*.py")):
            zipped.write(file, file.relative_to(source))


def say(what: str, value: str) -> None:
    print(f"{what}: {value}", flush=True)  # the command's answer


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder)))


if __name__ == "__main__":
    main()
