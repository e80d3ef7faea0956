"""The architecture as frozen, typed values, read from Terraform's state and nothing else."""

from bonkei.blueprint.coverage import NotSimulated
from bonkei.blueprint.error import BlueprintError
from bonkei.blueprint.model import Blueprint
from bonkei.blueprint.readers import read

__all__ = ["Blueprint", "BlueprintError", "NotSimulated", "read"]
