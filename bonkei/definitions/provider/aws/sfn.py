"""AWS Step Functions: state machines."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.own import by_own_names
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import ResourceBehaviour
from bonkei.definitions.provider.values import Value


def _machine(mint: Mint) -> Mapping[str, Value]:
    """https://docs.aws.amazon.com/step-functions/latest/dg/concepts-statemachines.html"""
    name = mint.name()
    identifier = mint.arn("states", f"stateMachine:{name}")
    return {
        "id": identifier,
        "arn": identifier,
        "name": name,
        "creation_date": mint.context.now,
        "status": "ACTIVE",
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_sfn_state_machine": resource(_machine),
}

DATA_SOURCES = by_own_names("aws_sfn_state_machine")
