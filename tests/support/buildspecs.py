"""The commands of a buildspec, as a shell would part them, with a project's variables in them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
_VARIABLE = re.compile(r"\$\{?(\w+)\}?")


def commands(buildspec: str, variables: Mapping[str, str] | None = None) -> Iterator[list[str]]:
    """Each simple command's words, in order. A variable that is not given stays as it is."""
    spec = yaml.safe_load((ROOT / buildspec).read_text(encoding="utf-8"))
    known = dict(variables or {})
    for phase in spec["phases"].values():
        for line in phase["commands"]:
            filled = _VARIABLE.sub(lambda found: known.get(found[1], found[0]), line)
            yield from _simple(filled)


def option(words: list[str], name: str) -> str:
    """An option's value, whether after a space or a `=`; empty when it is not there."""
    for index, word in enumerate(words):
        if word == name:
            return words[index + 1]
        if word.startswith(f"{name}="):
            return word.removeprefix(f"{name}=")
    return ""


def _simple(line: str) -> Iterator[list[str]]:
    assigned = re.fullmatch(r'\w+="\$\((.*)\)";.*', line)  # NAME="$(command)"; export NAME
    lexer = shlex.shlex(assigned[1] if assigned else line, posix=True, punctuation_chars=";&|")
    lexer.whitespace_split = True
    words: list[str] = []
    for token in lexer:
        if set(token) <= set(";&|"):
            yield words
            words = []
        elif token not in ("if", "then", "else", "do", "for"):
            words.append(token)
    yield words
