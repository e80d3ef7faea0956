"""States that builds have left, beside the folder's own state."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bonkei.miniature import applied_elsewhere
from bonkei.miniature.applied import Definitions


def state(*buckets: str) -> dict[str, Any]:
    resources = [
        {
            "address": f"aws_s3_bucket.{name}",
            "mode": "managed",
            "type": "aws_s3_bucket",
            "name": name,
            "values": {"bucket": name, "arn": f"arn:aws:s3:::{name}", "force_destroy": name == "b"},
        }
        for name in buckets
    ]
    return {"values": {"root_module": {"resources": resources}}}


class Folder:
    """The folder's own workspace, with these buckets."""

    def __init__(self, *buckets: str) -> None:
        self._buckets = buckets

    def state(self) -> dict[str, Any]:
        return state(*self._buckets)


def left(home: Path, place: str, found: dict[str, Any]) -> None:
    document = json.dumps({"place": place, "state": found}).encode()
    applied_elsewhere.keep(home, document, home / "gathered")


def read(home: Path, *own: str) -> list[str]:
    definitions = Definitions(Folder(*own), home)  # type: ignore[arg-type]
    assert len(definitions.resources()) == len(definitions.read().buckets)
    return [each.name for each in definitions.read().buckets]


def test_resources_applied_by_builds_join_the_folders_own(tmp_path: Path) -> None:
    assert read(tmp_path, "a") == ["a"]
    before = applied_elsewhere.mark(tmp_path)
    left(tmp_path, "s3://states/one", state("b"))
    left(tmp_path, "s3://states/two", state("c"))
    assert read(tmp_path, "a") == ["a", "b", "c"]
    assert applied_elsewhere.mark(tmp_path) != before


def test_a_state_replaces_its_earlier_version_and_is_deleted_when_empty(tmp_path: Path) -> None:
    left(tmp_path, "s3://states/one", state("b"))
    left(tmp_path, "s3://states/one", state("c"))
    assert read(tmp_path) == ["c"]
    left(tmp_path, "s3://states/one", {})
    assert read(tmp_path, "a") == ["a"]


def test_a_resource_in_both_states_is_taken_from_the_build(tmp_path: Path) -> None:
    left(tmp_path, "s3://states/one", state("b"))
    assert read(tmp_path, "a", "b") == ["a", "b"]


def test_a_file_that_is_not_a_state_is_ignored(tmp_path: Path) -> None:
    for content in (b"", b"{", b"[]", b'{"place": 1, "state": {}}', b'{"place": "x"}'):
        applied_elsewhere.keep(tmp_path, content, tmp_path / "gathered")
    assert read(tmp_path, "a") == ["a"]
