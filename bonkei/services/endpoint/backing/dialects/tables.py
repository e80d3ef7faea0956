"""What DynamoDB refuses for what a table has, and MiniStack takes: it is asked for that first.

Source: what AWS answers to the same calls; "PutResourcePolicy" and "ExportTableToPointInTime" in
the Amazon DynamoDB API Reference; "PartiQL select statements" in its developer guide.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from bonkei.services.endpoint.calls.request import Call, Request
from bonkei.services.endpoint.errors import Answer, ApiError

Ask = Callable[[Request, bytes], Awaitable[tuple[int, bytes]]]
"""MiniStack's answer to a short call."""
_KIND = ("content-type", "application/x-amz-json-1.0")
_OF_INDEX = re.compile(
    r"""\A(\s*SELECT\s(?:[^'"]|"[^"]*")*?\sFROM\s+)([a-z_]\w*)\.([a-z_]\w*)(?=\s|$)""",
    re.ASCII | re.IGNORECASE,
)
"""MiniStack takes an index only in quotes."""
_NO_POLICY = "Resource-based policy not found for the provided ResourceArn: "


async def asked(ask: Ask, call: Call, body: bytes) -> bytes | Answer:
    """The body for MiniStack, or the answer. Raises ApiError."""
    try:
        given = json.loads(body)
        if call.operation == "ExecuteStatement":
            statement, count = _OF_INDEX.subn(r'\1"\2"."\3"', given["Statement"])
            return json.dumps(given | {"Statement": statement}).encode() if count else body
        if call.operation in ("Query", "Scan"):
            await _require_all_projected(ask, given)
        elif call.operation in ("PutResourcePolicy", "DeleteResourcePolicy"):
            return await _unchanged(ask, given) or body
        elif call.operation == "ExportTableToPointInTime":
            await _require_recovery(ask, given)
    except (ValueError, AttributeError, TypeError, KeyError):
        pass  # MiniStack says what is wrong with it
    return body


async def _require_all_projected(ask: Ask, given: dict[str, Any]) -> None:
    if given.get("Select") != "ALL_ATTRIBUTES" or "IndexName" not in given:
        return
    found = await _found(ask, "DescribeTable", TableName=given["TableName"])
    for index in found.get("Table", {}).get("GlobalSecondaryIndexes") or ():
        is_asked = index["IndexName"] == given["IndexName"]
        if is_asked and index["Projection"]["ProjectionType"] != "ALL":
            raise ApiError(
                "ValidationException",
                "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not "
                f"supported for global secondary index {index['IndexName']} because its "
                "projection type is not ALL",
            )


async def _unchanged(ask: Ask, given: dict[str, Any]) -> Answer | None:
    """The same policy once more has no effect."""
    found = await _found(ask, "GetResourcePolicy", ResourceArn=given["ResourceArn"])
    revision, expected = found.get("RevisionId"), given.get("ExpectedRevisionId")
    if revision is None:
        return None
    table = given["ResourceArn"].partition(":table/")[2]
    if expected == "NO_POLICY":
        raise ApiError(
            "PolicyNotFoundException",
            f"{_NO_POLICY}Requested policy update expecting none to be present for table {table}, "
            f"but a policy exists with revision id {revision}.",
        )
    if expected not in (None, revision):
        raise ApiError(
            "PolicyNotFoundException",
            f"{_NO_POLICY}Requested update for policy with revision id {expected}, but the policy "
            f"associated to target table {table} has revision id {revision}.",
        )
    if given.get("Policy") != found["Policy"]:
        return None
    return Answer(200, json.dumps({"RevisionId": revision}).encode(), (_KIND,))


async def _require_recovery(ask: Ask, given: dict[str, Any]) -> None:
    name = given["TableArn"].partition(":table/")[2]
    found = await _found(ask, "DescribeContinuousBackups", TableName=name)
    backups = found.get("ContinuousBackupsDescription", {})
    recovery = backups.get("PointInTimeRecoveryDescription", {})
    if recovery.get("PointInTimeRecoveryStatus") == "DISABLED":
        raise ApiError(
            "PointInTimeRecoveryUnavailableException",
            f"Point in time recovery is not enabled for table '{name}'",
        )


async def _found(ask: Ask, operation: str, **given: str) -> dict[str, Any]:
    """Empty if MiniStack refuses."""
    headers = (_KIND, ("x-amz-target", f"DynamoDB_20120810.{operation}"))
    status, body = await ask(Request("POST", "/", "", headers), json.dumps(given).encode())
    found: dict[str, Any] = json.loads(body) if status == 200 else {}
    return found
