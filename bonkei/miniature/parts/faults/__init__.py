"""Connects the faults with the other parts.

faults    FaultPart: the faults of a miniature, as the supervisor uses them
sights    the other parts' data for the faults
estate    the possible targets, from the blueprint and the parts' snapshots
carrying  the part's `Hands`: passes each effect to the part that can carry it out
detours   ways to tasks: leads the edge to a place that is slow or refuses
drills    drills over the miniature's own edge, with its own alarms
filling   memory, processor and disk of tasks, connections of a database
"""

from bonkei.miniature.parts.faults.faults import FaultPart

__all__ = ["FaultPart"]
