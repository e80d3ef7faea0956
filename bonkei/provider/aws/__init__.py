"""What AWS does with each type: one room a service, each module with a table of behaviours.

<service>        named as the AWS provider names it; its map is in its `__init__`
shared           what the services have in common
data_sources     what is read
ephemeral        what is read or made up for one run
functions        the provider's functions

A module with a table `RESOURCES` in a service's room is served; no list names it. A resource type
without an entry still works, generically: the core gives it an id and an ARN of AWS's form. A data
source without an entry cannot be answered, and the core says so.
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.provider.aws import data_sources, ephemeral, functions
from bonkei.provider.behaviour import (
    DataSource,
    EphemeralResource,
    Function,
    ResourceBehaviour,
)
from bonkei.provider.modules import modules

RESOURCES: Mapping[str, ResourceBehaviour] = {
    name: behaviour
    for module in modules(__name__, __path__)
    for name, behaviour in getattr(module, "RESOURCES", {}).items()
}

DATA_SOURCES: Mapping[str, DataSource] = data_sources.DATA_SOURCES

EPHEMERAL_RESOURCES: Mapping[str, EphemeralResource] = ephemeral.EPHEMERAL_RESOURCES

FUNCTIONS: Mapping[str, Function] = functions.FUNCTIONS
