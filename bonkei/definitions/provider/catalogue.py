"""The providers that are served, by their address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bonkei.definitions.provider import facts, region_and_tags, schema, small
from bonkei.definitions.provider.addresses import AWS
from bonkei.definitions.provider.modules import modules
from bonkei.definitions.provider.provider import Provider, assemble
from bonkei.definitions.provider.schema import Block

SCHEMA = "aws-schema.json.gz"
FACTS = "aws-facts.json.gz"


def providers() -> Mapping[str, Provider]:
    """hashicorp/aws and the small ones of HashiCorp that need no account anywhere."""
    from bonkei.definitions.provider import aws  # noqa: PLC0415 -- large, and not needed to name the addresses

    served = (
        assemble(
            Provider(
                schema=schema.load(SCHEMA),
                resources=aws.RESOURCES,
                data_sources=aws.DATA_SOURCES,
                ephemeral_resources=aws.EPHEMERAL_RESOURCES,
                functions=aws.FUNCTIONS,
                validate=region_and_tags.provider_problems,
            ),
            facts.load(FACTS),
        ),
        *_small(),
    )
    return {provider.schema.address: provider for provider in served}


def resource_schemas(address: str) -> Mapping[str, Block]:
    """Return the resource types of one provider as they are served, without its behaviours. Raises
    KeyError."""
    if address == AWS:
        bare = Provider(schema=schema.load(SCHEMA))
        return assemble(bare, facts.load(FACTS)).schema.resources
    return {one.schema.address: one for one in _small()}[address].schema.resources


def forget() -> None:
    """Free the schemas, 6 MiB. The next plan reads them again."""
    schema.load.cache_clear()
    schema.type_of.cache_clear()


def _small() -> Iterator[Provider]:
    for module in modules(small.__name__, small.__path__):
        if hasattr(module, "provider"):
            yield module.provider()
