"""The declaration of a parameter.

Source: "CloudFormation template Parameters syntax",
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bonkei.definitions.cloudformation.errors import TemplateError
from bonkei.definitions.cloudformation.template.document import Document
from bonkei.definitions.cloudformation.template.model import ParameterDeclaration

LISTS = frozenset({"CommaDelimitedList", "List<Number>", "List<String>"})
_PLAIN = frozenset({"String", "Number", *LISTS})
_SPECIFIC = re.compile(r"(List<)?AWS::(EC2|Route53|SSM)::[\w:]+(<.+>)?>?")
_KNOWN = frozenset(
    {
        *("Type", "Default", "NoEcho", "AllowedValues", "AllowedPattern", "MinLength", "MaxLength"),
        *("MinValue", "MaxValue", "ConstraintDescription", "Description"),
    }
)


def read_parameter(
    name: str, written: Mapping[str, Any], document: Document
) -> ParameterDeclaration:
    """Read a declaration. Raises TemplateError for a type or a property that CloudFormation or the
    miniature does not have."""
    line = document.line("Parameters", name)
    if unknown := sorted(set(written) - _KNOWN):
        what = f"Template format error: Invalid template parameter property '{unknown[0]}'"
        raise TemplateError(what, document.line("Parameters", name, unknown[0]))
    kind = written.get("Type")
    if not isinstance(kind, str):
        what = f"Template format error: Every Parameters object must contain a Type member: {name}"
        raise TemplateError(what, line)
    _require_type(kind, name, line)
    pattern = _scalar(written, "AllowedPattern", name, line) or ""
    if pattern:
        compile_pattern(pattern, name, line)
    return ParameterDeclaration(
        name=name,
        type=kind,
        default=_scalar(written, "Default", name, line),
        no_echo=_scalar(written, "NoEcho", name, line) in ("true", "True"),
        allowed_values=tuple(map(_as_text, written.get("AllowedValues", ()))),
        allowed_pattern=pattern,
        min_length=_whole(written, "MinLength", name, line),
        max_length=_whole(written, "MaxLength", name, line),
        min_value=_number(written, "MinValue", name, line),
        max_value=_number(written, "MaxValue", name, line),
        constraint_description=_scalar(written, "ConstraintDescription", name, line) or "",
        description=_scalar(written, "Description", name, line) or "",
        line=line,
    )


def compile_pattern(pattern: str, name: str, line: int) -> re.Pattern[str]:
    """CloudFormation's patterns are Java's. Python reads the common ones in the same way."""
    try:
        return re.compile(as_python(pattern))
    except re.error as error:
        what = f"Template format error: AllowedPattern of {name} cannot be read: {error}"
        raise TemplateError(what, line) from None


def as_python(pattern: str) -> str:
    """Java takes a hyphen behind a class literally, as in `[\\w-\\.]`. Python refuses it."""
    return re.sub(r"(?<!\\)(\\[wWdDsS])-", r"\1\-", pattern)


def _require_type(kind: str, name: str, line: int) -> None:
    if kind in _PLAIN:
        return
    if _SPECIFIC.fullmatch(kind):
        what = f"The miniature does not look up a parameter of type {kind}: {name}"
        raise TemplateError(f"{what}; it takes {', '.join(sorted(_PLAIN))}", line)
    raise TemplateError(f"Template format error: Unrecognized parameter type: {kind}", line)


def _scalar(written: Mapping[str, Any], key: str, name: str, line: int) -> str | None:
    value = written.get(key)
    if value is None:
        return None
    if not isinstance(value, str | int | float):
        what = f"Template format error: Every {key} member must be a string: {name}"
        raise TemplateError(what, line)
    return _as_text(value)


def _as_text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _number(written: Mapping[str, Any], key: str, name: str, line: int) -> float | None:
    text = _scalar(written, key, name, line)
    try:
        return None if text is None else float(text)
    except ValueError:
        what = f"Template format error: {key} of {name} must be a number"
        raise TemplateError(what, line) from None


def _whole(written: Mapping[str, Any], key: str, name: str, line: int) -> int | None:
    number = _number(written, key, name, line)
    return None if number is None else int(number)
