"""The `docker` command of a build.

It lets this machine's container engine build an image (`bonkei.services.ecr.engines`), or packages
the build's folder (`bonkei.services.ecr.package`); it pushes to the miniature's registry and pulls
from it. It starts no container, and reports the skipped steps of a package. An option or a command
that it does not know is refused by name.

commands   the commands, their options, what they print
building   `docker build`
local      the images that were built or pulled, and the logins, below $HOME
scan       `trivy`; all but `trivy image` is Trivy's own
scanning   `trivy image` of what this docker has built
client     the distribution API, as a client
"""
