"""Files in and out of a build.

patterns   the paths that a buildspec's patterns name: pure
archive    zips: safely unpacked, and reproducible
"""
