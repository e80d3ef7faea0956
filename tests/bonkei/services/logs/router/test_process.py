"""The process of a router, one for each task: what it loads, and that it works."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import log_corpus as corpus
import log_routers as routers
import pytest

from bench.fake_aws import FakeAws
from bonkei.services.logs.router.configuration import stored
from bonkei.services.logs.router.configuration.load import load, load_text
from bonkei.services.logs.router.configuration.model import Configuration, Property
from bonkei.services.logs.router.configuration.secured import needs_tls

HEAVY = {"ssl", "_hashlib", "yaml", "uuid", "bonkei.services.logs.router.configuration.validate"}
"""Each takes 0.2 to 2 MiB for as long as the task runs."""


PROGRAM = """\
import atexit, runpy, sys
atexit.register(lambda: print(*(name for name, each in sys.modules.items() if each is not None)))
runpy.run_module("bonkei.services.logs.router", run_name="__main__", alter_sys=True)
"""


async def loaded(file: Path, aws: FakeAws | None = None) -> set[str]:
    """The modules at the end of a router that delivers a record, and ends by SIGTERM."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, str(file)),
        env={**os.environ, **routers.KEYS},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    said = ""
    try:
        async with asyncio.timeout(60):
            while aws is None and "started" not in said:
                line = (await process.stderr.readline()).decode()
                assert line, said
                said += line
            if aws is not None:  # what is written before it starts waits for it
                driver = routers.driver(file.parent)
                driver.write("stdout", 1795694400.0, [(corpus.program("ERROR", "x"), False)])
                await driver.close()
                while not aws.messages("ERROR"):
                    await asyncio.sleep(0.01)
            process.terminate()
            names, rest = await process.communicate()
        assert process.returncode == 0, said + rest.decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return set(names.decode().split())


async def test_a_tasks_router_loads_no_tls_and_no_parser_of_files(tmp_path: Path) -> None:
    async with routers.fake_aws() as aws:
        file = tmp_path / f"router{stored.SUFFIX}"
        file.write_text(stored.dump(routers.shipped(tmp_path, aws)), encoding="utf-8")
        modules = await loaded(file, aws)
    assert "bonkei.services.logs.router.outputs.cloudwatch" in modules
    kept = set() if find_spec("_sha1") else {"_hashlib"}  # else there would be no hashes
    assert HEAVY & modules == kept


async def test_a_router_that_speaks_tls_has_it(tmp_path: Path) -> None:
    file = tmp_path / "fluent-bit.yaml"
    file.write_text(
        "pipeline: {outputs: [{name: s3, match: x, bucket: b, region: us-east-1, "
        f"store_dir: {tmp_path}}}]}}\n",
        encoding="utf-8",
    )
    assert {"ssl", "_hashlib", "yaml"} <= await loaded(file)


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


def _with(configuration: Configuration, **properties: str) -> Configuration:
    outputs = tuple(
        replace(
            each,
            properties=(
                *each.properties,
                *(Property(name, value, each.place) for name, value in properties.items()),
            ),
        )
        for each in configuration.outputs
    )
    return replace(configuration, outputs=outputs)


@pytest.mark.parametrize(
    ("endpoint", "credentials", "needed"),
    [
        ("http://127.0.0.1:1", "", False),
        ("http://127.0.0.1:1", "http://127.0.0.1:1/v2", False),
        ("http://127.0.0.1:1", "https://127.0.0.1:1/v2", True),
        ("https://127.0.0.1:1", "", True),
        ("127.0.0.1", "", True),
        ("", "", True),
    ],
)
def test_tls_is_needed_unless_all_is_plain(endpoint: str, credentials: str, needed: bool) -> None:
    configuration = _with(load(routers.SHIPPED, {}), **({"endpoint": endpoint} if endpoint else {}))
    environment = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": credentials} if credentials else {}
    assert needs_tls(configuration, environment) is needed


def test_local_outputs_need_no_tls(tmp_path: Path) -> None:
    text = "[OUTPUT]\n  name null\n  match *\n"
    assert not needs_tls(load_text(text, tmp_path / "f.conf", {}), {})
