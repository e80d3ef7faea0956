"""A machine with one loopback address: each port of a name has a port of its own."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bonkei.miniature import loopback as addresses
from bonkei.miniature.loopback import AddressBook, Loopback

DATABASE, READER, API = "127.77.1.1", "127.77.1.2", "127.77.1.3"
NAMES = {"db.rds.amazonaws.com": DATABASE, "other.rds.amazonaws.com": READER, "api.shop": API}
PORTS = {(DATABASE, 5432): 12001, (READER, 5432): 5432, (API, 80): 12002, (API, 8000): 12003}
BOOK = AddressBook(hosts=NAMES, services={"api": API}, ports=PORTS)


@pytest.mark.parametrize(
    ("value", "here"),
    [
        ("postgresql://u:p@db.rds.amazonaws.com:5432/app", "postgresql://u:p@127.0.0.1:12001/app"),
        ("postgresql+psycopg://u@db.rds.amazonaws.com/app", "postgresql+psycopg://u@127.0.0.1:12001/app"),
        ("jdbc:postgresql://db.rds.amazonaws.com/app", "jdbc:postgresql://127.0.0.1:12001/app"),
        ("db.rds.amazonaws.com:5432", "127.0.0.1:12001"),
        ("http://api/x,http://api:8000", "http://127.0.0.1:12002/x,http://127.0.0.1:12003"),
        ("api.shop:8000", "127.0.0.1:12003"),
        ("https://api.shop/", f"https://{API}/"),  # it has no 443, here nor on AWS
        ("api.shop:8001", f"{API}:8001"),
        ("10.127.77.1.1:5432", "10.127.77.1.1:5432"),
        ("no name", "no name"),
    ],
)  # fmt: skip
def test_a_name_and_its_port_become_those_here(value: str, here: str) -> None:
    assert BOOK.translate_all({"X": value}) == {"X": here}


@pytest.mark.parametrize(
    ("given", "here"),
    [
        (("DB_HOST", "DB_PORT"), ("127.0.0.1", "12001")),
        (("PGHOST", "PGPORT"), ("127.0.0.1", "12001")),
        (("DB_HOST", "PORT"), (DATABASE, "5432")),  # that is the container's own
        (("DB_HOST", "DB_POOL"), (DATABASE, "5432")),
    ],
)
def test_a_host_and_its_port_in_two_variables(
    given: tuple[str, str], here: tuple[str, str]
) -> None:
    values = dict(zip(given, ("db.rds.amazonaws.com", "5432"), strict=True))
    assert BOOK.translate_all(values) == dict(zip(given, here, strict=True))


def test_each_host_takes_the_port_that_is_named_like_it() -> None:
    values = {"DB_HOST": "db.rds.amazonaws.com", "API_HOST": "api.shop", "DB_PORT": "5432"}
    values |= {"API_PORT": "8000", "SHOWN_PORT": "5432"}
    found = BOOK.translate_all(values)
    assert (found["DB_PORT"], found["API_PORT"], found["SHOWN_PORT"]) == ("12001", "12003", "5432")


def test_a_host_without_its_port_leads_only_to_a_server_at_that_port() -> None:
    """A server of the user's may listen at the port that the program knows."""
    assert BOOK.translate_all({"H": "db.rds.amazonaws.com"}) == {"H": DATABASE}
    assert BOOK.translate_all({"H": "other.rds.amazonaws.com"}) == {"H": "127.0.0.1"}


@pytest.fixture
def at_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Loopback]]:
    """Make miniatures' addresses on a machine with one, which are released after the test."""
    monkeypatch.setattr(addresses, "_can_bind", lambda _: False)
    with ExitStack() as opened:

        def make(name: str) -> Loopback:
            made = Loopback(tmp_path / name)
            opened.callback(made.close)
            return made

        yield make


def test_each_port_of_a_name_keeps_its_own(at_one: Callable[[str], Loopback]) -> None:
    first = at_one("one")
    host, other = first.address("service api"), first.address("service web")
    asked = ((host, 80), (host, 8000), (other, 80), (host, 80))
    given = [first.here(*each) for each in asked]
    assert {address for address, _ in given} == {"127.0.0.1"}
    assert len(set(given)) == 3
    assert given[0] == given[3]
    first.close()
    again = at_one("one")
    assert [again.here(*each) for each in asked] == given
    beside = at_one("two")
    assert beside.here(beside.address("service api"), 80) not in given


def test_a_port_that_was_taken_meanwhile_is_replaced(at_one: Callable[[str], Loopback]) -> None:
    first = at_one("one")
    host = first.address("cluster main")
    before = first.here(host, 5432)
    first.close()
    with socket.create_server(before):
        again = at_one("one")
        assert again.here(again.address("cluster main"), 5432) != before


def test_a_store_has_its_own_port_while_it_is_free(at_one: Callable[[str], Loopback]) -> None:
    first = at_one("one")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert first.here(first.address("cluster a"), port, keeps=True)[1] != port
    assert first.here(first.address("cluster b"), port, keeps=True)[1] == port
    assert first.here(first.address("cluster c"), port, keeps=True)[1] != port
