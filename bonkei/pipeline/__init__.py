"""CodePipeline: runs the declared pipelines.

core      what a pipeline decides: a book in, a book and effects out, without any I/O
"""
