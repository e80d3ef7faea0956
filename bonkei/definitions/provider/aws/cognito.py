"""Amazon Cognito: user pools, and their parts.

https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.checks import at, length, matches
from bonkei.definitions.provider.aws.shared.import_ids import parts_of
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.own import every, own
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.aws.shared.seeds import ALPHANUMERIC, LOWER
from bonkei.definitions.provider.behaviour import Context, DataSource, ResourceBehaviour
from bonkei.definitions.provider.values import Object, Value

# "Route 53 hosted zone" of every CloudFront distribution.
_CLOUDFRONT_ZONE = "Z2FDTNDATAQYW2"


def _pool(mint: Mint) -> Mapping[str, Value]:
    identifier = f"{mint.region}_{mint.random(9, ALPHANUMERIC, 'pool')}"
    return {
        "id": identifier,
        "arn": mint.arn("cognito-idp", f"userpool/{identifier}"),
        "endpoint": f"cognito-idp.{mint.region}.{mint.suffix}/{identifier}",
        "creation_date": mint.context.now,
        "last_modified_date": mint.context.now,
    }


def _client(mint: Mint) -> Mapping[str, Value]:
    secret = mint.given("generate_secret") is True
    return {
        "id": mint.random(26, LOWER, "client"),
        "client_secret": mint.random(51, LOWER, "secret") if secret else "",
    }


def _domain(mint: Mint) -> Mapping[str, Value]:
    distribution = f"d{mint.random(13, LOWER, 'distribution')}.cloudfront.net"
    return {
        "id": str(mint.given("domain")),
        "aws_account_id": mint.account,
        "cloudfront_distribution": distribution,
        "cloudfront_distribution_arn": distribution,
        "cloudfront_distribution_zone_id": _CLOUDFRONT_ZONE,
    }


def _identity_pool(mint: Mint) -> Mapping[str, Value]:
    identifier = f"{mint.region}:{mint.uuid('identity')}"
    return {
        "id": identifier,
        "arn": mint.arn("cognito-identity", f"identitypool/{identifier}"),
    }


def _import_client(identifier: str, _: Context) -> Object:
    pool, client = parts_of(identifier, "USERPOOLID/CLIENTID")
    return {"id": client, "user_pool_id": pool}


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_cognito_user_pool": resource(
        _pool,
        at("name", length(1, 128), matches(r"[\w\s+=,.@-]+", "letters, digits and +=,.@-")),
        recomputed={"last_modified_date": "*"},
    ),
    "aws_cognito_user_pool_client": resource(_client, import_=_import_client),
    "aws_cognito_user_pool_domain": resource(_domain, import_="domain"),
    "aws_cognito_identity_pool": resource(_identity_pool),
}


DATA_SOURCES: Mapping[str, DataSource] = {
    "aws_cognito_user_pools": every("aws_cognito_user_pool"),
    "aws_cognito_user_pool": own("aws_cognito_user_pool", user_pool_id="id"),
    "aws_cognito_user_pool_client": own("aws_cognito_user_pool_client", client_id="id"),
}
