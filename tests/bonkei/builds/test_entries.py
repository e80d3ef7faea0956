"""What carries over from entry to entry, as CodeBuild runs them."""

from __future__ import annotations

from builds import Room, log, spec, statuses


async def test_a_build_runs(room: Room) -> None:
    result = await room.run(spec("echo hello", "pwd"))
    print(log(result))
    assert result.status == "SUCCEEDED", result.error
    assert "hello" in log(result)
    assert list(statuses(result)) == [
        *("SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD"),
        *("BUILD", "POST_BUILD", "UPLOAD_ARTIFACTS", "FINALIZING", "COMPLETED"),
    ]
