"""CodeBuild: runs a project's builds on this machine, as their buildspec describes.

values         a request, a build, its result
buildspec      reads the buildspec's text: pure
course         the order of the phases: pure
variables      the environment of a build: pure
escape         finds commands that write outside a build's folder: pure
builds         the front: projects, queue, history
run            the life of one build
entries        runs its entries, in its machine
sources, values_of, outputs    its input, its secret values, its artifacts
running        its process, its log, its limits
artifacts      zips and patterns of files
happenings     the events for EventBridge: pure
tools          commands and downloads of a build
api            CodeBuild's API, for the AWS endpoint
surroundings   the other services that it needs
"""
