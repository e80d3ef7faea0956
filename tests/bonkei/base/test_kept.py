"""Files are written whole or not at all, and what is damaged is never empty."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal
from unittest.mock import Mock

import pytest

from bonkei.base.kept import DamagedError, load, read_json, write, write_json


def test_a_file_is_written_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    write(file, '{"a": 1}')
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_json(file, dict) == {"a": 1}
    write(file, b"{}")
    assert [each.name for each in tmp_path.iterdir()] == ["kept.json"]


def test_a_failed_write_leaves_the_old_content_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "kept.json"
    write(file, "old")
    monkeypatch.setattr(os, "fsync", Mock(side_effect=OSError("the disk is full")))
    with pytest.raises(OSError, match="full"):
        write(file, "new")
    assert file.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["kept.json"]


def test_no_file_is_nothing(tmp_path: Path) -> None:
    assert read_json(tmp_path / "kept.json", dict) is None


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "it is empty"),
        (b"\0\0\0", "it is empty"),
        (b"\xff{}", "it is not text"),
        (b'{"a": ', "it is not JSON"),
        (b"{}", "'a' is missing in it"),
        (b"1", "is damaged"),
    ],
)
def test_a_damaged_file_is_named_and_stays(tmp_path: Path, content: bytes, problem: str) -> None:
    file = tmp_path / "kept.json"
    file.write_bytes(content)
    with pytest.raises(DamagedError, match=problem) as raised:
        read_json(file, lambda found: found["a"], "or remove it")
    assert str(file) in raised.value.message
    assert raised.value.remedy == "put back a copy of the file; or remove it"
    assert file.read_bytes() == content


@dataclass(frozen=True)
class Inner:
    state: Literal["on", "off"]
    at: float = 0.0
    folder: Path | None = None


@dataclass(frozen=True)
class Outer:
    inner: tuple[Inner, ...] = ()
    pair: tuple[str, int] = ("", 0)
    more: Mapping[str, Inner] = field(default_factory=dict)
    any: Mapping[str, Any] = field(default_factory=dict)


def test_a_value_comes_back_from_json() -> None:
    inner = Inner("on", 1, Path("a"))
    kept = Outer((inner, Inner("off")), ("a", 1), {"b": inner}, {"c": [1, None]})
    document = json.loads(json.dumps(asdict(kept), default=str))
    assert load(Outer, {**document, "of a later version": 1}) == kept


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"inner": [{}]}, "missing 1 required"),
        ({"inner": [{"state": "of"}]}, "'of' is not a"),
        ({"inner": [{"state": "on", "at": "1"}]}, "'1' is not a float"),
        ({"pair": ["a", "b"]}, "'b' is not a int"),
    ],
)
def test_a_value_of_another_kind_is_refused(document: dict[str, Any], problem: str) -> None:
    with pytest.raises(TypeError, match=problem):
        load(Outer, document)


DOCUMENTS: list[dict[str, Any]] = [
    {},
    {"a": 1},
    {"bonkei seal": "of a user"},
    {"text": "ends as a seal", "of": f'.{"0" * 32}"}}'},
    {"nested": {"list": [1, {}], "é": "\U0001f600"}},
]


@pytest.mark.parametrize("form", [{}, {"indent": 1}, {"separators": (",", ":")}])
@pytest.mark.parametrize("document", DOCUMENTS)
def test_each_changed_byte_of_a_sealed_document_is_named(
    tmp_path: Path, document: dict[str, Any], form: dict[str, Any]
) -> None:
    """Other programs read it as JSON."""
    file = tmp_path / "kept.json"
    size = write_json(file, document, **form)
    whole = file.read_bytes()
    assert size == len(whole)
    assert read_json(file, dict) == document
    assert {**json.loads(whole), "bonkei seal": 0} == {**document, "bonkei seal": 0}
    for place in range(len(whole)):
        for bit in range(8):
            changed = bytearray(whole)
            changed[place] ^= 1 << bit
            file.write_bytes(changed)
            with pytest.raises(DamagedError):
                read_json(file, dict)
    for end in range(len(whole)):
        file.write_bytes(whole[:end])
        with pytest.raises(DamagedError):
            read_json(file, dict)


@pytest.mark.parametrize(
    "written",
    [
        *(json.dumps(each) for each in DOCUMENTS if "bonkei seal" not in each),
        '{"a": "x.d41d8cd98f00b204e9800998ecf8427e"}',
        '{"a": ".d41d8cd98f00b204e9800998ecf8427e",\n "b": 1}\n',
    ],
)
def test_a_document_without_a_seal_is_read(tmp_path: Path, written: str) -> None:
    """Of an earlier version, or by hand."""
    file = tmp_path / "kept.json"
    file.write_text(written)
    assert read_json(file, dict) == json.loads(written)


def test_a_document_that_was_edited_says_what_helps(tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    write_json(file, {"a": 1})
    file.write_text(json.dumps(json.loads(file.read_text()) | {"a": 2}, indent=2) + "\n")
    with pytest.raises(DamagedError, match='remove "bonkei seal"'):
        read_json(file, dict)
    document = json.loads(file.read_text())
    del document["bonkei seal"]
    file.write_text(json.dumps(document))
    assert read_json(file, dict) == {"a": 2}
