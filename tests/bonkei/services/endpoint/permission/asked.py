"""Names of some resources, and what calls about them need."""

from __future__ import annotations

from typing import Any

from bonkei.blueprint import Blueprint
from bonkei.blueprint.kms import Key
from bonkei.blueprint.s3 import Bucket
from bonkei.blueprint.secretsmanager import Secret
from bonkei.blueprint.storage import Table
from bonkei.services.endpoint.permission import services
from bonkei.services.endpoint.permission.names import names_of
from bonkei.services.endpoint.permission.requirement import Place, Requirement

ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k"
SECRET = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:shop/db-AbCdEf"
NAMES = names_of(
    Blueprint(
        keys=(Key("k", KEY, "k", ("alias/shop",)),),
        secrets=(Secret("s", SECRET, "shop/db", "k"),),
        buckets=(Bucket("b", "arn:aws:s3:::sealed", "sealed", kms_key_id=KEY),),
        tables=(
            Table(
                "t",
                f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/carts",
                "carts",
                {
                    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                    "GlobalSecondaryIndexes": [
                        {
                            "IndexName": "by-v",
                            "KeySchema": [{"AttributeName": "v", "KeyType": "HASH"}],
                        },
                    ],
                },
            ),
        ),
    ),
    Place(ACCOUNT, "eu-west-1"),
)


def actions(service: str, operation: str, **given: Any) -> list[tuple[str, str]]:
    found = services.required(service, operation, given, NAMES) or ()
    return [(each.action, each.resource.rpartition(":")[2]) for each in found]


def context(found: tuple[Requirement, ...] | None, *keys: str) -> dict[str, tuple[str, ...]]:
    assert found
    return {key: found[0].context[key] for key in keys if key in found[0].context}
