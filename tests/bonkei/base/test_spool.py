"""Accepted work on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from bonkei.base.spool import Spool


def test_a_record_that_cannot_be_written_leaves_the_old_one_and_no_draft(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 9)
    spool.open()
    spool.put("one", {"state": "old"})
    with pytest.raises(TypeError):
        spool.put("one", {"state": {"no", "JSON"}})
    assert list(spool.records()) == [("one", {"state": "old"})]
    assert [file.name for file in tmp_path.iterdir()] == ["one.json"]
