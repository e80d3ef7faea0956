"""Parameters and secrets: their names, and only on request one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bonkei.services.console.values import ConsoleError, Json
from bonkei.services.console.views import inert
from bonkei.services.endpoint.looking import Looking

_MOST = 500
_LONGEST = 64 * 1024  # characters; Secrets Manager and Parameter Store accept no longer value

Revealed = Callable[[str, str], None]
"""Called for each value that was shown: its kind and its name."""


async def parameters(looking: Looking, addresses: Mapping[str, str]) -> list[Json]:
    """`addresses`: of the declared ones, by name."""
    found: list[Json] = []
    given: dict[str, Any] = {"MaxResults": 50}
    while len(found) < _MOST:
        answer = await looking.call("ssm", "AmazonSSM.DescribeParameters", given)
        found += [_parameter(each, addresses) for each in answer.get("Parameters", ())]
        if not answer.get("NextToken"):
            break
        given["NextToken"] = answer["NextToken"]
    return found[:_MOST]


async def secrets(looking: Looking, addresses: Mapping[str, str]) -> list[Json]:
    """`addresses`: of the declared ones, by ARN."""
    answer = await looking.call("secretsmanager", "secretsmanager.ListSecrets", {})
    return [
        {
            "kind": "secret",
            "type": "Secret",
            **inert.named(str(each["Name"])),
            "arn": str(each["ARN"]),
            "address": addresses.get(str(each["ARN"]), ""),
            "has_value": bool(each.get("SecretVersionsToStages")),
            "version": None,
        }
        for each in answer.get("SecretList", ())[:_MOST]
    ]


async def reveal(looking: Looking, kind: str, key: str, revealed: Revealed) -> Json:
    """One value. It is recorded that the value was shown."""
    name = inert.decode(key)
    if kind == "parameter":
        given: dict[str, Any] = {"Name": name, "WithDecryption": True}
        answer = await looking.call("ssm", "AmazonSSM.GetParameter", given)
        value = str((answer.get("Parameter") or {}).get("Value", ""))
    elif kind == "secret":
        given = {"SecretId": name}
        answer = await looking.call("secretsmanager", "secretsmanager.GetSecretValue", given)
        value = str(answer.get("SecretString", ""))
    else:
        raise ConsoleError(f"{inert.label(kind)} is neither a parameter nor a secret")
    revealed(kind, name)
    return {"value": inert.visible(value, _LONGEST)}


def _parameter(given: Mapping[str, Any], addresses: Mapping[str, str]) -> Json:
    name = str(given.get("Name", ""))
    return {
        "kind": "parameter",
        "type": str(given.get("Type", "")),
        **inert.named(name),
        "arn": str(given.get("ARN", "")),
        "address": addresses.get(name, ""),
        "has_value": True,
        "version": given.get("Version"),
    }
