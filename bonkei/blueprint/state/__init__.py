"""Terraform's state, with typed access for the readers.

state   resources by type and by id
block   typed access to attributes
tags    a resource's tags
error   the readers' error
use     the resources that name a thing
"""

from bonkei.blueprint.state.state import Resource, State, natural

__all__ = ["Resource", "State", "natural"]
