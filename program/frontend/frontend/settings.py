"""Settings from the environment, read once at the start."""

from __future__ import annotations

import os
from dataclasses import MISSING, dataclass, field, fields
from typing import Annotated, Any, get_type_hints

import msgspec
from msgspec import Meta

# Patterns, since a message about one shows no value.
Url = Annotated[str, Meta(pattern=r"^https?://[^/?#@\s]+(/[^?#\s]*)?$")]
Level = Annotated[str, Meta(pattern="^(DEBUG|INFO|WARNING|ERROR|FATAL)$")]

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class SettingsError(Exception):
    """An environment variable is missing or wrong; the message names each one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Each field is the environment variable of the same name in capitals."""

    backend_url: Url
    session_secret: Annotated[str, Meta(min_length=32)] = field(repr=False)
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8000
    # The ALB keeps idle connections for 60 s: this side must keep them longer, or the ALB sends a
    # request into a connection that is just being closed and answers 502.
    keep_alive_seconds: Annotated[int, Meta(ge=1, le=4000)] = 75
    log_level: Level = "INFO"
    # The site's public URL. Without it the feed has no absolute links, and cookies cannot be known
    # to travel over HTTPS if the proxy does not say so.
    public_url: Url | None = None
    site_name: Annotated[str, Meta(max_length=60)] = ""

    @property
    def public_origin(self) -> str:
        """`https://status.example.com`, as a browser writes it and without a slash at its end;
        empty if it is not known."""
        scheme, _, rest = (self.public_url or "").rstrip("/").partition("://")
        host, slash, path = rest.partition("/")
        host = host.lower().removesuffix(_DEFAULT_PORTS.get(scheme, ""))
        return f"{scheme}://{host}{slash}{path}" if host else ""


def read_settings() -> Settings:
    """Raises SettingsError, without any value: it may be a secret."""
    kinds = get_type_hints(Settings, include_extras=True)
    values: dict[str, Any] = {}
    faults = []
    for each in fields(Settings):
        # An empty variable counts as unset: a container definition cannot leave one out by itself.
        text = os.environ.get(each.name.upper(), "")
        if each.name == "log_level":
            text = text.upper()
        try:
            if text:
                values[each.name] = msgspec.convert(text, kinds[each.name], strict=False)
            elif each.default is MISSING:
                faults.append(f"{each.name.upper()}: is not set")
        except msgspec.ValidationError as error:
            faults.append(f"{each.name.upper()}: {error}")
    if faults:
        raise SettingsError("; ".join(faults))
    return Settings(**values)
