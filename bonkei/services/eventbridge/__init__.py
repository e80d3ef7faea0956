"""EventBridge: events on the bus, the rules that match them, and their targets.

bus          an event reaches the targets of the matching rules, or their dead-letter queues
catalogue    the rules and schedules, declared or made by calls
rules        turns events and minutes into deliveries, by the rules of the definitions
targets      calls the services that rules name
failures     pure: what is tried again, dead letters, and metrics
shapes       turns changes in ECS into the events that AWS puts on the bus
transformer  pure: an event as its target receives it
api          the operations of EventBridge and of its Scheduler
"""
