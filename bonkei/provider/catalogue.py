"""The providers that are served, by their address."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.provider import (
    archive,
    common,
    external,
    facts,
    http,
    local,
    null,
    random,
    schema,
    template,
    time,
)
from bonkei.provider.provider import Provider, assemble

AWS = "registry.terraform.io/hashicorp/aws"
SCHEMA = "aws-schema.json.gz"
FACTS = "aws-facts.json.gz"
_SMALL = (archive, external, http, local, null, random, template, time)


def providers() -> Mapping[str, Provider]:
    """hashicorp/aws and the small ones of HashiCorp that need no account anywhere."""
    from bonkei.provider import aws  # noqa: PLC0415 -- large, and not needed to name the addresses

    served = (
        assemble(
            Provider(
                schema=schema.load(SCHEMA),
                resources=aws.RESOURCES,
                data_sources=aws.DATA_SOURCES,
                ephemeral_resources=aws.EPHEMERAL_RESOURCES,
                functions=aws.FUNCTIONS,
                validate=common.provider_problems,
            ),
            facts.load(FACTS),
        ),
        *(module.provider() for module in _SMALL),
    )
    return {provider.schema.address: provider for provider in served}


def versions() -> Mapping[str, str]:
    """The version of each, without what it does."""
    schemas = (schema.load(SCHEMA), *(module.provider().schema for module in _SMALL))
    return {one.address: one.version for one in schemas}
