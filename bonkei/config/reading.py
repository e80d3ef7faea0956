"""Finds, reads and checks `bonkei.toml`; environment variables take precedence."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from types import MappingProxyType

from bonkei.config import settings
from bonkei.config.containers import containers as read_containers
from bonkei.config.containers import read_again
from bonkei.config.settings import FILE_NAME
from bonkei.config.table import ConfigError, Table, parse
from bonkei.config.values import Announcement, Config

PROGRAMS = "BONKEI_ALLOW_PROGRAMS"
"""Set, it allows what the definitions run."""


def find(start: Path) -> Path:
    """The nearest bonkei.toml in `start` or a folder above it."""
    for folder in (start, *start.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    raise ConfigError(
        f"there is no {FILE_NAME} in {start} or above it",
        remedy="go to the project's folder, or write one there: bonkei init",
    )


def load(file: Path, environment: Mapping[str, str]) -> Config:
    """Read and check `file`; environment variables take precedence."""
    table = Table(parse(file), str(file))
    root = file.parent.resolve()
    check, edge, logs = table.table("check"), table.table("edge"), table.table("logs")
    builds = table.table("builds")
    workspace = settings.workspace(table, environment)
    containers = table.table("containers").named_tables()
    sources, images = read_containers(containers, root, file)
    definitions, roots = settings.definitions(table, root, file)
    config = Config(
        file=file.resolve(),
        root=root,
        definitions=definitions,
        variable_files=tuple(
            settings.file(root, name, "variables", file) for name in table.texts("variables", ())
        ),
        home=settings.home(file, environment, workspace),
        roots=roots if len(roots) > 1 else (),
        containers=MappingProxyType(sources),
        images=MappingProxyType(images),
        read_again=MappingProxyType(read_again(containers, sources, file)),
        one_offs=tuple(settings.one_off(entry) for entry in table.tables("run")),
        announcements=tuple(
            Announcement(label=label, secret=secret)
            for label, secret in table.table("announce").all_texts().items()
        ),
        existing=tuple(entry.everything() for entry in table.tables("existing")),
        remote_states=MappingProxyType(
            {
                name: entry.everything()
                for name, entry in table.table("remote_states").named_tables().items()
            }
        ),
        modules=MappingProxyType(settings.modules(table.table("modules"), root, file)),
        endpoints=MappingProxyType(settings.endpoints(table.table("endpoints"), file)),
        check_programs=MappingProxyType(
            {
                name: settings.directory(root, path, f"[check.programs] {name}", file)
                for name, path in check.table("programs").all_texts().items()
            }
        ),
        check_levels=MappingProxyType(settings.levels(check, file)),
        edge_port=settings.port(edge, environment, "edge", "BONKEI_EDGE_PORT", 8080),
        edge_hosts=settings.hosts(edge, file),
        alb_port=settings.port(table.table("alb"), environment, "alb", "BONKEI_ALB_PORT", 8081),
        cloud_port=settings.port(
            table.table("cloud"), environment, "cloud", "BONKEI_CLOUD_PORT", 8083
        ),
        console_port=settings.console_port(table.table("console"), environment),
        fluent_bit=table.table("log_routers").text("fluent_bit", ""),
        log_megabytes=settings.megabytes(logs, file, "logs", 512, 16),
        log_time_factor=settings.time_factor(logs, file, "logs", 30),
        time_factor=settings.time_factor(table.table("monitor"), file, "monitor", 1),
        enforce=settings.enforce(table, environment),
        one_address=settings.has_one_address(environment),
        policies=MappingProxyType(
            {
                arn: settings.file(root, name, f"[policies] {arn}", file)
                for arn, name in table.table("policies").all_texts().items()
            }
        ),
        builds_outside=builds.flag("outside"),
        builds_megabytes=settings.megabytes(builds, file, "builds", 10_000, 100),
        builds_engine=settings.builds_engine(builds, environment),
        trivy_database=settings.trivy_database(table.table("registry"), root),
        slack_secret=table.table("slack").text("secret", ""),
        slack_url=settings.slack_url(environment),
        rehearse=MappingProxyType(settings.rehearse(table.table("rehearse"))),
        workspace=workspace,
        account_id=settings.account_id(table),
        aws_rules=settings.aws_rules(table),
        database_url=environment.get("BONKEI_DATABASE_URL") or None,
        database_shared=table.table("database").flag("shared"),
        terraform=settings.terraform(environment),
        programs_allowed=bool(environment.get(PROGRAMS)),
        programs_see=table.table("programs").texts("environment", ()),
    )
    table.done()  # before the folder: a misspelt `definitions` leaves the default
    for folder in roots:
        settings.directory(root, os.path.relpath(folder, root), "definitions", file)
    _require_ports_apart(config)
    return config


def load_home(file: Path, environment: Mapping[str, str]) -> Path:
    """Find the home of the miniature of `file`, and ignore everything else in the file: git may
    have checked out a branch without a program."""
    table = Table(parse(file), str(file))
    return settings.home(file, environment, settings.workspace(table, environment))


def _require_ports_apart(config: Config) -> None:
    places = (*config.ports, ("the console", "BONKEI_CONSOLE_PORT", config.console_port))
    for (one, first, port), (other, second, same) in combinations(places, 2):
        if port is not None and port == same:  # None: it is off
            raise ConfigError(
                f"{one} and {other} are both given port {port}",
                remedy=f"set {first} and {second} to two different ports",
            )


def is_unchanged(config: Config, environment: Mapping[str, str]) -> bool:
    """Whether a running miniature's settings still equal those of the file.

    The definitions, their variables and programs, the resources elsewhere and the containers'
    directories do not count: each apply reads them again. The settings of `bonkei check` do not
    count either.
    """
    try:
        now = load(config.file, environment)
    except ConfigError:
        return False
    read_anew = replace(
        now,
        definitions=config.definitions,
        containers=config.containers,
        read_again=config.read_again,
        variable_files=config.variable_files,
        existing=config.existing,
        aws_rules=config.aws_rules,
        remote_states=config.remote_states,
        modules=config.modules,
        programs_allowed=config.programs_allowed,
        programs_see=config.programs_see,
        check_levels=config.check_levels,
        check_programs=config.check_programs,
    )
    return read_anew == config
