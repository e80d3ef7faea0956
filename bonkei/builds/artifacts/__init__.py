"""Files in and out of a build.

patterns   which paths a buildspec's patterns name: pure
archive    zips, unpacked with care and made the same way twice
"""
