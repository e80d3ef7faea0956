"""Names become loopback addresses; everything else in a value stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bonkei.addresses import AddressBook, Loopback

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
    ],
)
def test_names_are_translated(value: str, translated: str) -> None:
    assert BOOK.translate(value) == translated


@pytest.mark.parametrize(
    "value",
    [
        "backend",  # a word, not a host: it may mean anything
        "http://backend.example.com",
        "http://my-backend:8000",
        "the backend: it runs",
        "https://d111.cloudfront.network",
        "old-db.cluster-abc.us-east-1.rds.amazonaws.com",
        "http://example.com/backend:8000",
    ],
)
def test_what_only_looks_like_a_name_stays(value: str) -> None:
    assert BOOK.translate(value) == value


@given(st.text())
def test_an_empty_book_changes_nothing(value: str) -> None:
    assert AddressBook().translate(value) == value


def test_a_name_keeps_its_address(tmp_path: Path) -> None:
    first = Loopback(tmp_path / "a" / "addresses", tmp_path / "claims")
    given_out = [first.address("x"), first.address("y"), first.address("x")]
    again = Loopback(tmp_path / "a" / "addresses", tmp_path / "claims")
    assert [again.address("y"), again.address("x")] == [given_out[1], given_out[0]]
    assert given_out[0] == given_out[2] != given_out[1]


def test_two_miniatures_share_no_address(tmp_path: Path) -> None:
    one = Loopback(tmp_path / "one", tmp_path / "claims")
    two = Loopback(tmp_path / "two", tmp_path / "claims")
    assert one.address("x") != two.address("x")


def test_a_removed_miniature_gives_its_addresses_back(tmp_path: Path) -> None:
    address = Loopback(tmp_path / "one", tmp_path / "claims").address("x")
    (tmp_path / "one").unlink()
    assert Loopback(tmp_path / "two", tmp_path / "claims").address("x") == address
