"""Finds commands that write outside the build's own folder by reading them: pure.

It is used only on a machine that cannot confine a build. It sees the text of commands, not the
effects of a program. So it can refuse a line, but guarantees nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bonkei.services.codebuild.buildspec.model import Buildspec
from bonkei.services.codebuild.errors import PhaseError

_COPYING = ("cp", "ln", "install", "rsync")
_HARMLESS = ("/dev/null", "/dev/stdout", "/dev/stderr", "/dev/fd/", "/dev/tty")
_REDIRECTION = re.compile(r"(?:^|[^<\d&])\d?>{1,2}\|?\s*[\"']?(/[^\s\"';|&)]+)")
_WRITING = re.compile(
    r"(?:^|[;&|(]\s*|\b(?:then|do|else)\s+|\bsudo\s+)"
    r"(?P<program>cp|mv|mkdir|install|tee|ln|touch|rm|chmod|chown|dd|sed\s+-i|rsync)\b"
    r"""(?P<rest>(?:'[^'\n]*'|"[^"\n]*"|[^;&|\n])*)"""
)
_SCRIPT = re.compile(r"""^(\S*(?:\s+-\S+)*\s+)(?:'[^'\n]*'|"[^"\n]*"|\S+)""")
"""What `sed -i` does, behind the ending of a copy and options: no file."""
_TARGETS = {
    r"curl": r"-[A-Za-z]*o|--output",
    r"wget": r"-[A-Za-z]*[OP]|--output-document|--directory-prefix",
    r"tar": r"-[A-Za-z]*C|--directory",
    r"unzip": r"-[A-Za-z]*d",
}
_PLACED = tuple(
    re.compile(rf"\b{program}\b[^;&|\n]*?\s(?:{options})[= ]?[\"']?(/[^\s\"';|&)]+)")
    for program, options in _TARGETS.items()
)
_INSTALLING = re.compile(
    r"(?:^|[;&|(]\s*|\bsudo\s+)(?:apt-get|apt|yum|dnf|apk|brew|snap|rpm|dpkg|npm\s+(?:i|install)\s+-g|"
    r"systemctl|service|useradd|mount|update-alternatives)\b"
)
_PATH = re.compile(r"(?:^|\s)[\"']?(/[^\s\"';|&)]*)")


@dataclass(frozen=True, slots=True)
class Escape:
    """`line` of the buildspec, the command, and the files that the command would write."""

    line: int
    command: str
    what: str


def escapes(spec: Buildspec) -> Iterator[Escape]:
    """Each entry that writes outside, with its first line."""
    for phase in spec.phases:
        written = [*phase.commands, *phase.finally_]
        for line, command in zip(phase.lines, written, strict=False):
            what = outside(command)
            if what:
                yield Escape(line, command, what)


def refuse(spec: Buildspec, why: str) -> None:
    """Raises PhaseError for the first entry that writes outside. `why`: why nothing confines a
    build."""
    for each in escapes(spec):
        raise PhaseError(
            "CLIENT_ERROR",
            f"line {each.line} of the buildspec: {each.what}, and nothing confines a build here "
            f"({why}): {each.command.splitlines()[0]}",
            remedy='write below "$HOME"; or set `outside = true` under [builds] in bonkei.toml',
        )


def outside(command: str) -> str:
    """The effect of a command outside the folder; empty if none is found."""
    if match := _INSTALLING.search(command):
        return f"`{match[0].strip(' ;&|(')}` changes this machine"
    for pattern in (_REDIRECTION, *_PLACED):
        for match in pattern.finditer(command):
            if not match[1].startswith(_HARMLESS):
                return f"it writes {match[1]}"
    for match in _WRITING.finditer(command):
        rest = match["rest"]
        if match["program"].startswith("sed"):
            rest = _SCRIPT.sub(r"\1", rest)
        paths = [p for p in _PATH.findall(rest) if not p.startswith(_HARMLESS)]
        last = f" {rest}".rstrip().rpartition(" ")[2]
        # A copy writes only its last argument.
        if match["program"] in _COPYING and not last.strip("\"'").startswith("/"):
            continue
        if paths:
            return f"`{match['program']}` writes {paths[-1]}"
    return ""
