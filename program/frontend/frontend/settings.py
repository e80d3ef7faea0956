"""Settings from the environment, read once at the start."""

from __future__ import annotations

import os
from typing import Annotated, Literal

from pydantic import (
    AnyHttpUrl,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)


class SettingsError(Exception):
    """An environment variable is missing or wrong; the message names each one."""


class Settings(BaseModel):
    """Each field is the environment variable of the same name in capitals."""

    model_config = ConfigDict(frozen=True)

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    # The ALB keeps idle connections for 60 s: this side must keep them longer, or the ALB sends a
    # request into a connection that is just being closed and answers 502.
    keep_alive_seconds: Annotated[int, Field(ge=1, le=4000)] = 75
    backend_url: AnyHttpUrl
    session_secret: Annotated[SecretStr, Field(min_length=32)]
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "FATAL"] = "INFO"
    # The site's public URL. Without it the feed has no absolute links, and cookies cannot be known
    # to travel over HTTPS if the proxy does not say so.
    public_url: AnyHttpUrl | None = None
    site_name: Annotated[str, Field(max_length=60)] = ""

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @property
    def public_origin(self) -> str:
        """`https://status.example.com`, without a slash at its end; empty if it is not known."""
        return str(self.public_url).rstrip("/") if self.public_url else ""


def read_settings() -> Settings:
    """Raises SettingsError, without any value: it may be a secret."""
    # An empty variable counts as unset: container definitions cannot leave one out by condition.
    named = {name: os.environ.get(name.upper()) for name in Settings.model_fields}
    try:
        return Settings.model_validate({name: value for name, value in named.items() if value})
    except ValidationError as error:
        faults = [
            f"{'_'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False)
        ]
        raise SettingsError("; ".join(faults)) from None
