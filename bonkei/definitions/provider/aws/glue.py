"""AWS Glue: databases and tables of a catalog, which is the account's own unless one is given.

https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.naming import Mint, Minting
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import ResourceBehaviour
from bonkei.definitions.provider.values import Value


def _in_catalog(kind: str, *arguments: str) -> Minting:
    def mint(one: Mint) -> Mapping[str, Value]:
        catalog = one.given("catalog_id") or one.account
        names = [str(one.given(each)) for each in arguments]
        return {
            "id": ":".join([str(catalog), *names]),
            "arn": one.arn("glue", "/".join([kind, *names])),
            "catalog_id": catalog,
        }

    return mint


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_glue_catalog_database": resource(_in_catalog("database", "name")),
    "aws_glue_catalog_table": resource(_in_catalog("table", "database_name", "name")),
}
