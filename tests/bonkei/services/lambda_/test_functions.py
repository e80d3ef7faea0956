"""Functions in real processes: the input of a handler, and AWS's reports about its end."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
from ports import free_port

from bonkei.base.aws_service import AwsServiceError
from bonkei.base.processes.roots import why_not_confined
from bonkei.blueprint import Blueprint
from bonkei.blueprint.lambda_.event_source import Layer
from bonkei.blueprint.lambda_.function import Asynchronous
from bonkei.services.lambda_.environment import ExecutionEnvironment
from bonkei.services.lambda_.host import FunctionHost
from tests.bonkei.services.lambda_.running import (
    RunningFunctions,
    arn,
    counting,
    function,
    package,
    running,
)

OBSTACLE = why_not_confined(Path("/tmp/roots"))  # noqa: S108
HANDLER = """
import json, logging, os, socket, sys, time
calls = 0
def handler(event, context):
    global calls
    calls += 1
    for act, given in event.items():
        if act == "print": print(given)
        if act == "log": logging.getLogger().error(given)
        if act == "raise": raise ValueError(given)
        if act == "sleep": time.sleep(given)
        if act == "await":
            while socket.socket().connect_ex(("127.0.0.1", given)): time.sleep(0.01)
        if act == "exit": sys.exit(given)
        if act == "hold": held = bytearray(given); time.sleep(60)
        if act == "answer": return eval(given)
        if act == "env": return {name: os.environ.get(name) for name in given}
    return {"calls": calls, "name": context.function_name, "arn": context.invoked_function_arn,
            "left": context.get_remaining_time_in_millis(), "id": context.aws_request_id}
"""


@pytest.fixture
def zipped(tmp_path: Path) -> str:
    return package(tmp_path, {"main.py": HANDLER})


async def test_a_handler_answers_and_its_process_is_used_again(tmp_path: Path, zipped: str) -> None:
    async with running(tmp_path, function("f", zipped)) as made:
        cold, warm = await made.call("f", {}), await made.call("f", {"print": "hé"})
    first, second = json.loads(cold.payload), json.loads(warm.payload)
    assert (first["calls"], second["calls"]) == (1, 2)
    assert first["name"] == "f"
    assert first["arn"] == arn("f")
    assert 1_000 < first["left"] <= 60_000
    assert cold.init is not None
    assert warm.init is None
    group, stream, line = made.logged[0]
    assert (group, line) == ("/aws/lambda/f", "INIT_START Runtime Version: python:3.11")
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream)
    start, said, end, report = made.texts[-4:]
    assert start == f"START RequestId: {second['id']} Version: $LATEST"
    assert said == "hé"
    assert end == f"END RequestId: {second['id']}"
    assert re.fullmatch(
        rf"REPORT RequestId: {second['id']}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\t"
        r"Memory Size: 128 MB\tMax Memory Used: \d+ MB\t",
        report,
    )
    assert "Init Duration: " in made.texts[3]


async def test_an_error_of_the_handler_is_answered_and_logged_completely(
    tmp_path: Path, zipped: str
) -> None:
    async with running(tmp_path, function("f", zipped)) as made:
        outcome = await made.call("f", {"raise": "no\nway"})
        after = await made.call("f", {})
    said = json.loads(outcome.payload)
    assert (said["errorType"], said["errorMessage"]) == ("ValueError", "no\nway")
    assert said["requestId"]
    assert 'main.py", line 10, in handler' in said["stackTrace"][0]
    assert any(t.startswith("[ERROR] ValueError: no\nway\nTraceback") for t in made.texts)
    assert json.loads(after.payload)["calls"] == 2  # the process continues
    counted = [(m.metric, m.value) for m in made.measured if m.metric == "Errors"]
    assert counted == [("Errors", 1), ("Errors", 0)]


@pytest.mark.parametrize(
    ("event", "error", "message", "status"),
    [
        ({"sleep": 60}, "Sandbox.Timedout", "Task timed out after 3.00 seconds", "Status: timeout"),
        ({"exit": 3}, "Runtime.ExitError", "Runtime exited with error: exit status 3",
         "Status: error\tError Type: Runtime.ExitError"),
        ({"hold": 200_000_000}, "Runtime.OutOfMemory", "Runtime exited with error: signal: killed",
         "Status: error\tError Type: Runtime.OutOfMemory"),
        ({"answer": "'x' * 7_000_000"}, "Function.ResponseSizeTooLarge", "payload size", ""),
        ({"answer": "{1, 2}"}, "Runtime.MarshalError", "Unable to marshal response", ""),
    ],
    ids=["time-out", "exit", "memory", "too large", "not JSON"],
)  # fmt: skip
async def test_calls_that_end_without_an_answer(
    tmp_path: Path, zipped: str, event: dict[str, object], error: str, message: str, status: str
) -> None:
    limit = 3.0 if "sleep" in event else 60.0
    async with running(tmp_path, function("f", zipped, timeout=limit)) as made:
        outcome = await made.call("f", event)
        host = made.functions._hosts[arn("f")]
        host.function = replace(host.function, timeout=60.0)  # for what has to succeed
        after = await made.call("f", {})
        said = json.loads(outcome.payload)
        assert said["errorType"] == error
        assert message in said["errorMessage"]
        assert status in next(t for t in made.texts if t.startswith("REPORT"))
        assert json.loads(after.payload)["name"] == "f"  # in another process, if necessary


async def test_answers_and_output_that_lambdas_own_client_accepts(
    tmp_path: Path, zipped: str
) -> None:
    item = "{'price': __import__('decimal').Decimal('1.50'), 'said': 'a \"b'}"
    endless = "__import__('functools').reduce(lambda deep, _: [deep], range(9_999), [])"
    async with running(tmp_path, function("f", zipped)) as made:
        number = await made.call("f", {"answer": item})
        raw = await made.call("f", {"answer": "sys.stdout.write('no end') and b'\\x00'"})
        deep = await made.call("f", {"answer": endless})
        texts = made.texts
    assert number.payload == rb'{"price": 1.50, "said": "a \"b"}'
    assert raw.payload == b"\0"
    assert json.loads(deep.payload)["errorType"] == "Runtime.MarshalError"
    ends = [place for place, text in enumerate(texts) if text.startswith("END")]
    assert ends[0] < texts.index("no end") < ends[1]


async def test_a_child_that_begins_a_program_does_not_exceed_the_memory(
    tmp_path: Path, zipped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it does, it has the memory of its parent, too."""
    looks: list[int] = []

    def memory(_environment: ExecutionEnvironment) -> int:
        looks.append(50 if len(looks) % 2 else 150)
        return looks[-1] * 2**20

    monkeypatch.setattr(ExecutionEnvironment, "memory", memory)
    async with running(tmp_path, function("f", zipped)) as made:
        outcome = await made.call("f", {"sleep": 0.5})
    assert not outcome.is_error
    assert 150 in looks


@pytest.mark.parametrize(
    ("files", "handler", "error"),
    [
        ({"other.py": ""}, "main.handler", "Runtime.ImportModuleError"),
        ({"main.py": "x = 1"}, "main.handler", "Runtime.HandlerNotFound"),
        ({"main.py": "def ("}, "main.handler", "Runtime.UserCodeSyntaxError"),
        ({"main.py": "1 / 0"}, "main.handler", "ZeroDivisionError"),
        ({"main.py": ""}, "main", "Runtime.MalformedHandlerName"),
    ],
    ids=["no module", "no handler", "syntax", "raises", "bad name"],
)
async def test_a_failed_initialization_is_retried_within_the_call(
    tmp_path: Path, files: dict[str, str], handler: str, error: str
) -> None:
    async with running(tmp_path, function("f", package(tmp_path, files), handler=handler)) as made:
        outcome = await made.call("f", {})
        assert outcome.error_type == error
        assert json.loads(outcome.payload)["errorType"] == error
        reports = [text for text in made.texts if text.startswith("INIT_REPORT")]
        assert [re.findall(r"Phase: (\w+)", text)[0] for text in reports] == ["init", "invoke"]
        assert all(f"Error Type: {error}" in text for text in reports)


async def test_the_environment_of_a_process(tmp_path: Path, zipped: str) -> None:
    layer = package(tmp_path / "l", {"python/extra.py": "x = 41"})
    named = "arn:aws:lambda:eu-west-1:123456789012:layer:extra:1"
    declared = function("f", zipped, layers=(named,), environment=(("URL", "http://db.aws/"),))
    blueprint = Blueprint(functions=(declared,), layers=(Layer("l", named, f"l/{layer}"),))
    async with running(tmp_path, blueprint=blueprint) as made:
        wanted = ["URL", "AWS_ACCESS_KEY_ID", "AWS_REGION", "LAMBDA_TASK_ROOT", "TMPDIR", "SHELL"]
        found = json.loads((await made.call("f", {"env": wanted})).payload)
        answer = await made.call("f", {"answer": "__import__('extra').x + 1"})
        assert json.loads(answer.payload) == 42
        assert Path(found["TMPDIR"]).is_dir()
    assert found["URL"] == "http://127.0.0.1/"
    assert found["AWS_ACCESS_KEY_ID"] == "of worker f"
    assert found["AWS_REGION"] == "eu-west-1"
    assert found["SHELL"] is None
    assert not Path(found["TMPDIR"]).exists()


async def test_more_calls_than_reserved_are_throttled(tmp_path: Path, zipped: str) -> None:
    async with running(tmp_path, function("f", zipped, reserved_concurrency=2)) as made:
        calls = await asyncio.gather(
            *(made.call("f", {"sleep": 0.5}) for _ in range(3)), return_exceptions=True
        )
    refused = [call for call in calls if isinstance(call, AwsServiceError)]
    assert [each.code for each in refused] == ["TooManyRequestsException"]
    assert refused[0].members["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert sum(m.value for m in made.measured if m.metric == "Throttles") == 1


async def test_json_logs(tmp_path: Path, zipped: str) -> None:
    declared = function("f", zipped, log_format="JSON", log_group="/shop/functions")
    async with running(tmp_path, declared) as made:
        await made.call("f", {"log": "bad", "print": "as it is"})
    records = [json.loads(text) if text[0] == "{" else text for text in made.texts]
    kinds = [r if isinstance(r, str) else r.get("type") or r["level"] for r in records]
    assert kinds == ["platform.initStart", "platform.start", "ERROR", "as it is", "platform.report"]
    assert records[2]["message"] == "bad"
    assert records[2]["requestId"] == records[1]["record"]["requestId"]
    assert records[4]["record"]["status"] == "success"
    assert "/f[$LATEST]" in made.logged[0][1]


async def test_a_new_definition_gets_new_processes_and_calls_in_progress_end(
    tmp_path: Path, zipped: str
) -> None:
    async with running(tmp_path, function("f", zipped)) as made:
        call = asyncio.create_task(made.call("f", {"sleep": 0.5}))
        await asyncio.sleep(0.3)
        changed = function("f", zipped, environment=(("A", "new"),))
        await made.functions.apply(Blueprint(functions=(changed,)))
        now = await made.call("f", {"env": ["A"]})
        assert json.loads(now.payload) == {"A": "new"}
        assert json.loads((await call).payload)["calls"] == 1


async def test_functions_that_cannot_run_here_are_reported(tmp_path: Path, zipped: str) -> None:
    declared = (
        function("java", zipped, runtime="java21"),
        function("image", "", runtime="", package_type="Image"),
        function("elsewhere", ""),
    )
    async with running(tmp_path, *declared) as made:
        for name, said in (
            ("java", "java21"), ("image", "container image"), ("elsewhere", "not a file"),
        ):  # fmt: skip
            with pytest.raises(AwsServiceError, match=said):
                await made.call(name, {})
            snapshots = {each.name: each.note for each in made.functions.snapshot()}
            assert said in snapshots[name]
        with pytest.raises(AwsServiceError, match="Function not found"):
            await made.call("nothing", {})
    # "Invocations aren't recorded if the invocation request is throttled or otherwise results in an
    # invocation error."
    assert not [each for each in made.measured if each.metric == "Invocations"]


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")
async def test_node(tmp_path: Path) -> None:
    code = """
export const handler = async (event, context) => {
  console.log("got", event.n);
  if (event.fail) throw new TypeError("no");
  return {twice: event.n * 2, name: context.functionName, left: context.getRemainingTimeInMillis()};
};
"""
    zipped = package(tmp_path, {"main.mjs": code})
    async with running(tmp_path, function("n", zipped, runtime="nodejs22.x")) as made:
        answer = json.loads((await made.call("n", {"n": 21})).payload)
        failed = json.loads((await made.call("n", {"fail": True})).payload)
    assert (answer["twice"], answer["name"]) == (42, "n")
    assert (failed["errorType"], failed["errorMessage"]) == ("TypeError", "no")
    assert any("got 21" in text for text in made.texts)


async def _fails(made: RunningFunctions, count: int, event: object = None) -> None:
    made.functions.enqueue(arn("f"), json.dumps(event or {"raise": "x"}).encode())
    await made.until(count)


async def test_an_event_that_fails_three_times_goes_to_the_destination_and_the_dead_letters(
    tmp_path: Path, zipped: str
) -> None:
    declared = function(
        "f", zipped, dead_letter_arn="arn:dlq", asynchronous=Asynchronous(on_failure="arn:failed")
    )
    async with running(tmp_path, declared, pace=1000) as made:
        await _fails(made, 2)
        assert made.functions.waiting == 0
    (target, record, _), (letters, body, attributes) = made.delivered
    assert target == "arn:failed"
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["requestPayload"] == {"raise": "x"}
    assert record["responsePayload"]["errorMessage"] == "x"
    assert (letters, json.loads(body)) == ("arn:dlq", {"raise": "x"})
    assert attributes["ErrorMessage"] == "x"
    assert sum(m.value for m in made.measured if m.metric == "Invocations") == 3


async def test_an_event_beyond_its_age_is_dropped(tmp_path: Path, zipped: str) -> None:
    settings = Asynchronous(event_age=90, on_failure="arn:failed")
    async with running(tmp_path, function("f", zipped, asynchronous=settings), pace=1000) as made:
        await _fails(made, 1)
    context = made.delivered[0][1]["requestContext"]
    # It is retried after a minute. Two minutes later it would be too old.
    assert (context["condition"], context["approximateInvokeCount"]) == ("EventAgeExceeded", 2)


async def test_success_has_a_destination_too(tmp_path: Path, zipped: str) -> None:
    settings = Asynchronous(on_success="arn:done")
    async with running(tmp_path, function("f", zipped, asynchronous=settings)) as made:
        await _fails(made, 1, {"answer": "5"})
    assert made.delivered[0][1]["requestContext"]["condition"] == "Success"
    assert made.delivered[0][1]["responsePayload"] == 5


async def test_events_share_an_environment_and_callers_get_their_own(
    tmp_path: Path, zipped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The start of a process costs more than many short calls."""
    began: list[bool] = []
    begin = FunctionHost._begin

    def counted(host: FunctionHost, request_id: str) -> None:
        began.append(not host._starting)
        begin(host, request_id)

    monkeypatch.setattr(FunctionHost, "_begin", counted)
    declared = function("f", zipped, asynchronous=Asynchronous(on_success="arn:done"))
    async with running(tmp_path, declared, function("g", zipped)) as made:
        for _ in range(8):
            made.functions.enqueue(arn("f"), b'{"answer": "5"}')
        await made.until(8)
        assert began
        assert all(began), "none begins beside another"
        began.clear()
        await asyncio.gather(*(made.call("g", {}) for _ in range(2)))
        assert began == [True, False]


async def test_an_event_survives_the_end_of_the_room(tmp_path: Path, zipped: str) -> None:
    declared = function("f", zipped, asynchronous=Asynchronous(on_success="arn:done"))
    port = free_port()
    async with running(tmp_path, declared) as made:
        made.functions.enqueue(arn("f"), json.dumps({"await": port}).encode())
        await asyncio.sleep(0.2)
    assert made.delivered == []
    async with counting(port), running(tmp_path, declared) as again:
        await again.until(1)


async def test_a_function_with_zero_concurrency_gets_no_event(tmp_path: Path, zipped: str) -> None:
    declared = function(
        "f", zipped, reserved_concurrency=0, asynchronous=Asynchronous(on_failure="arn:failed")
    )
    async with running(tmp_path, declared) as made:
        await _fails(made, 1)
    assert made.delivered[0][1]["requestContext"]["approximateInvokeCount"] == 0


async def test_a_process_is_not_used_after_a_sleep_of_the_machine(
    tmp_path: Path, zipped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its credentials have expired meanwhile."""
    async with running(tmp_path, function("f", zipped)) as made:
        await made.call("f", {})
        clock = time.time
        monkeypatch.setattr(time, "time", lambda: clock() + 12 * 3600)
        assert (await made.call("f", {})).init is not None


async def test_idle_processes_end(
    tmp_path: Path, zipped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bonkei.services.lambda_.host.IDLE_SECONDS", 0.1)
    async with running(tmp_path, function("f", zipped)) as made:
        await made.call("f", {})
        assert made.functions.snapshot()[0].processes == 1
        async with asyncio.timeout(60):
            while made.functions.snapshot()[0].processes:
                await asyncio.sleep(0.02)


@pytest.mark.skipif(bool(OBSTACLE), reason=OBSTACLE)
async def test_a_function_sees_its_package_and_nothing_of_the_home(
    zipped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(prefix="bonkei-home-", dir="/var/tmp") as made:
        home, person = Path(made) / ".bonkei", Path(made) / "person"
        monkeypatch.setenv("HOME", str(person))
        files = [home / "console/token", home / "secrets/password", person / ".aws/credentials"]
        for file in files:
            file.parent.mkdir(parents=True)
            file.write_text("key")
        package(home, {"main.py": HANDLER})
        tried = [*map(str, files), "/etc/shadow", "/var/log/dpkg.log"]
        looked = f"[[f for f in {tried} if os.path.exists(f)], os.listdir(os.getcwd())]"
        async with running(home, function("f", zipped)) as found:
            outcome = await found.call("f", {"answer": looked})
    seen, own = json.loads(outcome.payload)
    assert seen == []
    assert "main.py" in own
