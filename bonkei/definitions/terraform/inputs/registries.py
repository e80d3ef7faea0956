"""The registries of modules that the user's Terraform knows, for an init.

https://developer.hashicorp.com/terraform/cli/config/config-file
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bonkei.base.folders import text_of
from bonkei.definitions.terraform.inputs.hcl import items

_FILE = "TF_CLI_CONFIG_FILE"
_BLOCKS = frozenset({"credentials", "credentials_helper", "host"})


@contextmanager
def with_registries(
    environment: Mapping[str, str], inherited: Mapping[str, str]
) -> Iterator[Mapping[str, str]]:
    """The environment of an init whose configuration also has the user's hosts and tokens. Nothing
    else of theirs counts: their mirrors of providers do not have what is served here. The file is
    gone after the init, because the programs of the definitions must not read it."""
    own = Path(environment[_FILE])
    home = inherited.get("HOME")
    user = inherited.get(_FILE) or inherited.get("TERRAFORM_CONFIG")
    theirs = text_of(Path(user)) if user else home and text_of(Path(home, ".terraformrc"))
    blocks = [each for each in items(theirs or "") if each.is_block and each.name in _BLOCKS]
    written = [
        f'{each.name} "{each.labels[0]}" {{{each.text}}}\n' for each in blocks if each.labels
    ]
    with tempfile.NamedTemporaryFile("w", dir=own.parent, suffix=".tfrc", encoding="utf-8") as file:
        file.write((text_of(own) or "") + "".join(written))
        file.flush()
        yield {**environment, _FILE: file.name}
