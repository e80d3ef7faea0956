"""Terraform's state, as readers see it.

state   resources by type and by id
block   typed access to attributes
tags    a resource's tags
error   the readers' error
use     which resources name a thing
"""

from bonkei.blueprint.state.state import Resource, State, natural

__all__ = ["Resource", "State", "natural"]
