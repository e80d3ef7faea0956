"""The architecture as frozen, typed values, read from Terraform's state and nothing else.

model       Blueprint: everything that was read
reading     how it is read, subject by subject
alarm, ...  one subject each: its values, and how they are read. Large subjects have a folder:
            bucket, distribution, load_balancer, network, release, service, web_acl
coverage    what the miniature does not simulate
state       Terraform's state, with typed access for the readers
"""

from bonkei.blueprint.coverage import NotSimulated
from bonkei.blueprint.model import Blueprint
from bonkei.blueprint.reading import read
from bonkei.blueprint.state.error import BlueprintError

__all__ = ["Blueprint", "BlueprintError", "NotSimulated", "read"]
