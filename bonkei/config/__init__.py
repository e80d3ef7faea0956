"""The user's settings: `bonkei.toml`, and a few environment variables that override it.

values      the settings
reading     finds the file and reads all of it
settings    one setting each, read and checked
containers  where each container's program comes from
table       one table of the file; keys that are not read are an error
draft       a file that is being written, for a repository that has none

ConfigError (BonkeiError): a file or a variable has an invalid value.
"""

from bonkei.config.reading import find, is_unchanged, load, load_home
from bonkei.config.table import ConfigError
from bonkei.config.values import (
    WORKSPACES,
    Config,
    ContainerSource,
    Enforce,
    FolderProgram,
    OneOff,
    directory_of,
)

__all__ = [
    "WORKSPACES",
    "Config",
    "ConfigError",
    "ContainerSource",
    "Enforce",
    "FolderProgram",
    "OneOff",
    "directory_of",
    "find",
    "is_unchanged",
    "load",
    "load_home",
]
