"""AWS Systems Manager: parameters. Their values go to the vault. Tasks read them there.

https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bonkei.definitions.provider.aws.shared.checks import at, length, matches
from bonkei.definitions.provider.aws.shared.formats import kms_key
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import Context, Problem, ResourceBehaviour
from bonkei.definitions.provider.values import UNKNOWN, Object, Value, given

_VALUES = ("value", "value_wo", "insecure_value")


def _parameter(mint: Mint) -> Mapping[str, Value]:
    name = str(mint.given("name"))
    secure = mint.given("type") == "SecureString"
    value = mint.given("value") or mint.given("insecure_value") or ""
    return {
        "id": name,
        "arn": mint.arn("ssm", f"parameter/{name.removeprefix('/')}"),
        "data_type": "text",
        "key_id": "alias/aws/ssm" if secure else "",
        "tier": "Standard",
        "version": mint.context.generation,
        "value": value,
        "insecure_value": None if secure else value,
        "has_value_wo": given(mint.planned.get("value_wo_version")),
    }


def _fits(config: Object) -> Iterator[Problem]:
    found = [name for name in _VALUES if config.get(name) is not None]
    if not found:
        yield Problem((), "Missing argument", 'One of "value", "value_wo", "insecure_value".')
    if config.get("type") == "SecureString" and "insecure_value" in found:
        detail = 'A SecureString has its value in "value" or "value_wo".'
        yield Problem(("insecure_value",), "Conflicting arguments", detail)
    key, kind = config.get("key_id"), config.get("type")
    if given(key) and key and given(kind) and kind != "SecureString":
        detail = f"A parameter of type {kind} is not encrypted, so it has no key_id."
        yield Problem(("key_id",), "Conflicting arguments", detail)
    pattern = config.get("allowed_pattern")
    for name in found:
        value = config.get(name)
        if given(pattern) and pattern and value is not UNKNOWN and not _allows(pattern, value):
            detail = f"The value does not match allowed_pattern ({pattern})."
            yield Problem((name,), "Value not allowed", detail)


def _allows(pattern: Value, value: Value) -> bool:
    try:
        return re.search(str(pattern), str(value)) is not None
    except re.error:
        return True


def _store(config: Object, state: Object, context: Context) -> None:
    if not given(state.get("arn")):
        return
    value = next((config.get(name) for name in _VALUES if given(config.get(name))), None)
    if value is not None:
        context.vault.put(str(state["arn"]), str(value))


def _forget(state: Object, context: Context) -> None:
    if given(state.get("arn")):
        context.vault.delete(str(state["arn"]))


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_ssm_parameter": resource(
        _parameter,
        at(
            "name",
            length(1, 1011),
            matches(r"/?[a-zA-Z0-9_.-]+(/[a-zA-Z0-9_.-]+)*", "letters, digits, _.- and / between"),
            matches(r"(?i)(?!/?(aws|ssm)).*", "another beginning than aws or ssm, which AWS keeps"),
        ),
        at("key_id", kms_key),
        at("value", length(1, 8192)),
        at("value_wo", length(1, 8192)),
        _fits,
        recomputed={
            "version": "value value_wo_version insecure_value type",
            "value": "insecure_value",
            "insecure_value": "value type",
        },
        after_apply=_store,
        after_destroy=_forget,
    ),
}
