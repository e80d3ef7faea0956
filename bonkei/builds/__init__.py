"""CodeBuild: builds of a project, run by their buildspec on this machine.

values         a request, a build, its result
buildspec      the buildspec's text as values: pure
course         which phase follows which: pure
variables      the environment of a build: pure
escape         commands that write outside a build's folder: pure
builds         the front: projects, queue, history
run            the life of one build
sources, values_of, outputs    its three ways to the outside: what it fetches, asks, hands on
running        its process, its log, its limits
artifacts      zips and patterns of files
happenings     what EventBridge hears: pure
tools          commands and downloads of a build
service        CodeBuild's API, for the AWS endpoint
surroundings   what the room needs of the others
"""
