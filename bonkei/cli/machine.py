"""Errors of this machine: a full disk, a file of another user's."""

from __future__ import annotations

import errno

from bonkei.base.errors import BonkeiError

_REMEDIES = {
    errno.ENOSPC: "free space on that disk, and run it again",
    errno.EDQUOT: "free space within your quota, and run it again",
    errno.EROFS: "let BONKEI_HOME name a directory that can be written to",
    errno.EACCES: "see who owns it (was a command run as root?), or let BONKEI_HOME name another "
    "directory",
    errno.ENOTDIR: "name a path whose folders are not files",
}
"""Remedies for errors of this machine."""


def explain(error: OSError) -> BonkeiError | None:
    """Name the place and the remedy. The result is None for an error that no user can have
    caused."""
    if error.errno not in _REMEDIES:
        return None
    place = f"{error.filename}: " if error.filename else ""
    return BonkeiError(f"{place}{error.strerror}", remedy=_REMEDIES[error.errno])
