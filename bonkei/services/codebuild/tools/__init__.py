"""The tools of a build's machine.

archives       archives served in place of vendors' archives, and their digests: pure
certificates   certificates for the replaced hosts, by the miniature's own authority
gate           the proxy that a build's downloads go through
commands       the folder of commands that comes first on a build's PATH
packages       those of the image's Python, for this machine's
stand_ins      commands that this machine has not
"""
