"""CodePipeline: runs the declared pipelines.

core        a pipeline's decisions: a book in, a book and effects out, without any I/O
pipelines   the service: carries commands out, keeps the books, starts runners
record      the books on disk
lookup      runs and their actions, in a book and a declaration
runners     the Protocols of runners of actions; `actions` has those of each provider
events      changes of state, as events for EventBridge
api         CodePipeline's API
snapshot    the values for `bonkei status`
"""
