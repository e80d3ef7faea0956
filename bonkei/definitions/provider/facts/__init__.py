"""Facts on each argument from the real provider's own schemas, read from a data file.

table    the data file, and behaviours put together with it
rules    the checks and relations of a type's arguments
checks   the checks of one value
"""

from bonkei.definitions.provider.facts.table import (
    EnrichedBehaviours,
    Facts,
    IdentityAttribute,
    load,
)

__all__ = ["EnrichedBehaviours", "Facts", "IdentityAttribute", "load"]
