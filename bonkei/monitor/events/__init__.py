"""EventBridge: events on the bus, rules that match them, targets that get them.

pattern      pure: whether an event pattern matches an event
transformer  pure: an event as its target receives it
schedule     pure: rate, cron and at expressions
rules        the rules of the definitions, events and minutes to deliveries
shapes       ECS's changes as the events that AWS puts on the bus
"""
