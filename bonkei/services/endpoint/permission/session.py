"""The policy that a caller of AssumeRole gives its session: the session may do what the role's
policies and this one allow. "Session policies" (IAM User Guide)."""

from __future__ import annotations

from functools import lru_cache

from bonkei.analysis.policy import Policy
from bonkei.analysis.policy.condition import UnknownOperatorError
from bonkei.blueprint import BlueprintError
from bonkei.blueprint.iam import read_policy_document
from bonkei.blueprint.state.block import Block
from bonkei.services.endpoint.errors import ApiError


@lru_cache(maxsize=64)
def session_policy(text: str) -> Policy:
    """The policy of this JSON text. Raises ApiError with STS's code."""
    try:
        return Policy(read_policy_document(Block("the session policy", {"policy": text}), "policy"))
    except UnknownOperatorError as error:
        message = f"Unknown condition operator {error}"
    except BlueprintError as error:
        message = str(error)
    raise ApiError("MalformedPolicyDocument", message)
