"""The `docker` command of a build on a machine without a container engine.

It packages a build's folder (`bonkei.registry.package`), pushes to the miniature's registry and
pulls from it. It starts no container, and reports the skipped steps of each build. An option or a
command that it does not know is refused by name.

commands   the commands, their options, what they print
local      the images that were built or pulled, and the logins, below $HOME
scan       `trivy image` of what this docker has built
client     the distribution API, as a client
"""
