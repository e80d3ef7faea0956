"""Releases the variables of updating.md, rotating.md and people.md in two rounds, and looks."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from uuid import uuid4

from guide_reader import Reader
from guide_replaced import TYPED
from guide_variables import body, rounds, subject
from guide_watches import Cookies, Header, Operators, Password, Version, Watch
from guides import Block
from miniatures import visitors

_SELDOM = 0.5  # seconds between two visits of each of three
# With a hundredth, visits took half of what the programs used. Others visit 200 times a second:
# tests/e2e/test_releases_of_programs.py.
_OFTEN = 0.1
_ONCE = re.compile(r", *allow_major_version_upgrade = true")


class Rounds:
    """`blocks`: of the pages, in their order. `password`: of `admin`."""

    def __init__(
        self, reader: Reader, blocks: Sequence[Block], password: Callable[[], str]
    ) -> None:
        self.operators = Operators(reader)
        self._site = reader.project.site
        self._project = reader.project
        self._rounds = rounds(blocks)
        self._watches: dict[str, Watch] = {
            "database.engine_version": Version(reader),
            "database.application_password": Password(reader),
            "origin_header": Header(reader),
            "session_secret_version": Cookies(reader, password),
            "operators": self.operators,
        }
        self.released: set[Block] = set()

    def text(self, number: int) -> str:
        """What goes into the variables. "Then take allow_major_version_upgrade out again." """
        again = [each for each in self._rounds[0] if _ONCE.search(each.body)] if number else []
        lines = [_ONCE.sub("", body(each)) for each in again]
        text = "".join([*lines, *(body(each) for each in self._rounds[number])])
        return re.sub(r"\bNAME\b", TYPED["NAME"], text)

    def begin(self, number: int) -> None:
        self._each(number, lambda watch: watch.begin(number))

    def variables_released(self, number: int) -> None:
        self._each(number, lambda watch: watch.variables_released(number))

    def programs_released(self, number: int) -> None:
        self._each(number, lambda watch: watch.programs_released(number))
        self.released.update(self._rounds[number])

    @contextlib.contextmanager
    def visited(self) -> Iterator[Callable[[], None]]:
        """No visitor's request may be lost. One page is never from a cache: it asks the
        database.

        What is yielded says that resources begin to change: visits come often from then on. Before,
        while sources are scanned, planned and built, they would use the processor that this needs.
        """
        anew = f"{self._site}/api/v1/components/{uuid4()}"
        pauses = [_SELDOM]
        with (
            visitors(self._project, pause=lambda: pauses[-1]) as troubles,
            visitors(self._project, anew, expected=404, pause=lambda: pauses[-1]) as others,
        ):
            yield lambda: pauses.append(_OFTEN)
        lost = [*troubles, *others]
        assert lost == [], lost

    @contextlib.contextmanager
    def named(self, number: int) -> Iterator[None]:
        """A release that fails names the blocks that it carries."""
        try:
            yield
        except BaseException as error:  # also those by which pytest fails a test
            for block in self._rounds[number]:
                error.add_note(f"with {block.where}")
            raise

    def _each(self, number: int, do: Callable[[Watch], None]) -> None:
        for block in self._rounds[number]:
            try:
                do(self._watches[subject(block)])
            except BaseException as error:
                error.add_note(f"in {block.where}")
                raise
