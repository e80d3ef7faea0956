"""Lambda's API through boto3 and the endpoint, down to a real handler."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from bonkei.services.endpoint.answering import Answering
from bonkei.services.endpoint.backing.passing import Passing
from bonkei.services.endpoint.calls.record import CallLog
from bonkei.services.endpoint.endpoint import Endpoint
from bonkei.services.endpoint.identity.credentials import Issuer
from bonkei.services.endpoint.permission.authorizer import Authorizer
from bonkei.services.endpoint.permission.ledger import Ledger
from bonkei.services.endpoint.port.bodies import Bodies
from bonkei.services.endpoint.settings import Limits
from bonkei.services.lambda_.api import service
from tests.bonkei.services.lambda_.running import function, package, running

CODE = """
def handler(event, context):
    print("called")
    if event.get("fail"): raise ValueError("no")
    return {"got": event, "by": context.client_context and context.client_context.custom}
"""


class NoStore:
    port, url = 0, ""

    def begin_call(self) -> None:
        """It never rests."""

    end_call = begin_call

    def look(self) -> None:
        """The service has no state to show."""

    async def wait_until_ready(self, seconds: float) -> bool:
        return False


async def test_invoke_and_describe(tmp_path: Path) -> None:
    declared = function("f", package(tmp_path, {"main.py": CODE}), reserved_concurrency=3)
    async with running(tmp_path, declared) as made:
        issuer = Issuer(b"k" * 32, "123456789012")
        answering = Answering({"lambda": service(made.functions)})
        endpoint = Endpoint(
            issuer,
            answering,
            Passing(NoStore(), "123456789012", Bodies(Limits())),
            CallLog(tmp_path / "calls"),
            Authorizer("off", Ledger(tmp_path / "ledger")),
        )
        await endpoint.start(0)
        person = issuer.person()

        def ask(operation: str, **parameters: Any) -> dict[str, Any]:
            client = boto3.client(
                "lambda", region_name="eu-west-1", endpoint_url=endpoint.url,
                aws_access_key_id=person.access_key, aws_secret_access_key=person.secret_key,
                config=Config(retries={"total_max_attempts": 1}),
            )  # fmt: skip
            answer = dict(getattr(client, operation)(**parameters))
            if "Payload" in answer:
                answer["Payload"] = json.loads(answer["Payload"].read() or "null")
            return answer

        try:
            context = base64.b64encode(b'{"custom": {"a": 1}}').decode()
            answer = await asyncio.to_thread(
                ask, "invoke", FunctionName="f", Payload=b'{"n": 1}', LogType="Tail",
                ClientContext=context,
            )  # fmt: skip
            assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
            assert answer["Payload"] == {"got": {"n": 1}, "by": {"a": 1}}
            assert "called" in base64.b64decode(answer["LogResult"]).decode()
            failed = await asyncio.to_thread(
                ask, "invoke", FunctionName=declared.arn, Payload=b'{"fail": 1}'
            )
            assert (failed["FunctionError"], failed["Payload"]["errorType"]) == (
                "Unhandled", "ValueError"
            )  # fmt: skip
            later = await asyncio.to_thread(
                ask, "invoke", FunctionName="f", InvocationType="Event", Payload=b"{}"
            )
            assert later["StatusCode"] == 202
            found = await asyncio.to_thread(ask, "get_function", FunctionName="f")
            assert found["Configuration"]["Handler"] == "main.handler"
            assert found["Concurrency"] == {"ReservedConcurrentExecutions": 3}
            listed = await asyncio.to_thread(ask, "list_functions")
            assert [each["FunctionName"] for each in listed["Functions"]] == ["f"]
            for parameters, code in (
                ({"FunctionName": "g"}, "ResourceNotFoundException"),
                ({"FunctionName": "f", "Payload": b"{"}, "InvalidRequestContentException"),
            ):
                with pytest.raises(ClientError) as refused:
                    await asyncio.to_thread(ask, "invoke", **parameters)
                assert refused.value.response["Error"]["Code"] == code
        finally:
            await endpoint.stop()
