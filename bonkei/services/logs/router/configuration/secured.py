"""Whether a router speaks TLS: where it does not, its process loads no OpenSSL."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.services.logs.router.configuration.model import Configuration

OF_AWS = frozenset({"s3", "cloudwatch_logs", "cloudwatch"})


def needs_tls(configuration: Configuration, environment: Mapping[str, str]) -> bool:
    """Calls of AWS, and the request for credentials, go over TLS unless they name plain HTTP."""
    to_aws = [each for each in configuration.outputs if each.name.lower() in OF_AWS]
    credentials = environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")
    return credentials.lower().startswith("https://") or not all(
        each.text("endpoint").lower().startswith("http://") for each in to_aws
    )
