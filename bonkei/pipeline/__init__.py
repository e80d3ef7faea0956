"""CodePipeline: runs the declared pipelines.

core        what a pipeline decides: a book in, a book and effects out, without any I/O
pipelines   the room: carries commands out, keeps the books, lets runners work
record      the books on disk
runners     what carries actions out, as Protocols; `actions` has those of each provider
events      changes of state, as EventBridge gets them
service     CodePipeline's API
snapshot    the values for `bonkei status`
"""
