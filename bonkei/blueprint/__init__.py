"""The architecture as frozen, typed values, read from Terraform's state and nothing else.

model       Blueprint: everything read
reading     the reading, subject by subject
alarm, ...  one subject each: its values, and their reader. Large subjects have a folder:
            bucket, distribution, load_balancer, network, release, service, web_acl
coverage    parts that the miniature does not simulate
state       Terraform's state, with typed access for the readers
"""

from bonkei.blueprint.coverage import NotSimulated
from bonkei.blueprint.model import Blueprint
from bonkei.blueprint.reading import read
from bonkei.blueprint.state.error import BlueprintError

__all__ = ["Blueprint", "BlueprintError", "NotSimulated", "read"]
