"""What a log router has not sent when its task ends."""

from __future__ import annotations

from pathlib import Path

from bonkei.services.ecs.execution.buffers import NAME, buffers_of, keep, take_over


def put(task: Path, family: str, *names: str) -> None:
    for name in names:
        file = buffers_of(task, family) / "var/lib" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{task.name} {name}")


def test_the_next_router_of_the_family_takes_over_what_is_left(tmp_path: Path) -> None:
    for task, family in (("1", "web"), ("2", "web"), ("3", "api")):
        put(tmp_path / "tasks" / task, family, f"{task}.chunk", f"s3/logs/{task}.lines")
        keep(tmp_path / "tasks" / task, tmp_path)
    put(tmp_path / "tasks" / "4", "web", "4.chunk")
    own = buffers_of(tmp_path / "tasks" / "4", "web")
    for _ in range(2):
        take_over(own, tmp_path)
    found = {str(each.relative_to(own / "var/lib")) for each in own.rglob("*") if each.is_file()}
    assert found == {
        "1.chunk", "2.chunk", "4.chunk", "s3/logs/1.lines", "s3/logs/2.lines"
    }  # fmt: skip
    assert (own / "var/lib/1.chunk").read_text() == "1 1.chunk"
    assert [*(tmp_path / NAME / "web").iterdir()] == []
    assert [each.name for each in (tmp_path / NAME / "api").iterdir()] == ["3"]


def test_a_router_that_has_sent_everything_leaves_nothing(tmp_path: Path) -> None:
    buffers_of(tmp_path / "tasks" / "1", "web").mkdir(parents=True)
    for task in ("1", "none"):
        keep(tmp_path / "tasks" / task, tmp_path)
    assert not (tmp_path / NAME).exists()
