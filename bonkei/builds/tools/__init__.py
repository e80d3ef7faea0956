"""What a build finds on its machine.

archives       the archives that the miniature serves in place of vendors', and their digests: pure
certificates   certificates for the hosts that it stands for, by an authority of its own
gate           the proxy that a build's downloads go through
commands       the folder of commands that comes first on a build's PATH
"""
