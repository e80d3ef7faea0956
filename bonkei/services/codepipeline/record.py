"""A pipeline's book on disk: a file for each execution, and one for the rest.

Each file is written beside its old one and then replaces it. So a SIGKILL leaves the old file or
the new one, never a part. All are written before the first one replaces its old one, so a full disk
changes none. The executions come first, because the counts of the other file can be computed again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from bonkei.base import kept
from bonkei.base.folders import matching
from bonkei.services.codepipeline.core.values import Book, Execution

_REST = "pipeline.json"
_EXECUTION = "or remove it: the execution is forgotten"
_BOOK = "or remove it: the executions stay, and what waits is forgotten"


class Record:
    """The record of one pipeline, in its own directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self) -> Book:
        """The book of an earlier run, or an empty book. Raises DamagedError."""
        files = matching(self._directory, "executions/*.json")
        read = [kept.read_json(file, partial(kept.load, Execution), _EXECUTION) for file in files]
        executions = sorted(filter(None, read), key=lambda each: each.number)
        book = kept.read_json(self._directory / _REST, partial(kept.load, Book), _BOOK) or Book()
        return replace(
            book,
            executions=tuple(executions),
            starts=max([book.starts, *(each.number for each in executions)]),
            arrivals=max([book.arrivals, *(each.arrived for each in executions)]),
        )

    def write(self, before: Book, book: Book) -> None:
        """Write all of the changes or, with an OSError, none of them."""
        known = {each.id: each for each in before.executions}
        changed = {
            self._directory / "executions" / f"{each.id}.json": asdict(each)
            for each in book.executions
            if known.get(each.id) is not each
        }
        if replace(before, executions=()) != replace(book, executions=()):
            changed[self._directory / _REST] = asdict(replace(book, executions=()))
        drafts = {file.with_suffix(".new"): file for file in changed}
        try:
            for draft, file in drafts.items():
                _write(draft, changed[file])
        except BaseException:
            for draft in drafts:
                draft.unlink(missing_ok=True)  # a full disk needs the space
            raise
        for draft, file in drafts.items():
            draft.replace(file)
        for gone in known.keys() - {each.id for each in book.executions}:
            (self._directory / "executions" / f"{gone}.json").unlink(missing_ok=True)


def _write(draft: Path, values: Mapping[str, Any]) -> None:
    draft.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
        opened.write(kept.sealed(json.dumps(values).encode()))
