"""AWS Budgets: budgets."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.checks import at, length, matches
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import ResourceBehaviour
from bonkei.definitions.provider.values import Value


def _budget(mint: Mint) -> Mapping[str, Value]:
    name = mint.name()
    account = mint.given("account_id") or mint.account
    return {
        "id": f"{account}:{name}",
        "arn": mint.arn("budgets", f"budget/{name}", region=""),
        "name": name,
        "account_id": account,
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_budgets_budget": resource(
        _budget,
        at("name", length(1, 100), matches(r"[^:\\]+", "a name without : and \\")),
    ),
}
