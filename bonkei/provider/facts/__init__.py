"""What the real provider's own schemas say of each argument, read from a data file.

table    the data file, and behaviours put together with it
rules    the checks and relations of a type's arguments
checks   what one value is held against
"""

from bonkei.provider.facts.table import EnrichedBehaviours, Facts, IdentityAttribute, load

__all__ = ["EnrichedBehaviours", "Facts", "IdentityAttribute", "load"]
