"""Real container engines: they carry out a Dockerfile for the `docker` of a build.

values     an engine, a build's order, and its result
commands   the command lines of docker, podman and buildah, with storage and settings of our own
probe      which of them works here: each has to build an image that runs a program
bases      the images that a Dockerfile begins from
archive    what an engine saves, as a manifest and its blobs
builder    one build: the context in, an image out
runs       which of them can run tasks, where namespaces are not available
storage    removes what they have stored
http       the server behind the `docker` command, for builds alone
"""
