"""SNS and Lambda with the real notifying function, in a process that a test may kill.

python -m tests.bonkei.miniature.parts.notifier FOLDER WEBHOOK COUNT

It continues the work of an earlier process and publishes COUNT alarms. It prints the name of each
when SNS has acknowledged it, and ends when no message waits any more.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

from bonkei.base.aws_service import AwsService
from bonkei.base.events import Bus
from bonkei.base.vault import MemoryVault
from bonkei.blueprint import Blueprint
from bonkei.blueprint.lambda_.function import Function
from bonkei.blueprint.secretsmanager import Secret
from bonkei.blueprint.sns import Subscription, Topic
from bonkei.services.endpoint.answering import Answering
from bonkei.services.endpoint.calls.record import CallLog
from bonkei.services.endpoint.endpoint import Endpoint
from bonkei.services.endpoint.identity.credentials import Issuer
from bonkei.services.endpoint.own import secrets_manager
from bonkei.services.endpoint.permission.authorizer import Authorizer
from bonkei.services.endpoint.permission.ledger import Ledger
from bonkei.services.lambda_ import api
from bonkei.services.lambda_.functions import Functions, FunctionsSettings, Surroundings
from bonkei.services.slack.store import Inbox
from bonkei.services.sns.carriers import AwsCarriers
from bonkei.services.sns.message import Message
from bonkei.services.sns.topics import Topics
from tests.support.aws import InMemoryAws

ROOT = Path(__file__).parents[4]
ACCOUNT, REGION = "123456789012", "ap-northeast-1"
EVENT = json.loads((ROOT / "tests/program/functions/alarm/events/alarm.json").read_text())


def arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


SECRET = arn("secretsmanager", "secret:x/slack-webhook-AbCdEf")
TOPIC, FUNCTION = arn("sns", "alarms"), arn("lambda", "function:alarm")


class NoStore:
    async def close(self) -> None:
        """Passes nothing on."""


class Nothing:
    def write(self, *_: Any) -> None:
        """No one reads the log."""

    async def __call__(self, *given: Any) -> Any:
        raise AssertionError(given)


def blueprint() -> Blueprint:
    function = Function(
        "aws_lambda_function.this", FUNCTION, "alarm", "python3.11", "alarm.handler",
        f"arn:aws:iam::{ACCOUNT}:role/alarm", 30, 256, "alarm.zip",
        (("SLACK_WEBHOOK_SECRET_ARN", SECRET),), log_group="/aws/lambda/alarm",
        invokers=(("sns.amazonaws.com", TOPIC),),
    )  # fmt: skip
    topic = Topic("t", TOPIC, "alarms", subscriptions=(Subscription("s", "lambda", FUNCTION),))
    return Blueprint(functions=(function,), topics=(topic,))


def package(target: Path) -> None:
    source = ROOT / "program/functions/alarm"
    with zipfile.ZipFile(target, "w") as zipped:
        for file in sorted(source.rglob("*.py")):
            zipped.write(file, file.relative_to(source))


async def run(folder: Path, webhook: str, count: int) -> None:
    if not (folder / "alarm.zip").exists():
        package(folder / "alarm.zip")
    vault, issuer = MemoryVault({SECRET: webhook}), Issuer(b"k" * 32, ACCOUNT)
    secrets = (Secret("s", SECRET, "x/slack-webhook"),)
    own: dict[str, AwsService] = {"secretsmanager": secrets_manager.service(lambda: secrets, vault)}
    endpoint = Endpoint(
        issuer,
        Answering(own, report=print),
        NoStore(),  # type: ignore[arg-type]
        CallLog(folder / "calls"),
        Authorizer("off", Ledger(folder / "ledger")),
    )
    await endpoint.start(0)

    def role(role_arn: str, session: str) -> dict[str, str]:
        made = issuer.assume(role_arn, session, now=time.time(), seconds=43_200)
        return {
            "AWS_ENDPOINT_URL": endpoint.url, "AWS_ACCESS_KEY_ID": made.access_key,
            "AWS_SECRET_ACCESS_KEY": made.secret_key, "AWS_SESSION_TOKEN": made.token,
        }  # fmt: skip

    async def python() -> Path:
        return Path(sys.executable)

    nothing: Any = Nothing()
    given = Surroundings(python, role, nothing, nothing, nothing, print)
    settings = FunctionsSettings(folder / "functions", folder, pace=60)
    functions = Functions(settings, Bus(), given)
    aws = InMemoryAws({"lambda": api.service(functions)})  # everything is allowed
    topics = Topics(folder / "topics", AwsCarriers(aws, Inbox(folder / "inbox").mail), print)
    await functions.apply(blueprint())
    topics.apply(blueprint())
    functions.resume()
    topics.resume()
    for number in range(count):
        name = f"alarm-{time.time_ns()}-{number}"
        body = json.dumps({**EVENT, "AlarmName": name})
        await topics.publish(Message(name, TOPIC, body, time.time(), "ALARM"))
        sys.stdout.write(f"{name}\n")
        sys.stdout.flush()
        await asyncio.sleep(0.005)
    while functions.waiting or topics.snapshot().waiting:
        await asyncio.sleep(0.05)
    await topics.stop()
    await functions.stop()
    await endpoint.stop()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
