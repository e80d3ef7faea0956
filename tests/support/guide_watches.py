"""What the changes of variables have to show, after each release that they need.

A round is a release of the infrastructure with new variables, and one of the programs after it,
while visitors read all the time.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Protocol

from guide_people import People
from guide_reader import Reader
from miniatures import PATIENCE, eventually
from rotations import (
    Visit,
    connects,
    database_environment,
    eventually_signed_in,
    sent_header,
    status_with_header,
)

_MIGRATIONS = "application/backend/"
"""Where people.md sends a reader of a migration's log, in the bucket of the programs' logs."""
_OF_ROLES = ("the role application_2 is", "the role application is shut out")


class Watch(Protocol):
    """`number`: of the round, from 0. Each method may fail the test."""

    def begin(self, number: int) -> None: ...

    def variables_released(self, number: int) -> None: ...

    def programs_released(self, number: int) -> None: ...


class _Quiet:
    """Has nothing to show."""

    def __init__(self, reader: Reader) -> None:
        self._reader, self._project = reader, reader.project

    def begin(self, number: int) -> None: ...

    def variables_released(self, number: int) -> None: ...

    def programs_released(self, number: int) -> None: ...


class Version(_Quiet):
    """Of PostgreSQL."""

    def variables_released(self, number: int) -> None:
        (cluster,) = self._reader.client("rds").describe_db_clusters()["DBClusters"]
        assert cluster["EngineVersion"].startswith("18")


class Header(_Quiet):
    """Both values are accepted between the two releases, and only the new one after them."""

    def begin(self, number: int) -> None:
        self._before = sent_header(self._project)
        if number == 0:
            self._first = self._before

    def variables_released(self, number: int) -> None:
        now = sent_header(self._project)
        accepted = [status_with_header(self._project, each) for each in (self._first, now, "")]
        assert accepted == [[200, 200, 403], [403, 200, 403]][number]
        assert (now != self._before) == (number == 0)


class Password(_Quiet):
    """Both users of the database get in until the programs are released the second time."""

    def begin(self, number: int) -> None:
        self._old = database_environment(self._project)

    def variables_released(self, number: int) -> None:
        def has_the_right_user() -> bool:
            return (database_environment(self._project) == self._old) == (number == 0)

        eventually(has_the_right_user, "the tasks have the right user", PATIENCE, every=1.0)
        assert connects(self._old)

    def programs_released(self, number: int) -> None:
        new = database_environment(self._project)
        found = (new == self._old, connects(self._old), connects(new))
        assert found == (number == 0, number == 0, True)
        eventually(
            lambda: self._has_logged(_OF_ROLES[number]),
            "Migrate's log reports it",
            PATIENCE,
            every=0.5,
        )

    def _has_logged(self, text: str) -> bool:
        s3 = self._reader.client("s3")
        (bucket,) = (
            each["Name"] for each in s3.list_buckets()["Buckets"] if "program-logs" in each["Name"]
        )
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=_MIGRATIONS)
        keys = (each["Key"] for page in pages for each in page.get("Contents", ()))
        bodies = (s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys)
        return any(text.encode() in gzip.decompress(body) for body in bodies)


class Cookies(_Quiet):
    """Everybody has to sign in again. `password`: of `admin`."""

    def __init__(self, reader: Reader, password: Callable[[], str]) -> None:
        super().__init__(reader)
        self._password = password

    def begin(self, number: int) -> None:
        self._visit = Visit(self._project, self._password())
        assert self._visit.is_signed_in()

    def programs_released(self, number: int) -> None:
        assert not self._visit.is_signed_in()
        self._visit.close()
        eventually_signed_in(self._project, self._password())


class Operators(_Quiet):
    """Who is named gets the role, and no one else. `profile` of ~/.aws/config has its session."""

    def __init__(self, reader: Reader) -> None:
        super().__init__(reader)
        self.people = People(reader.project)
        self.profile = ""

    def begin(self, number: int) -> None:
        """At first the account's policies decide, and the colleague has none."""
        self.people.nobody_else(but=("", "colleague")[number])

    def variables_released(self, number: int) -> None:
        who = ("colleague", "member")[number]
        self.people.nobody_else(but=who)
        session = getattr(self.people, who)()
        self.people.does_what_the_page_says(session)
        self.profile = f"operator-{who}"
        self._reader.configure(session.profile(self.profile))
