"""Amazon SES: identities, by the first and the second version of its API."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.naming import Mint, name_as_id
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.aws.shared.seeds import ALPHANUMERIC, LOWER
from bonkei.definitions.provider.behaviour import ResourceBehaviour
from bonkei.definitions.provider.values import Value


def _domain(mint: Mint) -> Mapping[str, Value]:
    """https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html"""
    domain = str(mint.given("domain"))
    return {
        "id": domain,
        "arn": mint.arn("ses", f"identity/{domain}"),
        "verification_token": mint.random(43, ALPHANUMERIC, "token") + "=",
    }


def _keys_of_domain(mint: Mint) -> Mapping[str, Value]:
    tokens = [mint.random(32, LOWER, f"dkim/{number}") for number in range(3)]
    return {"id": str(mint.given("domain")), "dkim_tokens": tokens}


def _address(argument: str) -> ResourceBehaviour:
    return resource(name_as_id("ses", "identity/", argument), import_=argument)


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_ses_domain_identity": resource(_domain, import_="domain"),
    "aws_ses_domain_dkim": resource(_keys_of_domain, import_="domain"),
    "aws_ses_email_identity": _address("email"),
    "aws_sesv2_email_identity": _address("email_identity"),
}
