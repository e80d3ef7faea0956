"""Texts of others: nothing in them hides what it is, and none is long."""

from __future__ import annotations

import json

import pytest

from bonkei.services.console.views import inert

HOSTILE = "<script>alert(1)</script>\x00\x1b[2J\u202egpj.exe\ud800\u200b\ufeff\r"


def test_what_misleads_becomes_visible() -> None:
    assert inert.visible(HOSTILE) == (
        "<script>alert(1)</script>\\x00\\x1b[2J\\u202egpj.exe\\ud800\\u200b\\ufeff\\x0d"
    )


def test_a_text_keeps_its_lines_and_a_name_shows_them() -> None:
    assert inert.visible("a\n\tb") == "a\n\tb"
    assert inert.label("a\n\tb") == "a\\x0a\\x09b"


def test_what_is_shown_is_valid_json_in_utf_8() -> None:
    json.dumps(inert.named(HOSTILE), ensure_ascii=False).encode()


@pytest.mark.parametrize("name", ["", "a/b", HOSTILE, "日本語", "a" * 5_000, "?&#%+ "])
def test_a_name_survives_the_way_through_a_page(name: str) -> None:
    assert inert.decode(str(inert.named(name)["key"])) == name


def test_a_text_is_cut_and_says_so() -> None:
    found = inert.content(b"x" * 50_000, 10_000_000)
    assert (len(str(found["text"])), found["more"], found["size"]) == (
        inert.LONGEST, True, 10_000_000
    )  # fmt: skip


def test_a_character_that_is_cut_at_the_end_is_text() -> None:
    assert inert.content("aあ".encode()[:-1], 1_000)["text"] == "a"


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"a\x00b", b"\x80" + b"a" * 100])
def test_binary_content_is_dumped(data: bytes) -> None:
    found = inert.content(data, len(data))
    assert found["binary"] is True
    assert str(found["text"]).startswith("00000000  ")


def test_a_whole_text_is_whole() -> None:
    assert inert.content(b"hello", 5) == {
        "text": "hello", "binary": False, "size": 5, "more": False
    }  # fmt: skip
