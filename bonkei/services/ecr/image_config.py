"""The configuration of a built image: how a container of it is started.

Source: "Image Configuration", the OCI image specification; Docker's has the same fields.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bonkei.services.ecr.errors import RegistryError

if TYPE_CHECKING:
    from bonkei.base.processes.roots import RootSettings

_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def read_config(text: bytes) -> RootSettings:
    """The configuration in a blob. Raises RegistryError if it cannot be read, or if the image is
    for another kind of machine."""
    try:
        document = json.loads(text)
        _require_this_machine(str(document.get("os", "")), str(document.get("architecture", "")))
        return _config(document.get("config") or {})
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise RegistryError("MANIFEST_INVALID", f"its configuration: {error}") from None


def _config(found: Mapping[str, Any]) -> RootSettings:
    # The command `docker` of a build asks for the architecture only, and starts in half the time.
    from bonkei.base.processes.roots import RootSettings  # noqa: PLC0415

    pairs = [str(each).partition("=") for each in found.get("Env") or ()]
    return RootSettings(
        entry_point=_words(found.get("Entrypoint")),
        command=_words(found.get("Cmd")),
        environment=tuple((name, value) for name, _, value in pairs),
        working_directory=str(found.get("WorkingDir") or "/"),
        user=str(found.get("User") or ""),
        exposed_ports=tuple(
            int(port.partition("/")[0]) for port in found.get("ExposedPorts") or {}
        ),
        stop_signal=str(found.get("StopSignal") or "SIGTERM"),
    )


def _words(value: Any) -> tuple[str, ...] | None:
    return tuple(map(str, value)) if value else None


def own_architecture() -> str:
    """This machine's architecture, as images name it: `amd64`, `arm64`."""
    return _ARCHITECTURES.get(platform.machine().lower(), platform.machine())


def _require_this_machine(system: str, architecture: str) -> None:
    own = own_architecture()
    if system not in ("", "linux") or architecture not in ("", own):
        raise RegistryError(
            "UNSUPPORTED", f"it is built for {system}/{architecture}, and this machine is {own}"
        )
