"""A pipeline's decisions, without any I/O: a book in, a book and effects out. The time is an
argument.

values      the book: executions, stages, actions; and the effects
commands    the commands of people and triggers; `run` carries a command out
answers     results of actions, answers to approvals, time-outs
structure   a declaration that changes during executions
rollback    a stage goes back to an earlier execution
waiting     the executions that wait before a stage, and those that may enter
stage       the actions of one execution in one stage; `settle` carries out the consequences of a
            change, until there are no more
conditions  rules of stages
variables   `#{namespace.key}`
quotas      time-outs and limits
"""
