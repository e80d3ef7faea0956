"""Settings, read from the environment once. Secrets never appear in a repr or a log."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

Text = Annotated[str, Field(min_length=1)]
Secret = Annotated[SecretStr, Field(min_length=1)]
SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]

RDS_CERTIFICATES = Path("/etc/ssl/certs/rds-global-bundle.pem")  # put there by the Dockerfile


class SettingsError(Exception):
    """Variables of the environment are missing or wrong; the message names each one."""


class _Settings(BaseModel):
    """Each field is the environment variable of the same name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def read(cls) -> Self:
        """From the environment; raises `SettingsError`."""
        # An empty variable is unset: container definitions cannot leave one out by condition.
        named = {name: os.environ.get(name.upper()) for name in cls.model_fields}
        try:
            return cls.model_validate({name: value for name, value in named.items() if value})
        except ValidationError as error:
            raise SettingsError(_explain(error)) from None


class LogSettings(_Settings):
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "FATAL"] = "INFO"


class DatabaseSettings(_Settings):
    database_host: Text
    database_port: Annotated[int, Field(ge=1, le=65535)] = 5432
    database_name: Text
    database_username: Text
    database_iam_region: Text | None = Field(
        default=None, description="Sign in with a token of IAM, signed for this region."
    )
    database_password: Secret | None = Field(default=None, validate_default=True)
    database_sslmode: SslMode | None = Field(
        default=None, description="Unset: verify-full for an RDS name, prefer for any other."
    )
    database_sslrootcert: Path = RDS_CERTIFICATES

    @field_validator("database_password")
    @classmethod
    def _password_or_token(
        cls, password: SecretStr | None, found: ValidationInfo
    ) -> SecretStr | None:
        if password and found.data.get("database_iam_region"):
            raise PydanticCustomError("both", "must not be set beside DATABASE_IAM_REGION")
        if not password and not found.data.get("database_iam_region"):
            raise PydanticCustomError("missing", "must be set")
        return password

    @property
    def tls(self) -> dict[str, str]:
        """libpq's TLS parameters. On AWS the server must prove its identity."""
        rds = self.database_host.endswith((".rds.amazonaws.com", ".rds.amazonaws.com.cn"))
        mode = self.database_sslmode or ("verify-full" if rds else "prefer")
        if mode in ("verify-ca", "verify-full"):
            return {"sslmode": mode, "sslrootcert": str(self.database_sslrootcert)}
        return {"sslmode": mode}

    @model_validator(mode="after")
    def _certificates_are_there(self) -> Self:
        certificates = self.tls.get("sslrootcert")
        if certificates not in (None, "system") and not Path(str(certificates)).is_file():
            raise ValueError(
                f"DATABASE_SSLROOTCERT: no such file {certificates}; the image holds it, elsewhere "
                "name a file of certificate authorities or set DATABASE_SSLMODE"
            )
        return self


class ServeSettings(DatabaseSettings):
    host: Text = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    # The ALB reuses idle connections for 60 s; a server that closes one earlier may close it just
    # as a request arrives, which the client sees as a 502.
    keep_alive_seconds: Annotated[int, Field(ge=1, le=4000)] = 75
    pool_size: Annotated[int, Field(ge=1, le=100)] = 10
    drain_seconds: Annotated[float, Field(ge=0, le=100)] = Field(
        default=15, description="After SIGTERM, serve on for at most so long while requests come."
    )
    drain_quiet_seconds: Annotated[float, Field(ge=0, le=100)] = Field(
        default=2, description="… and stop once no request has come for so long."
    )
    shutdown_seconds: Annotated[int, Field(ge=1, le=100)] = Field(
        default=10, description="Then wait so long for requests in flight."
    )
    trusted_proxies: Annotated[int, Field(ge=0, le=10)] = Field(
        default=2, description="How many proxies append to X-Forwarded-For: CloudFront and the ALB."
    )


class MigrateSettings(DatabaseSettings):
    database_master_username: Text
    database_master_password: Secret
    # The application's other role: the next one, or the former one.
    database_next_username: Text | None = None
    database_next_password: Secret | None = None
    database_former_username: Text | None = None
    # The application's role that needs a token of IAM, whether or not the application uses it yet.
    database_iam_username: Text | None = None
    administrator_password: Annotated[SecretStr, Field(min_length=12, max_length=128)]
    database_wait_seconds: Annotated[float, Field(ge=0, le=900)] = Field(
        default=60, description="How long to wait for a database that is not up yet."
    )

    @property
    def roles(self) -> list[tuple[str, str | None]]:
        """Name and password of the application's roles; None: a token of IAM."""
        found = [(self.database_username, self.database_password)]
        if self.database_iam_username:
            found.append((self.database_iam_username, None))
        if self.database_next_username and self.database_next_password:
            found.append((self.database_next_username, self.database_next_password))
        return [(name, secret.get_secret_value() if secret else None) for name, secret in found]

    @model_validator(mode="after")
    def _roles_differ(self) -> Self:
        named = {
            "DATABASE_USERNAME": self.database_username,
            "DATABASE_NEXT_USERNAME": self.database_next_username,
            "DATABASE_FORMER_USERNAME": self.database_former_username,
            "DATABASE_IAM_USERNAME": self.database_iam_username,
        }
        for variable, name in named.items():
            if name == self.database_master_username:
                raise ValueError(
                    f"{variable}: must differ from DATABASE_MASTER_USERNAME: "
                    "the service runs with a role of its own that cannot change the schema"
                )
            if variable != "DATABASE_USERNAME" and name == self.database_username:
                raise ValueError(f"{variable}: must differ from DATABASE_USERNAME")
        if self.database_former_username and (
            self.database_former_username == self.database_next_username
        ):
            raise ValueError("DATABASE_FORMER_USERNAME: must differ from DATABASE_NEXT_USERNAME")
        if bool(self.database_next_username) != bool(self.database_next_password):
            raise ValueError("DATABASE_NEXT_USERNAME and DATABASE_NEXT_PASSWORD: go together")
        return self


def _explain(error: ValidationError) -> str:
    def line(fault: Any) -> str:
        name = "_".join(str(part) for part in fault["loc"]).upper()
        reason = "must be set" if fault["type"] == "missing" else fault["msg"]
        return f"{name}: {reason}" if name else str(reason).removeprefix("Value error, ")

    return "; ".join(line(fault) for fault in error.errors(include_input=False, include_url=False))
