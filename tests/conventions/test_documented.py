"""For its user, a command, an option or a setting without a word in docs/ does not exist."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from bonkei import config
from bonkei.cli import commands, program

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


def groups() -> Iterator[tuple[str, click.Group]]:
    yield "", program.bonkei
    for name, command in program.bonkei.commands.items():
        if isinstance(command, click.Group):
            yield name, command


GROUPS = dict(groups())
EACH = [
    (f"{group} {name}".strip(), command)
    for group, members in GROUPS.items()
    for name, command in members.commands.items()
]


@pytest.mark.parametrize(("name", "command"), EACH, ids=str)
def test_each_command_and_option_is_documented(name: str, command: click.Command) -> None:
    first = name.split(maxsplit=1)[0]
    section = re.search(rf"^## `bonkei {first}.*?(?=^## |\Z)", COMMANDS, re.MULTILINE | re.DOTALL)
    assert section is not None, f"docs/commands.md has no section for `bonkei {first}`"
    assert f"`bonkei {name}" in section.group()
    options = [
        option
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.hidden
        for option in parameter.opts
        if option.startswith("--")
    ]
    assert [option for option in options if option not in section.group()] == []
    assert command.help, f"`bonkei {name} --help` says nothing"


@pytest.mark.parametrize("group", GROUPS)
def test_a_list_of_commands_has_whole_sentences(group: str) -> None:
    """Each command is in it once, also where it has several parts."""
    typed = [*group.split(), "--help"]
    shown = CliRunner().invoke(program.bonkei, typed, env={"COLUMNS": "80"})
    assert shown.exit_code == 0, shown.output
    listed = shown.output.partition("Show this message and exit.")[2].splitlines()
    named = [line.split(maxsplit=1)[0] for line in listed if re.match(r"  \S", line)]
    assert sorted(named) == sorted(GROUPS[group].commands)
    assert [line for line in listed if line.endswith("...")] == []


def test_each_command_is_in_exactly_one_group() -> None:
    named = [name for group in commands.GROUPS.values() for name in group]
    assert sorted(named) == sorted(commands.PLACES)


def test_each_environment_variable_is_documented() -> None:
    source = "".join(path.read_text() for path in (ROOT / "bonkei").rglob("*.py"))
    variables = set(re.findall(r'"(BONKEI_[A-Z_]+)"', source))
    assert "BONKEI_HOME" in variables
    assert [name for name in sorted(variables) if f"`{name}`" not in SETTINGS] == []


def test_each_key_of_the_settings_file_is_documented() -> None:
    source = "".join(path.read_text() for path in (ROOT / "bonkei/config").glob("*.py"))
    keys = set(re.findall(r'\.(?:\w+_or_)?(?:texts?|number|flag|tables?)\(\s*"(\w+)"', source))
    keys |= {field.name for field in dataclasses.fields(config.OneOff)}
    assert {"definitions", "variables", "run", "when", "time_factor", "port"} <= keys
    assert [key for key in sorted(keys) if key not in SETTINGS] == []


def test_a_packages_map_names_only_what_is_there() -> None:
    """A map's line is names, two spaces, and words."""
    for file in ROOT.glob("bonkei/**/__init__.py"):
        text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
        lines = re.findall(r"^ *([a-z0-9_.]+(?:, [a-z0-9_.]+)*) {2,}\S", text, re.MULTILINE)
        named = {name.partition(".")[0] for names in lines for name in names.split(", ")}
        there = {each.stem for each in file.parent.iterdir()}
        assert named - there - {""} == set(), file
