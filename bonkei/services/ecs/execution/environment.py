"""The environment of a container's process, from the image, the task definition and ECS.

Later values win: this machine's minimum, the image's ENV, the task definition's `environment`, its
`secrets`, then this machine's own values (PORT, HOST, the container's own software).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from bonkei.base.arn import Arn
from bonkei.base.events import Endpoint
from bonkei.base.processes.roots import find_user
from bonkei.base.vault import Vault
from bonkei.grammar.dockerfile.image import substitute
from bonkei.services.ecs.execution.ports import HOST
from bonkei.services.ecs.execution.secret_references import resolve_all
from bonkei.services.ecs.images.local import LocalContainer
from bonkei.services.ecs.messages import PortKey
from bonkei.services.ecs.settings import Translator

# A word, or the value of an option such as `--port=8000`, as a whole.
_BEGINS = r"(?<![^\s='\"])"
_ENDS = r"(?![^\s'\"])"
_FLUENT_BIT_PORT = 2020
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ROUTER_PORTS = (24224, 8877)
"""A log router listens on these in ECS: forward, and ECS's own health check."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A task's resources on this machine. `software`: the container's virtual environment; `cloud`:
    the variables for the AWS endpoint."""

    scratch: Path  # HOME and TMPDIR
    endpoints: Mapping[PortKey, Endpoint] = field(default_factory=lambda: MappingProxyType({}))
    software: Path | None = None
    cloud: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def build_environment(
    local: LocalContainer,
    definition_arn: str,
    surroundings: Surroundings,
    addresses: Translator,
    vault: Vault,
) -> dict[str, str]:
    """Every variable of the container's process. Raises TaskError if a secret has no value."""
    ports = dict(surroundings.endpoints)
    environment = {**_minimum(local, surroundings.scratch, definition_arn), **surroundings.cloud}
    for name, text in local.image.environment:
        environment[name] = local.localize(substitute(text, environment))
    own = {name: translate_ports(value, ports) for name, value in local.container.environment}
    secrets = resolve_all(local.container.secrets, vault, definition_arn)
    environment |= addresses.translate_all(own | secrets)  # a secret may be the URL of a database
    if (endpoint := main_endpoint(local, ports)) is not None:
        environment |= {"HOST": endpoint.host, "PORT": str(endpoint.port)}
    if surroundings.software is not None:
        environment["VIRTUAL_ENV"] = str(surroundings.software)
        environment["PATH"] = f"{surroundings.software / 'bin'}{os.pathsep}{environment['PATH']}"
    return environment


def _minimum(local: LocalContainer, scratch: Path, definition_arn: str) -> dict[str, str]:
    region = Arn.of(definition_arn).region
    return {
        **(_in_root(local.root, local.image.user) if local.root else _among_ours(scratch)),
        **({"AWS_REGION": region, "AWS_DEFAULT_REGION": region} if region else {}),
    }


def _among_ours(scratch: Path) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
    }


def _in_root(root: Path, user: str) -> dict[str, str]:
    """The variables that a container engine sets for a user. A missing user is reported at the
    start."""
    try:
        home = find_user(root, user).home
    except LookupError:
        home = "/"
    return {"PATH": _PATH, "HOME": home}


def main_endpoint(local: LocalContainer, ports: Mapping[PortKey, Endpoint]) -> Endpoint | None:
    """The port in PORT: that of the container's first mapping or EXPOSE."""
    for number in container_ports(local)[:1]:
        return ports.get((local.container.name, number))
    return None


def container_ports(local: LocalContainer) -> tuple[int, ...]:
    """The ports declared by the container, the main one first."""
    mapped = [mapping.container_port for mapping in local.container.port_mappings]
    if local.container.firelens is not None:
        return tuple(dict.fromkeys((_router_port(local), *ROUTER_PORTS, *mapped)))
    return tuple(dict.fromkeys(mapped or local.image.exposed_ports))


def _router_port(local: LocalContainer) -> int:
    """The port of a log router's HTTP server: its PORT, or Fluent Bit's own."""
    told = dict(local.image.environment) | dict(local.container.environment)
    port = told.get("PORT", "")
    return int(port) if port.isdecimal() else _FLUENT_BIT_PORT


def translate_command(word: str, local: LocalContainer, ports: Mapping[PortKey, Endpoint]) -> str:
    """A word of the container's command, with this machine's ports and addresses.

    Applies to `--port 8000`, `--port=8000`, `--bind :8000` and the same words in a shell's line. If
    a separate number is a port of this container, it becomes the port here. "All addresses" becomes
    this machine's loopback address.
    """
    word = translate_ports(word, ports)
    own = (local.program.port,) if local.program and local.program.port else ()
    for number in (*container_ports(local), *own):
        endpoint = ports[local.container.name, number]
        word = re.sub(rf"{_BEGINS}:{number}{_ENDS}", f"{endpoint.host}:{endpoint.port}", word)
        word = re.sub(rf"{_BEGINS}{number}{_ENDS}", str(endpoint.port), word)
    return re.sub(rf"{_BEGINS}(?:0\.0\.0\.0|::){_ENDS}", HOST, word)


def translate_ports(text: str, ports: Mapping[PortKey, Endpoint]) -> str:
    """Replace `localhost:8000` in a value or a health check by the real address of port 8000, and
    bash's `/dev/tcp/localhost/8000`.

    On AWS, the containers of a task share one loopback interface (awsvpc), so a container's port is
    reachable for all of them.
    """
    for (_, number), endpoint in ports.items():
        hosts = r"(?<![\w.-])(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[?::1?\]?)"
        here = rf"\g<1>{endpoint.host}\g<2>{endpoint.port}"
        text = re.sub(rf"(){hosts}(:){number}(?!\d)", here, text)
        text = re.sub(rf"(/dev/tcp/){hosts}(/){number}(?!\d)", here, text)
    return text
