"""AWS CodeConnections, under its present and its former name (CodeStar Connections).

https://docs.aws.amazon.com/codeconnections/latest/APIReference/API_CreateConnection.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.own import by_own_names
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import ResourceBehaviour
from bonkei.definitions.provider.values import Value


def _connection(mint: Mint) -> Mapping[str, Value]:
    """A connection is PENDING until a person confirms it in the console."""
    identifier = mint.arn("codeconnections", f"connection/{mint.uuid()}")
    return {
        "id": identifier,
        "arn": identifier,
        "connection_status": "PENDING",
        "provider_type": "GitHub",
    }


_CONNECTION = resource(_connection)


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_codestarconnections_connection": _CONNECTION,
    "aws_codeconnections_connection": _CONNECTION,
}

DATA_SOURCES = by_own_names("aws_codestarconnections_connection")
