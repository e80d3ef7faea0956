"""The process of a router, one for each task: what it loads, and that it works."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import log_corpus as corpus
import log_routers as routers

from bench.fake_aws import FakeAws
from bonkei.services.logs.router.configuration import stored
from bonkei.services.logs.router.configuration.load import load, load_text

HEAVY = {"yaml", "bonkei.services.logs.router.configuration.validate"}
"""Each takes up to 2 MiB for as long as the task runs."""


PROGRAM = """\
import atexit, runpy, sys
atexit.register(lambda: print(*(name for name, each in sys.modules.items() if each is not None)))
runpy.run_module("bonkei.services.logs.router", run_name="__main__", alter_sys=True)
"""


async def loaded(file: Path, aws: FakeAws) -> set[str]:
    """The modules at the end of a router that delivers a record, and ends by SIGTERM."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, str(file)),
        env={**os.environ, **routers.KEYS},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(60):
            driver = routers.driver(file.parent)  # what is written before it starts waits for it
            driver.write("stdout", 1795694400.0, [(corpus.program("ERROR", "x"), False)])
            await driver.close()
            while not aws.messages("ERROR"):
                await asyncio.sleep(0.01)
            process.terminate()
            names, said = await process.communicate()
        assert process.returncode == 0, said.decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return set(names.decode().split())


async def test_a_tasks_router_loads_no_parser_of_files(tmp_path: Path) -> None:
    async with routers.fake_aws() as aws:
        file = tmp_path / f"router{stored.SUFFIX}"
        file.write_text(stored.dump(routers.shipped(tmp_path, aws)), encoding="utf-8")
        modules = await loaded(file, aws)
    assert "bonkei.services.logs.router.outputs.cloudwatch" in modules
    assert not HEAVY & modules


def test_a_stored_configuration_is_the_same(tmp_path: Path) -> None:
    shipped = load(routers.SHIPPED, {"LOG_GROUP": "${PORT} é"})
    rules = """{state: start_state, regex: '/"(/', next_state: x}"""
    text = f"multiline_parsers: [{{name: m, type: regex, rules: [{rules}]}}]"
    multiline = load_text(text, tmp_path / "m.yaml", {})
    classic = load_text("[NOWHERE]\n  a b\n[INPUT]\n  name tcp\n", tmp_path / "c.conf", {})
    for configuration in (shipped, multiline, classic):
        assert stored.read(stored.dump(configuration)) == configuration
    assert multiline.multiline_parsers
    assert classic.unknown
