"""The rules for every module of the definitions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import readmes

DEFINITIONS = Path(__file__).resolve().parents[2] / "infrastructure"
MODULES = [DEFINITIONS, *sorted((DEFINITIONS / "modules").iterdir())]

_BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
_RUN = re.compile(r'^run "\w+" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
_SOURCE = re.compile(r'source = "\./modules/(\w+)"')
_CALL = re.compile(r'^module "\w+" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
_EXPECTED = re.compile(r"expect_failures\s*= \[([^\]]*)\]")


def name(module: Path) -> str:
    return module.name if module.parent.name == "modules" else "root"


def blocks(module: Path, file: str) -> Iterator[tuple[str, str]]:
    """Name and body of each variable or output."""
    for _, block, body in _BLOCK.findall((module / file).read_text(encoding="utf-8")):
        yield block, body


def refusals() -> Counter[tuple[str, str]]:
    """How often the runs of `terraform test` expect a module's variable to be refused."""
    found: Counter[tuple[str, str]] = Counter()
    for file in (DEFINITIONS / "tests").glob("*.tftest.hcl"):
        for run in _RUN.findall(file.read_text(encoding="utf-8")):
            source = _SOURCE.search(run)
            for variable in re.findall(r"var\.(\w+)", " ".join(_EXPECTED.findall(run))):
                found[source[1] if source else "root", variable] += 1
    return found


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_a_module_has_four_files_and_more_where_one_would_be_long(module: Path) -> None:
    files = {file.name for file in module.glob("*.tf")}
    assert files >= {"main.tf", "variables.tf", "outputs.tf", "versions.tf"}
    if module != DEFINITIONS:  # the root's main.tf is one list of module calls
        lines = {name: (module / name).read_text().count("\n") for name in files}
        assert {name: count for name, count in lines.items() if count > 300} == {}


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_variables_and_outputs_are_described(module: Path) -> None:
    for variable, body in blocks(module, "variables.tf"):
        assert re.search(r'^  description = ".+"$', body, re.MULTILINE), variable
        assert re.search(r"^  type +=", body, re.MULTILINE), variable
    for output, body in blocks(module, "outputs.tf"):
        assert re.search(r'^  description = ".+"$', body, re.MULTILINE), output


@pytest.mark.parametrize("module", readmes.modules(), ids=name)
def test_the_readme_describes_the_module(module: Path) -> None:
    wanted = readmes.readme(module)
    assert (module / "README.md").read_text(encoding="utf-8") == wanted, "make format writes it"
    files = {
        "variables.tf": wanted.partition("## Inputs")[2].partition("## Outputs")[0],
        "outputs.tf": wanted.partition("## Outputs")[2],
    }
    for file, table in files.items():
        rows = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
        assert rows == [block for block, _ in blocks(module, file)]


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_every_validation_has_a_run_that_it_refuses(module: Path) -> None:
    tried = refusals()
    lacking = {
        variable: body.count("  validation {")
        for variable, body in blocks(module, "variables.tf")
        if tried[name(module), variable] < body.count("  validation {")
    }
    assert not lacking


def test_every_variable_of_the_root_is_used() -> None:
    main = (DEFINITIONS / "main.tf").read_text(encoding="utf-8")
    variables = [variable for variable, _ in blocks(DEFINITIONS, "variables.tf")]
    assert not [variable for variable in variables if f"var.{variable}" not in main]


@pytest.mark.parametrize("module", MODULES[1:], ids=name)
def test_every_variable_is_set_and_every_output_is_read(module: Path) -> None:
    calls = [
        call
        for file in DEFINITIONS.rglob("*.tf")
        for call in _CALL.findall(file.read_text(encoding="utf-8"))
        if f'/{module.name}"' in call
    ]
    set_ = {
        argument for call in calls for argument in re.findall(r"^  (\w+) +=", call, re.MULTILINE)
    }
    assert {variable for variable, _ in blocks(module, "variables.tf")} <= set_
    others = "".join(
        file.read_text(encoding="utf-8")
        for folder in [*MODULES, DEFINITIONS / "tests"]
        if folder != module
        for file in folder.glob("*.*")
        if file.suffix in (".tf", ".hcl")
    )
    read = set(re.findall(r"\.(\w+)", others))
    assert {output for output, _ in blocks(module, "outputs.tf")} <= read
