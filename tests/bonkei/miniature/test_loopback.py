"""Names become loopback addresses. Everything else in a value stays unchanged."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonkei.miniature import loopback as addresses
from bonkei.miniature.loopback import AddressBook, Loopback

BOOK = AddressBook(
    hosts={"db.cluster-abc.us-east-1.rds.amazonaws.com": "127.77.1.1"},
    services={"backend": "127.77.1.2"},
    urls={"https://d111.cloudfront.net": "http://127.0.0.1:8080"},
)


@pytest.mark.parametrize(
    ("value", "translated"),
    [
        ("http://backend:8000", "http://127.77.1.2:8000"),
        ("http://backend", "http://127.77.1.2"),
        ("http://backend/api?x=backend", "http://127.77.1.2/api?x=backend"),
        ("http://user:pw@backend:8000/", "http://user:pw@127.77.1.2:8000/"),
        ("backend:8000", "127.77.1.2:8000"),
        ("db.cluster-abc.us-east-1.rds.amazonaws.com", "127.77.1.1"),
        (
            "postgresql://u@db.cluster-abc.us-east-1.rds.amazonaws.com:5432/app",
            "postgresql://u@127.77.1.1:5432/app",
        ),
        ("https://d111.cloudfront.net", "http://127.0.0.1:8080"),
        ("https://d111.cloudfront.net/feed.atom", "http://127.0.0.1:8080/feed.atom"),
        ('{"site": "https://d111.cloudfront.net"}', '{"site": "http://127.0.0.1:8080"}'),
    ],
)
def test_names_are_translated(value: str, translated: str) -> None:
    assert BOOK.translate(value) == translated


@pytest.mark.parametrize(
    "value",
    [
        "backend",  # a word, not a host name
        "http://backend.example.com",
        "http://my-backend:8000",
        "the backend: it runs",
        "https://d111.cloudfront.network",
        "https://d111.cloudfront.net:8443",
        "old-db.cluster-abc.us-east-1.rds.amazonaws.com",
        "http://example.com/backend:8000",
    ],
)
def test_values_that_only_resemble_names_stay(value: str) -> None:
    assert BOOK.translate(value) == value


@given(st.text())
def test_an_empty_book_changes_nothing(value: str) -> None:
    assert AddressBook().translate(value) == value


@pytest.fixture
def loopback() -> Iterator[Callable[[Path], Loopback]]:
    """Make miniatures' addresses, which are released after the test."""
    with contextlib.ExitStack() as opened:

        def make(file: Path) -> Loopback:
            made = Loopback(file)
            opened.callback(made.close)
            return made

        yield make


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other test's miniature takes a number in the meantime."""
    monkeypatch.setattr(addresses, "FIRST_PORT", 32_100)  # nor does a task, or a connection


@pytest.mark.usefixtures("alone")
def test_a_name_keeps_its_address(tmp_path: Path, loopback) -> None:
    first = loopback(tmp_path / "a" / "addresses")
    given_out = [first.address("x"), first.address("y"), first.address("x")]
    first.close()
    again = loopback(tmp_path / "a" / "addresses")
    assert [again.address("y"), again.address("x")] == [given_out[1], given_out[0]]
    assert given_out[0] == given_out[2] != given_out[1]


def test_two_miniatures_share_no_address(tmp_path: Path, loopback) -> None:
    one = loopback(tmp_path / "one")
    two = loopback(tmp_path / "two")
    assert one.address("x") != two.address("x")


@pytest.mark.usefixtures("alone")
def test_a_miniature_whose_number_was_taken_gets_the_next(tmp_path: Path, loopback) -> None:
    first = loopback(tmp_path / "one")
    before = first.address("x")
    first.close()
    assert loopback(tmp_path / "two").address("x") == before
    again = loopback(tmp_path / "one")
    assert again.address("x") != before
    again.close()
    assert loopback(tmp_path / "one").address("x") == again.address("x")


AS_ANOTHER_USER = """
import os, sys
from pathlib import Path
from bonkei.miniature.loopback import Loopback
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
held = Loopback(Path(sys.argv[1]))
print(held.address("x"), flush=True)
sys.stdin.read()
"""


def test_another_user_of_this_machine_gets_other_addresses(tmp_path: Path, loopback) -> None:
    """Another user (where the tests may become one), who also has another TMPDIR."""
    theirs = Path(tempfile.mkdtemp(dir="/tmp"))
    theirs.chmod(0o777)
    (theirs / "tmp").mkdir()
    (theirs / "tmp").chmod(0o777)
    ours = loopback(tmp_path / "ours").address("x")
    command = [sys.executable, "-c", AS_ANOTHER_USER, str(theirs / "home" / "addresses")]
    environment = {**os.environ, "TMPDIR": str(theirs / "tmp")}
    try:
        with subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as other:
            assert other.stdout is not None
            said = other.stdout.readline().strip()
            assert said.startswith("127.77.")
            assert said != ours
            # A third user does not take the other user's number either.
            assert loopback(tmp_path / "third").address("x") not in (said, ours)
            other.kill()
    finally:
        shutil.rmtree(theirs)


def test_a_half_written_file_is_made_again(tmp_path: Path, loopback) -> None:
    for rubbish in ("", "no number\n", "3\nname without number x\n", "999\n"):
        (tmp_path / "addresses").write_text(rubbish)
        made = loopback(tmp_path / "addresses")
        assert made.address("x").startswith("127.77.")
        made.close()
