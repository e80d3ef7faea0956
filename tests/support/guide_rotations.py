"""The rotations of docs/operations/rotating.md, by releases, while visitors read all the time."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from guides import Block
from miniatures import Project, eventually, visitors
from rotations import (
    Visit,
    connects,
    database_environment,
    eventually_signed_in,
    sent_header,
    status_with_header,
)

Release = Callable[[], None]


class Rotations:
    """Remembers what CloudFront has sent: a rotation of the header takes two blocks of the page."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._headers: list[str] = []

    def follow(self, block: Block, variables: Release, programs: Release, password: str) -> None:
        """`variables` releases the infrastructure with the block; `password`: of `admin`."""
        if block.body.startswith("origin_header"):
            self._header(variables, first="previous_version" in block.body)
        elif block.body.startswith("database"):
            self._password(variables, programs, first="next_version" in block.body)
        else:
            self._cookies(variables, programs, password)

    def _header(self, variables: Release, *, first: bool) -> None:
        """Both values are accepted between the releases, and only the new one after them."""
        project = self._project
        self._headers.append(sent_header(project))
        with visitors(project) as troubles:
            variables()
        assert troubles == []
        self._headers.append(sent_header(project))
        accepted = [status_with_header(project, each) for each in self._headers]
        assert accepted == ([200, 200] if first else [403, 200, 200, 200])
        assert (self._headers[-2] != self._headers[-1]) == first

    def _password(self, variables: Release, programs: Release, *, first: bool) -> None:
        """Both users get in until the programs are released the second time."""
        project = self._project
        anew = (f"{project.site}/api/v1/components/{uuid4()}",)  # never from a cache: 404 or 503
        old = database_environment(project)

        def has_the_right_user() -> bool:
            return (database_environment(project) == old) == first

        with visitors(project, *anew, expected=404) as troubles:
            variables()
            eventually(has_the_right_user, "the tasks have the right user", 120)
            assert connects(old)
            programs()
        assert troubles == []
        new = database_environment(project)
        assert (new == old, connects(old), connects(new)) == (first, first, True)

    def _cookies(self, variables: Release, programs: Release, password: str) -> None:
        visit = Visit(self._project, password)
        assert visit.is_signed_in()
        with visitors(self._project) as troubles:
            variables()
            programs()
        assert troubles == []
        assert not visit.is_signed_in()
        eventually_signed_in(self._project, password)
