"""CodeBuild: builds of a project, run by their buildspec on this machine.

values         a request, a build, its result
buildspec      the buildspec's text as values: pure
course         the order of the phases: pure
variables      the environment of a build: pure
escape         commands that write outside a build's folder: pure
builds         the front: projects, queue, history
run            the life of one build
entries        its entries, in its machine
sources, values_of, outputs    its input, its secret values, its artifacts
running        its process, its log, its limits
artifacts      zips and patterns of files
happenings     the events for EventBridge: pure
tools          commands and downloads of a build
service        CodeBuild's API, for the AWS endpoint
surroundings   the other rooms that it needs
"""
