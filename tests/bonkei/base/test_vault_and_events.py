"""Only the owner can read secrets' values. Events reach their subscribers in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from bonkei.base.events import Bus, Endpoint, Event, TargetDeregistered, TargetRegistered
from bonkei.base.vault import FileVault, MemoryVault, Vault

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app/db!x-AbCdEf"


@pytest.fixture(params=["file", "memory"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Vault:
    return FileVault(tmp_path / "secrets") if request.param == "file" else MemoryVault()


def test_a_value_is_returned_until_it_is_deleted(vault: Vault) -> None:
    assert vault.get(ARN) is None
    vault.put(ARN, "秘密\n")
    vault.put(ARN, "next")
    assert vault.get(ARN) == "next"
    vault.delete(ARN)
    vault.delete(ARN)
    assert vault.get(ARN) is None


def test_only_the_owner_can_read_a_file(tmp_path: Path) -> None:
    vault = FileVault(tmp_path / "secrets")
    vault.put(ARN, "value")
    assert vault.path(ARN).stat().st_mode & 0o777 == 0o600
    assert vault.path(ARN).parent.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in vault.path(ARN).parent.iterdir()] == [vault.path(ARN).name]


def test_a_value_that_cannot_be_written_leaves_the_old_one_and_no_draft(tmp_path: Path) -> None:
    vault = FileVault(tmp_path)
    vault.put(ARN, "old")
    with pytest.raises(UnicodeEncodeError):
        vault.put(ARN, "half a character: \ud800")
    assert vault.get(ARN) == "old"
    assert list(tmp_path.iterdir()) == [vault.path(ARN)]


def test_a_hostile_name_stays_inside_the_folder(tmp_path: Path) -> None:
    vault = FileVault(tmp_path / "secrets")
    for name in ("arn:x:secret:../../escape", "arn:x:secret:..", "arn:x:secret:"):
        vault.put(name, "value")
        assert vault.get(name) == "value"
        assert vault.path(name).parent == tmp_path / "secrets"


def test_events_reach_their_listeners_in_order() -> None:
    bus, heard = Bus(), []
    undo = bus.subscribe(TargetRegistered, lambda event: heard.append(("one", event.task_id)))
    bus.subscribe(Event, lambda event: heard.append(("all", type(event).__name__)))
    bus.publish(TargetRegistered("tg", "t1", Endpoint("127.0.0.1", 1)))
    undo()
    bus.publish(TargetRegistered("tg", "t2", Endpoint("127.0.0.1", 1)))
    bus.publish(TargetDeregistered("tg", "t1"))
    assert heard == [
        ("one", "t1"),
        ("all", "TargetRegistered"),
        ("all", "TargetRegistered"),
        ("all", "TargetDeregistered"),
    ]
