"""The values of a template's parameters.

Source: "CloudFormation template Parameters syntax",
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bonkei.definitions.cloudformation.errors import TemplateError
from bonkei.definitions.cloudformation.template.model import ParameterDeclaration
from bonkei.definitions.cloudformation.template.parameters import LISTS, as_python

_LONGEST = 4096
_PATIENCE = 60.0  # seconds for all patterns of a template
_LIMIT = 3  # seconds of a processor for them: a busy machine is not a fault
_LOOK = """
import json, re, resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[1]),) * 2)
for name, (pattern, values) in json.load(sys.stdin).items():
    print(name, int(all(re.fullmatch(pattern, value) for value in values)), flush=True)
"""


def matching(asked: Mapping[str, tuple[str, Sequence[str]]]) -> Mapping[str, bool]:
    """Whether each value matches its pattern as a whole, by name. If a pattern took too long, its
    name and all later names are missing. This blocks, so call it in a thread.

    A pattern such as `(a+)+` takes years for some values, and Python's `re` lets nothing else run
    meanwhile, not even in another thread. So a separate process does the matching, and is ended
    when it takes too long.
    """
    if not asked:
        return {}
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _LOOK, str(_LIMIT)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        said, _ = process.communicate(json.dumps(asked), timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        said, _ = process.communicate()
    found = (line.split() for line in said.splitlines())
    return {name: fits == "1" for name, fits in found}


@dataclass(frozen=True, slots=True)
class Given:
    """A parameter in a call. It has a value, or `previous` for the stack's last value."""

    value: str | None = field(default=None, repr=False)
    previous: bool = False


def resolve_parameters(
    declared: Mapping[str, ParameterDeclaration],
    given: Mapping[str, Given],
    before: Mapping[str, str],
) -> Mapping[str, str]:
    """Return every parameter's value as text. `before` has the present values of the stack. Raises
    TemplateError."""
    if unknown := [name for name in given if name not in declared]:
        raise TemplateError(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    values = {name: _value(one, given.get(name), before) for name, one in declared.items()}
    if missing := [name for name, value in values.items() if value is None]:
        raise TemplateError(f"Parameters: [{', '.join(missing)}] must have values")
    found = {name: value for name, value in values.items() if value is not None}
    patterns = {
        name: (as_python(declared[name].allowed_pattern), _members(declared[name], value))
        for name, value in found.items()
        if declared[name].allowed_pattern
    }
    matches = matching(patterns)
    for name, value in found.items():
        if name in patterns and name not in matches:
            what = f"AllowedPattern of {name} takes too long here for the value that is given"
            raise TemplateError(what, declared[name].line)
        _require_fit(declared[name], value, matches.get(name, True))
    return found


def _value(
    declared: ParameterDeclaration, given: Given | None, before: Mapping[str, str]
) -> str | None:
    if given is None:
        return declared.default
    if given.previous and given.value:
        what = f"Invalid input for parameter key {declared.name}. Cannot specify usePreviousValue"
        raise TemplateError(f"{what} as true and non empty value for a parameter")
    if not given.previous:
        return given.value if given.value is not None else declared.default
    if declared.name not in before:
        what = f"Invalid input for parameter key {declared.name}. Cannot specify usePreviousValue"
        raise TemplateError(f"{what} as true for a parameter key not in the previous template")
    return before[declared.name]


def split(kind: str, value: str) -> str | list[str]:
    """Return the value for `Ref`: text, or the members of a list without the spaces around them."""
    if kind not in LISTS:
        return value
    return [member.strip() for member in value.split(",")]


def _members(declared: ParameterDeclaration, value: str) -> list[str]:
    members = split(declared.type, value)
    return members if isinstance(members, list) else [members]


def _require_fit(declared: ParameterDeclaration, value: str, matches: bool) -> None:
    for problem in _problems(declared, value, matches):
        if declared.constraint_description:
            what = f"Parameter {declared.name} failed to satisfy constraint:"
            raise TemplateError(f"{what} {declared.constraint_description}")
        raise TemplateError(f"Parameter '{declared.name}' {problem}")


def _problems(declared: ParameterDeclaration, value: str, matches: bool) -> Iterator[str]:
    each = _members(declared, value)
    if len(value.encode()) > _LONGEST:
        yield f"must contain at most {_LONGEST} bytes"
    if declared.allowed_values and not set(each) <= set(declared.allowed_values):
        yield "must be one of AllowedValues"
    if not matches:
        yield f"must match pattern {declared.allowed_pattern}"
    if declared.type == "String":
        yield from _lengths(declared, value)
    if declared.type in ("Number", "List<Number>"):
        for member in each:
            yield from _bounds(declared, member)


def _lengths(declared: ParameterDeclaration, value: str) -> Iterator[str]:
    if declared.min_length is not None and len(value) < declared.min_length:
        yield f"must contain at least {declared.min_length} characters"
    if declared.max_length is not None and len(value) > declared.max_length:
        yield f"must contain at most {declared.max_length} characters"


def _bounds(declared: ParameterDeclaration, value: str) -> Iterator[str]:
    try:
        number = float(value)
    except ValueError:
        yield "must be a number."
        return
    if declared.min_value is not None and number < declared.min_value:
        yield f"must be a number not less than {declared.min_value:g}"
    if declared.max_value is not None and number > declared.max_value:
        yield f"must be a number not greater than {declared.max_value:g}"
