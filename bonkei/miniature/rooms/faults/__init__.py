"""The faults' ends in the other rooms.

room      FaultRoom: the faults of a miniature, as the supervisor uses them
sights    what the faults see of the other rooms
estate    what can be hit, from the blueprint and the rooms' snapshots
carrying  the room's `Hands`: each effect goes to the part that can have it
detours   ways to tasks: the edge is led to a place that is slow, or refuses
drills    drills over the miniature's own edge, heard by its own alarms
filling   memory, processor and disk of tasks, connections of a database
"""

from bonkei.miniature.rooms.faults.room import Around, FaultRoom

__all__ = ["Around", "FaultRoom"]
