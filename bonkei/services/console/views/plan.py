"""Terraform's plan, read from a build's log, for the person who approves it.

The text is Terraform's own (`terraform plan`, "Understanding the plan output"): a heading for each
resource, its lines, and a last line with counts. If the headings do not add up to these counts, the
plan is "not whole". So a change cannot be approved unseen.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bonkei.services.console.values import Json
from bonkei.services.console.views.inert import visible

MOST_TEXT = 200_000
"""Bytes of a plan that are shown by resource, and again as plain text."""
_LONGEST = 20_000  # characters of a line
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_BEGIN = (
    "Terraform will perform the following actions:",
    "Terraform planned the following actions, but then encountered a problem:",
    "OpenTofu will perform the following actions:",
    "OpenTofu planned the following actions, but then encountered a problem:",
)
_OUTPUTS = "Changes to Outputs:"
_NOTHING = re.compile(r"^No changes\. ")
_OUTPUTS_ONLY = re.compile(r"^You can apply this plan to save these new output values")
_COUNT = re.compile(
    r"^Plan: (?:(?P<import>\d+) to import, )?(?P<add>\d+) to add, (?P<change>\d+) to change, "
    r"(?P<destroy>\d+) to destroy(?:, (?P<forget>\d+) to forget)?\."
)
_HEADING = re.compile(
    r"^  # (?P<address>.+) (?:"
    r"(?P<create>will be created)"
    r"|(?P<read>will be read during apply)"
    r"|(?P<update>will be updated in-place)"
    r"|(?P<replace>must be replaced|will be replaced, as requested"
    r"|will be replaced due to changes in replace_triggered_by)"
    r"|(?P<destroy>will be destroyed)"
    r"|(?P<forget>will no longer be managed by (?:Terraform|OpenTofu), but will not be destroyed"
    r"|will be removed from the (?:Terraform|OpenTofu) state but will not be destroyed)"
    r"|(?P<import>will be imported)"
    r"|(?P<move>has moved to .+)"
    r")(?: \(deposed object \w+\))?$"
)
_SIGNS = re.compile(r"^\s*(-/\+|\+/-|<=|[-+~])\s")
_KINDS = {
    "+": "add",
    "-": "remove",
    "~": "change",
    "-/+": "replace",
    "+/-": "replace",
    "<=": "read",
}
_ORDER = ("destroy", "replace", "forget", "update", "create", "import", "move", "read")
"""The most dangerous first."""


@dataclass(frozen=True, slots=True)
class Line:
    """`kind`: add | remove | change | replace | read, or empty."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """`verb`: create | update | replace | destroy | read | forget | import | move. `note`: the
    reason, in Terraform's words."""

    address: str
    verb: str
    note: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """`counts`: those of Terraform's last line, by its words. `is_whole`: the changes here add up
    to these counts. `failed`: Terraform could not plan everything."""

    changes: tuple[Change, ...]
    outputs: tuple[Line, ...]
    counts: tuple[tuple[str, int], ...]
    is_whole: bool
    failed: bool
    raw: str


def read_plan(log: str) -> Plan | None:
    """The last plan in a log, or None."""
    # A value must not mislead the person who approves: no part of it is invisible or reverses the
    # line.
    lines = [visible(_COLOUR.sub("", line).rstrip("\r"), _LONGEST) for line in log.split("\n")]
    inside = _last_plan(lines)
    if not inside:
        return None
    # Only the last one counts. A value's text is indented, but a program's is not.
    counted = [found for line in inside if (found := _COUNT.match(line))]
    counts = {
        name: int(number) for name, number in (counted[-1].groupdict() if counted else {}).items()
        if number is not None
    }  # fmt: skip
    changes = tuple(sorted(_changes(inside), key=lambda each: _ORDER.index(each.verb)))
    nothing = any(_NOTHING.match(line) or _OUTPUTS_ONLY.match(line) for line in inside)
    return Plan(
        changes,
        tuple(_outputs(inside)),
        tuple(counts.items()),
        _is_whole(changes, counts) if counts else nothing and not changes,
        "encountered a problem" in inside[0],
        "\n".join(inside).strip("\n"),
    )


def plan_json(plan: Plan) -> Json:
    """The plan for a page: bounded, with `more` if something is left out. The most dangerous
    changes are shown first."""
    left = MOST_TEXT
    changes: list[Json] = []
    for each in plan.changes:
        left -= _bytes(each.address) + _bytes(each.note) + 100
        if left < 0:
            break
        shown: list[Json] = []
        for line in each.lines:
            left -= _bytes(line.text) + 16
            if left < 0:
                break
            shown.append([line.kind, line.text])
        cut = len(each.lines) - len(shown)
        changes.append(
            {"address": each.address, "verb": each.verb, "note": each.note, "lines": shown,
             "cut": cut}
        )  # fmt: skip
    raw = _beginning(plan.raw)
    return {
        "changes": changes,
        "outputs": [[line.kind, line.text[:300]] for line in plan.outputs[:100]],
        "counts": dict(plan.counts),
        "whole": plan.is_whole,
        "failed": plan.failed,
        "raw": raw,
        "more": left < 0 or len(raw) < len(plan.raw),
    }


def _bytes(text: str) -> int:
    """The length as JSON in UTF-8."""
    return len(json.dumps(text, ensure_ascii=False).encode())


def _beginning(text: str) -> str:
    cut = text
    while _bytes(cut) > MOST_TEXT:
        cut = cut[: len(cut) * MOST_TEXT // _bytes(cut)]
    return cut


def _last_plan(lines: Sequence[str]) -> Sequence[str]:
    """The lines from the beginning of the last plan to Terraform's ruler below it; empty without a
    plan. A plan may contain only outputs."""
    end, outputs = len(lines), -1
    for at in range(len(lines) - 1, -1, -1):
        if lines[at].startswith("────"):
            if outputs >= 0:
                break
            end = at
        elif lines[at] in _BEGIN or _NOTHING.match(lines[at]):
            return lines[at:end]
        elif lines[at] == _OUTPUTS:
            outputs = at
    return lines[outputs:end] if outputs >= 0 else ()


def _changes(lines: Sequence[str]) -> Iterator[Change]:
    at = 0
    while at < len(lines):
        heading = _HEADING.match(lines[at])
        at += 1
        if heading is None:
            continue
        verb = next(name for name in _ORDER if heading[name])
        notes = []
        while at < len(lines) and lines[at].startswith("  # "):
            notes.append(lines[at][4:].strip("()"))
            at += 1
        begin = at
        while at < len(lines) and not _ends_block(lines[at]):
            at += 1
        at += at < len(lines) and lines[at] == "    }"
        block = lines[begin:at]
        address = heading["address"].removesuffix(" is tainted, so")
        yield Change(address, verb, "; ".join(notes), tuple(map(_line, block)))


def _ends_block(line: str) -> bool:
    """A value's own text is indented farther."""
    return line == "    }" or line[:4] == "  # " or (bool(line) and line[0] not in " -+<~")


def _outputs(lines: Sequence[str]) -> Iterator[Line]:
    inside = False
    for line in lines:
        if line == _OUTPUTS:
            inside = True
        elif inside and line and not line.startswith(" "):
            return
        elif inside and line:
            yield _line(line)


def _line(text: str) -> Line:
    found = _SIGNS.match(text)
    return Line(_KINDS[found[1]] if found else "", text)


def _is_whole(changes: Sequence[Change], counts: dict[str, int]) -> bool:
    """Terraform counts a replacement as one to add and one to destroy."""
    found = Counter(each.verb for each in changes)
    return (
        counts["add"] == found["create"] + found["replace"]
        and counts["change"] == found["update"]
        and counts["destroy"] == found["destroy"] + found["replace"]
    )
