"""Stacks: what they are, and what changes them. Pure but for `store` and `engine`.

values       a stack, its resources, events, change sets
planning     a template with parameters -> the stack's wanted resources
changes      what differs between a stack and a plan
operation    a stack's way through an operation: statuses and events
conflicts    names that exist already
owners       what a resource belongs to, and that it is there
validity     values that AWS refuses
resources    what the blueprint gets of the stacks, and what is not carried out
status_change  what EventBridge hears of an event
store        stacks on disk
engine       runs operations, one after the other
"""
