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


PARAMETER = "arn:aws:ssm:us-east-1:123456789012:parameter"
ALIKE = (f"{PARAMETER}/a/b", f"{PARAMETER}/a_b", f"{PARAMETER}/a%b", "x:secret:a/b", "x:secret:a_b")


def test_names_that_are_alike_have_their_own_values(vault: Vault) -> None:
    names = (*ALIKE, *(f"{PARAMETER}/{'long/' * 90}{end}" for end in "xy"))
    for name in names:
        assert vault.get(name) is None
        vault.put(name, f"of {name}")
    assert [vault.get(name) for name in names] == [f"of {name}" for name in names]
    vault.delete(names[0])
    assert [vault.get(name) for name in names[:2]] == [None, f"of {names[1]}"]


def earlier(folder: Path, *names: str) -> FileVault:
    """A home of an earlier version, whose files had `_` for each `/` and `:`."""
    folder.mkdir(mode=0o700)
    for name in names:
        (folder / name).write_text("kept", encoding="utf-8")
    return FileVault(folder)


def test_an_earlier_home_keeps_its_values(tmp_path: Path) -> None:
    shared = "arn_aws_ssm_us-east-1_123456789012_parameter_a_b"
    vault = earlier(tmp_path / "secrets", "app_db_x-AbCdEf", "plain-AbCdEf", shared, "unknown_name")
    known = (ARN, "x:secret:plain-AbCdEf", *ALIKE[:2])
    assert [vault.get(name) for name in known] == ["kept"] * 4
    vault.adopt(known)
    files = {path.name for path in (tmp_path / "secrets").iterdir()}
    assert files == {*(vault.path(name).name for name in known), "unknown_name"}
    vault.put(ALIKE[0], "new")
    assert [vault.get(name) for name in ALIKE[:2]] == ["new", "kept"]
    vault.delete(ALIKE[0])
    assert [vault.get(name) for name in ALIKE[:2]] == [None, "kept"]


def test_a_value_written_since_is_newer_than_the_earlier_file(tmp_path: Path) -> None:
    vault = earlier(tmp_path / "secrets", "app_db_x-AbCdEf")
    vault.put(ARN, "new")
    vault.adopt([ARN])
    assert vault.get(ARN) == "new"
    vault.delete(ARN)
    assert list((tmp_path / "secrets").iterdir()) == []


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
