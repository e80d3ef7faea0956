"""EventBridge: events on the bus, the rules that match them, and their targets.

pattern      pure: whether an event pattern matches an event
transformer  pure: an event as its target receives it
rules        turns events and minutes into deliveries, by the rules of the definitions
shapes       turns changes in ECS into the events that AWS puts on the bus
"""
