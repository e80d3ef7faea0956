"""The last lines of a start: the addresses and the secrets' files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from bonkei.base.vault import FileVault
from bonkei.blueprint import Blueprint
from bonkei.blueprint.secretsmanager import find_secret
from bonkei.config import Config
from bonkei.miniature.home import Home
from bonkei.services.console import ConsoleSnapshot
from bonkei.services.edge import EdgeSnapshot

_KINDS = {
    "distribution": "The site, through CloudFront",
    "load_balancer": "The load balancer itself",
}


def announce(
    config: Config,
    home: Home,
    blueprint: Blueprint,
    edge: EdgeSnapshot,
    console: ConsoleSnapshot | None = None,
) -> Iterator[str]:
    """The addresses, then the files of the generated secrets (never their values)."""
    yield ""
    kinds = Counter(listener.kind for listener in edge.listeners)
    lines = [
        (
            _KINDS[listener.kind] + (f" {listener.name}" if kinds[listener.kind] > 1 else ""),
            listener.url,
        )
        for listener in edge.listeners
        if listener.kind in _KINDS
    ]
    if console is not None:
        lines.append(("The console", console.url))
    lines += [
        (announcement.label, str(FileVault(home.secrets).path(secret.arn)))
        for announcement in config.announcements
        if (secret := find_secret(blueprint.secrets, announcement.secret)) is not None
    ]
    width = max((len(label) for label, _ in lines), default=0)
    for label, place in lines:
        yield f"  {label:<{width}}  {place}"
    parts = (*blueprint.not_simulated, *edge.not_simulated)
    missing = {part.kind for part in parts if part.category != "declarative"}
    if missing:
        count = f"{len(missing)} kinds of things: `bonkei status --all` lists each, with the reason"
        yield f"  {'Not simulated':<{width}}  {count}"
    yield ""
