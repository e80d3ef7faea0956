"""The providers that are served, by their address."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.provider import archive, common, random, schema
from bonkei.provider.provider import Provider, assemble

AWS = "registry.terraform.io/hashicorp/aws"
SCHEMA = "aws-schema.json.gz"


def providers() -> Mapping[str, Provider]:
    """hashicorp/aws, hashicorp/random and hashicorp/archive."""
    from bonkei.provider import aws  # noqa: PLC0415 -- large, and not needed to name the addresses

    served = (
        assemble(
            Provider(
                schema=schema.load(SCHEMA),
                resources=aws.RESOURCES,
                data_sources=aws.DATA_SOURCES,
                validate=common.provider_problems,
            )
        ),
        random.provider(),
        archive.provider(),
    )
    return {provider.schema.address: provider for provider in served}


def versions() -> Mapping[str, str]:
    """The version of each, without what it does."""
    schemas = (schema.load(SCHEMA), random.provider().schema, archive.provider().schema)
    return {one.address: one.version for one in schemas}
