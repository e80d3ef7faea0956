"""The JSON of the data source aws_iam_policy_document, byte for byte as the AWS provider writes it.

Order and form matter: a policy is compared as text in plans and in people's reviews. Keys come in
IAM's order, a single value is a string instead of a list, more than one value of a set is sorted in
reverse, principals and conditions are sorted by key, and `&{` becomes `${`.

Source: "Data Source: aws_iam_policy_document" (AWS provider documentation); "IAM JSON policy
elements reference", https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from bonkei.base.errors import BonkeiError

Strings: TypeAlias = "str | list[str]"

STATEMENT_KEYS = (
    "Sid",
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Principal",
    "NotPrincipal",
    "Condition",
)
_OLD_VERSION = "2008-10-17"
_GO_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"} | {
    chr(point): f"\\u{point:04x}" for point in (0x2028, 0x2029)
}
_GO_ESCAPED = re.compile("[<>&\u2028\u2029]")


class PolicyDocumentError(BonkeiError):
    """The documents cannot be merged, or one of them is not a policy."""


@dataclass(slots=True)
class _Document:
    version: str = ""
    id: str = ""
    statements: list[dict[str, Any]] = field(default_factory=list)

    def merge(self, other: _Document) -> None:
        """Take over the other's id, higher version and statements; an equal Sid is replaced."""
        self.id = other.id or self.id
        self.version = max(self.version, other.version)
        for statement in other.statements:
            sid = statement.get("Sid", "")
            place = next(
                (i for i, own in enumerate(self.statements) if sid and own.get("Sid") == sid), None
            )
            if place is None:
                self.statements.append(statement)
            else:
                self.statements[place] = statement

    def as_value(self) -> dict[str, Any]:
        value: dict[str, Any] = {}
        if self.version:
            value["Version"] = self.version
        if self.id:
            value["Id"] = self.id
        if self.statements:
            value["Statement"] = self.statements
        return value


def render(config: Mapping[str, Any]) -> tuple[str, str, str]:
    """(`json`, `minified_json`, `id`) of a data source's wholly known configuration.

    Raises PolicyDocumentError: duplicate Sid, a source that is not a policy, `&{` in a document of
    version 2008-10-17.
    """
    merged = _Document()
    seen: set[str] = set()
    for index, text in enumerate(config.get("source_policy_documents") or ()):
        source = _parse(text, f"source_policy_documents[{index}]")
        _refuse_duplicates(source, seen, f"source_policy_documents[{index}]")
        merged.merge(source)
    merged.merge(_own_document(config))
    for index, text in enumerate(config.get("override_policy_documents") or ()):
        merged.merge(_parse(text, f"override_policy_documents[{index}]"))
    value = merged.as_value()
    pretty = _escape(json.dumps(value, indent=2, ensure_ascii=False))
    minified = _escape(json.dumps(value, separators=(",", ":"), ensure_ascii=False))
    return pretty, minified, str(zlib.crc32(pretty.encode()))


def _own_document(config: Mapping[str, Any]) -> _Document:
    version = config.get("version") or "2012-10-17"
    own = _Document(version=version, id=config.get("policy_id") or "")
    own.statements = [_statement(each, version) for each in config.get("statement") or ()]
    _refuse_duplicates(own, set(), "statement")
    return own


def _refuse_duplicates(document: _Document, seen: set[str], place: str) -> None:
    for statement in document.statements:
        sid = statement.get("Sid", "")
        if sid and sid in seen:
            raise PolicyDocumentError(
                f'duplicate Sid "{sid}" in {place}',
                remedy="Remove the Sid or make it unique; to replace a statement, put the new one"
                " in override_policy_documents.",
            )
        seen.add(sid)


def _statement(config: Mapping[str, Any], version: str) -> dict[str, Any]:
    parts = {
        "Sid": config.get("sid") or "",
        "Effect": config.get("effect") or "Allow",
        "Action": _from_set(config.get("actions")),
        "NotAction": _from_set(config.get("not_actions")),
        "Resource": _variables(_from_set(config.get("resources")), version),
        "NotResource": _variables(_from_set(config.get("not_resources")), version),
        "Principal": _principals(_config_principals(config.get("principals"), version)),
        "NotPrincipal": _principals(_config_principals(config.get("not_principals"), version)),
        "Condition": _conditions(
            (each["test"], each["variable"], _variables(list(each["values"]), version))
            for each in config.get("condition") or ()
        ),
    }
    return {key: value for key, value in parts.items() if value not in ("", None, {})}


def _config_principals(blocks: Any, version: str) -> list[tuple[str, Strings]]:
    return [
        (block["type"], _variables(_from_set(block["identifiers"]), version) or [])
        for block in blocks or ()
    ]


def _from_set(values: Iterable[str] | None) -> Strings | None:
    items = list(values or ())
    if not items:
        return None
    return items[0] if len(items) == 1 else sorted(items, reverse=True)


def _variables(values: Strings | None, version: str) -> Strings | None:
    for value in [values] if isinstance(values, str) else values or ():
        if version == _OLD_VERSION and "&{" in value:
            raise PolicyDocumentError(
                f'"&{{" in "{value}": a document of version {_OLD_VERSION} has no policy variables',
                remedy='Set version = "2012-10-17".',
            )
    if isinstance(values, str):
        return values.replace("&{", "${")
    return None if values is None else [value.replace("&{", "${") for value in values]


def _principals(principals: Sequence[tuple[str, Strings]]) -> str | dict[str, Strings]:
    """`"*"` only for type `*`: IAM does not treat `"*"` and `{"AWS": "*"}` alike everywhere."""
    if len(principals) == 1 and principals[0][0] == "*" and principals[0][1] in ("*", ["*"]):
        return "*"
    by_type: dict[str, Strings] = {}
    for kind, identifiers in principals:
        known = by_type.get(kind)
        if isinstance(identifiers, str) and known is None:
            by_type[kind] = identifiers
            continue
        before = [known] if isinstance(known, str) else list(known or ())
        added = [identifiers] if isinstance(identifiers, str) else sorted(identifiers, reverse=True)
        by_type[kind] = before + added
    return dict(sorted(by_type.items()))


def _conditions(conditions: Iterable[tuple[str, str, Any]]) -> dict[str, dict[str, Strings]]:
    """Values keep their order; those of one test and variable are joined."""
    by_test: dict[str, dict[str, list[str]]] = {}
    for test, variable, values in conditions:
        joined = by_test.setdefault(test, {}).setdefault(variable, [])
        joined += [values] if isinstance(values, str) else values
    return {
        test: {
            variable: values[0] if len(values) == 1 else values
            for variable, values in sorted(by_variable.items())
        }
        for test, by_variable in sorted(by_test.items())
    }


def _parse(text: str | None, place: str) -> _Document:
    if not text:
        return _Document()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PolicyDocumentError(f"{place} is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise PolicyDocumentError(f"{place} is not a policy document: it is not a JSON object")
    members = {key.lower(): member for key, member in value.items()}
    statements = members.get("statement") or []
    if not isinstance(statements, list) or not all(isinstance(each, dict) for each in statements):
        raise PolicyDocumentError(
            f"{place}: Statement is not a list of objects",
            remedy="Write the statement inside a list: [ { … } ].",
        )
    return _Document(
        version=str(members.get("version") or ""),
        id=str(members.get("id") or ""),
        statements=[_parsed_statement(each, place) for each in statements],
    )


def _parsed_statement(value: Mapping[str, Any], place: str) -> dict[str, Any]:
    members = {key.lower(): member for key, member in value.items()}
    statement: dict[str, Any] = {}
    for key in STATEMENT_KEYS:
        member = members.get(key.lower())
        if member is None or member == "":
            continue
        if key.endswith("Principal"):
            member = _principals(_parsed_principals(member, place))
        elif key == "Condition":
            member = _conditions(_parsed_conditions(member, place))
        if member != {}:
            statement[key] = member
    return statement


def _parsed_principals(value: Any, place: str) -> list[tuple[str, Strings]]:
    if isinstance(value, str):
        return [("*", ["*"])]
    if not isinstance(value, dict):
        raise PolicyDocumentError(f'{place}: a Principal is "*" or an object')
    for kind, identifiers in value.items():
        if not isinstance(identifiers, str | list):
            raise PolicyDocumentError(
                f"{place}: Principal.{kind} is not a string or a list of strings"
            )
    return list(value.items())


def _parsed_conditions(value: Any, place: str) -> list[tuple[str, str, Any]]:
    if not isinstance(value, dict) or not all(isinstance(each, dict) for each in value.values()):
        raise PolicyDocumentError(f"{place}: a Condition is an object of objects")
    return [
        (test, variable, _condition_values(values))
        for test, by_variable in value.items()
        for variable, values in by_variable.items()
    ]


def _condition_values(values: Any) -> list[str]:
    items = values if isinstance(values, list) else [values]
    return [
        json.dumps(item) if isinstance(item, bool | int | float) else str(item) for item in items
    ]


def _escape(text: str) -> str:
    """Go's encoder escapes `<`, `>` and `&`, so stored policies have them escaped."""
    return _GO_ESCAPED.sub(lambda match: _GO_ESCAPES[match.group()], text)
