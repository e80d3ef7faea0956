"""The topics of requests, of a real edge: the list, and how one went."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from rows import rows_of

from bonkei.miniature.console.requests import _Timelines, listed
from bonkei.miniature.parts.edge.access_hooks import Requests
from bonkei.miniature.requests.explaining import RequestWorld
from bonkei.miniature.requests.recorder import Recorder
from bonkei.services.console import ConsoleError
from bonkei.services.edge.http.message import header
from tests.bonkei.services.edge.definitions import SECRET, stack
from tests.bonkei.services.edge.support import Target, running


async def test_what_came_is_listed_and_each_says_why(tmp_path: Path) -> None:
    requests = Requests()
    async with running(stack(), on_access=requests) as edge, Target() as web:
        await edge.join("web", web)
        recorder = Recorder()
        requests.hear_together(recorder.seen)
        recorder.look()
        world = RequestWorld(edge.edge, stack, requests.hear, tmp_path, tmp_path, tmp_path / "logs")
        await edge.get("/a?token=hidden", ("Authorization", "hidden"), kind="distribution")
        await edge.get("/b")
        rows = listed(recorder, world, {"most": "1"})
        assert (rows["more"], rows["kept"], rows["newest"]) == (True, 2, 2)
        (row,) = rows["rows"]
        assert (row["target"], row["status"], row["blocked_by"]) == ("/b", 403, "Default_Action")
        (first,) = listed(recorder, world, {"upto": "1"})["rows"]
        assert (first["service"], first["task"]) == ("web", "task-1")
        timelines = _Timelines(recorder, world)
        one, two = await timelines.of(1), await timelines.of(2)
        assert await timelines.of(1) is one  # not made again in the same second
        recorder.clock = lambda: time.time() - 3_600  # it was set back
        assert await timelines.of(1) is not one
        names = [step["name"] for step in one["steps"]]
        assert names[-3:] == ["rule", "target_group", "target"]
        assert (one["differences"], two["differences"]) == ([], [])
        assert two["request"]["blocked_by"] == "Default_Action"
        shown = json.dumps([rows, first, one, two])
        assert SECRET not in shown
        assert "hidden" not in shown
        with pytest.raises(ConsoleError, match="not kept"):
            await timelines.of(99)
        recorder.close()


async def test_calls_belong_to_the_request_whose_trace_they_have(tmp_path: Path) -> None:
    requests = Requests()
    async with running(stack(), on_access=requests) as edge, Target() as web:
        await edge.join("web", web)
        recorder = Recorder()
        requests.hear_together(recorder.seen)
        recorder.look()
        world = RequestWorld(edge.edge, stack, requests.hear, tmp_path, tmp_path, tmp_path / "logs")
        await edge.get("/", kind="distribution")
        own = recorder.entry(1)
        assert own is not None
        trace = header(b"X-Amzn-Trace-Id", own.record.trace_id.encode())
        inner = own.record._replace(listener="aws_ecs_service.api", headers=[trace], trace_id="")
        recorder.seen(rows_of(inner, inner._replace(headers=[])))
        one = await _Timelines(recorder, world).of(1)
        assert [call["id"] for call in one["calls"]] == [2]
        of_a_gone_listener = await _Timelines(recorder, world).of(2)
        assert of_a_gone_listener["steps"] == []
        recorder.close()
