"""A program's modules, and what is left at its end, are not searched for garbage."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from dataclasses import dataclass
from pathlib import Path

import pytest

import bonkei.services.lambda_
from bonkei.base.importing import importing

SEARCHES = """\
import gc, importlib, sys
from bonkei.base.importing import importing
searches = []
gc.callbacks.append(lambda phase, _: phase == "start" and searches.append(phase))
for name in sys.argv[1:]:
    searches.clear()
    importlib.import_module(name)
    print(name, len(searches))
"""
PROGRAMS = (
    *(
        "bonkei.services.ecr.docker.__main__",
        "bonkei.services.rds.__main__",
        "bonkei.services.logs.router.__main__",
    ),
    *(
        "bonkei.miniature.parts.codebuild.terraform",
        "bonkei.services.endpoint.port.certificate_making",
    ),
)
AUTHORITIES = """\
import os, ssl
from bonkei.base.importing import without_certificates
made, usual = [], ssl.create_default_context
ssl.create_default_context = lambda: made.append(usual()) or made[-1]
with without_certificates():
    import aiohttp
print([len(one.get_ca_certs()) for one in made], os.environ.get("SSL_CERT_FILE"))
"""
CLIENT_FILE = Path(bonkei.services.lambda_.__path__[0]) / "client" / "python.py"
CLIENT = """\
import gc, os, sys
os.environ["_LAMBDA_TELEMETRY_LOG_FD"] = str(os.dup(2))
program = compile(open(sys.argv[1]).read(), sys.argv[1], "exec")
searches = []
gc.callbacks.append(lambda phase, _: phase == "start" and searches.append(phase))
exec(program, {"__name__": "client"})
print(len(searches), gc.isenabled())
"""
LOOP = """\
import sys
from bonkei.base.importing import importing

class Loop:
    def __init__(self):
        self.itself = self

    def __del__(self):
        print("searched")

if "importing" in sys.argv:
    with importing():
        import json
Loop()
"""


def test_nothing_is_collected_during_an_import_and_its_objects_are_frozen() -> None:
    collections: list[str] = []

    def note(phase: str, _: dict[str, int]) -> None:
        collections.append(phase)

    gc.callbacks.append(note)
    try:
        with importing():
            made = [[] for _ in range(100_000)]
            assert not gc.isenabled()
        assert collections == []
        assert gc.isenabled()
        assert gc.get_freeze_count() > len(made)
    finally:
        gc.callbacks.remove(note)


def test_what_stays_is_searched_once_while_it_is_new() -> None:
    searched: list[int] = []
    usual = gc.get_threshold()

    def note(phase: str, said: dict[str, int]) -> None:
        if phase == "start":
            searched.append(said["generation"])

    gc.callbacks.append(note)
    try:
        with importing(stays=True):
            made: list[list[int]] = [[] for _ in range(100_000)]
        assert 2 not in searched
        assert 0 < len(searched) <= len(made) // 5_000 + 1
        assert gc.get_threshold() == usual
        assert gc.get_freeze_count() > len(made)
    finally:
        gc.callbacks.remove(note)


def test_what_stays_has_no_class_that_a_dataclass_with_slots_has_replaced() -> None:
    replaced: list[weakref.ref[type]] = []

    def make() -> type:
        class Value:
            number: int

        replaced.append(weakref.ref(Value))
        return dataclass(slots=True)(Value)

    with importing(stays=True):
        made = [make() for _ in range(300)]
    assert len(made) == len(replaced)
    assert [each() for each in replaced[:100]] == [None] * 100


def test_programs_that_start_often_are_not_searched_while_they_load() -> None:
    """The first one made 26 searches, which were a tenth of its start."""
    searches = dict(line.split() for line in run(SEARCHES, *PROGRAMS))
    assert set(searches) == set(PROGRAMS)
    assert all(int(number) <= 2 for number in searches.values()), searches


def test_the_client_of_a_function_searches_nothing_before_the_handler() -> None:
    """The collector is the function's own from then on."""
    [said] = run(CLIENT, str(CLIENT_FILE))
    searches, is_enabled = said.split()
    assert int(searches) <= 2
    assert is_enabled == "True"


@pytest.mark.parametrize("usual", [None, "the-users.pem"])
def test_aiohttp_is_imported_without_the_authorities_of_the_system(
    usual: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    if usual:
        monkeypatch.setenv("SSL_CERT_FILE", usual)
    assert run(AUTHORITIES) == [f"[0] {usual}"]


@pytest.mark.parametrize(("words", "found"), [((), ["searched"]), (("importing",), [])])
def test_what_is_left_at_the_end_is_not_searched(words: tuple[str, ...], found: list[str]) -> None:
    assert run(LOOP, *words) == found


def run(program: str, *words: str) -> list[str]:
    command = [sys.executable, "-c", program, *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
