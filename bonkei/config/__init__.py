"""The user's settings: `bonkei.toml`, and a few environment variables that override it.

values     the settings
reading    finds the file and reads all of it
settings   one setting each, read and checked
table      one table of the file; keys that nobody reads are an error

ConfigError (BonkeiError): a file or a variable has an invalid value.
"""

from bonkei.config.reading import FILE_NAME, find, is_unchanged, load, load_home
from bonkei.config.table import ConfigError
from bonkei.config.values import (
    DEFAULT_WORKSPACE,
    WORKSPACES,
    Announcement,
    Config,
    Enforce,
    OneOff,
)

__all__ = [
    "DEFAULT_WORKSPACE",
    "FILE_NAME",
    "WORKSPACES",
    "Announcement",
    "Config",
    "ConfigError",
    "Enforce",
    "OneOff",
    "find",
    "is_unchanged",
    "load",
    "load_home",
]
