"""What a pipeline decides, without any I/O: a book in, a book and effects out, time an argument.

values      the book: executions, stages, actions; and the effects
commands    what people and triggers ask for; `run` carries a command out
answers     results of actions, answers to approvals, time-outs
structure   a declaration that changes under its executions
rollback    a stage goes back to an earlier execution
waiting     who waits before a stage, and who may enter
progress    what follows, until nothing does
stage       the actions of one execution in one stage
conditions  rules of stages
variables   `#{namespace.key}`
quotas      time-outs and limits
keys        names of artifacts
"""
