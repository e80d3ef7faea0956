"""Stacks, and the operations that change them. Pure, except for `store` and `engine`.

values       a stack, its resources, events, change sets
planning     a template with parameters -> the stack's wanted resources
changes      the differences between a stack and a plan
events       what is told of an operation, also on EventBridge
operation    the course of a stack's operation: statuses and events
conflicts    names that exist already
refusals     resources that AWS refuses: without their owner, or with an invalid value
stored       the stacks' resources for the blueprint; gaps: their parts without an effect
store        stacks on disk
engine       runs operations, one after the other
"""
