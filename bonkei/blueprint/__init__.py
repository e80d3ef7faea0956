"""The architecture as frozen, typed values, read from Terraform's state and nothing else."""

from bonkei.blueprint.model import Blueprint

__all__ = ["Blueprint"]
