"""`bonkei pipeline`: the pipelines, their runs, and a release of the working copy.

command    the commands and their options
client     signed calls of the AWS endpoint
watch      follows a run, and asks for approvals
run_view   a run, as values
running    releases a commit, and starts a run
text       tables for a terminal
"""
