"""The registries of modules that the user's Terraform knows, for an init.

https://developer.hashicorp.com/terraform/cli/config/config-file
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bonkei.base.folders import text_of
from bonkei.definitions.terraform.inputs.hcl import items

_FILE = "TF_CLI_CONFIG_FILE"
_BLOCKS = frozenset({"credentials", "credentials_helper", "host"})
_PUBLIC = "registry.terraform.io"
_SERVICE = re.compile(r'"modules\.v1"\s*=\s*"([^"]+)"')


@contextmanager
def with_registries(
    environment: Mapping[str, str],
    inherited: Mapping[str, str],
    modules: Mapping[str, Path],
    definitions: Path,
) -> Iterator[Mapping[str, str]]:
    """The environment of an init whose configuration also has the user's hosts and tokens. Nothing
    else of theirs counts: their mirrors of providers do not have what is served here. The file is
    gone after the init, because the programs of the definitions must not read it. `modules`:
    folders in place of modules of the public registry."""
    own = Path(environment[_FILE])
    home = inherited.get("HOME")
    user = inherited.get(_FILE) or inherited.get("TERRAFORM_CONFIG")
    theirs = text_of(Path(user)) if user else home and text_of(Path(home, ".terraformrc"))
    blocks = [each for each in items(theirs or "") if each.is_block and each.name in _BLOCKS]
    written = {(each.name, each.labels[0]): each.text for each in blocks if each.labels}
    with ExitStack() as open_:
        if modules:
            from bonkei.definitions.terraform.inputs.local_modules import serving  # noqa: PLC0415 - seldom

            own_place = _SERVICE.search(written.get(("host", _PUBLIC), ""))
            upstream = own_place[1] if own_place else f"https://{_PUBLIC}/v1/modules/"
            url = open_.enter_context(serving(modules, definitions, upstream))
            written["host", _PUBLIC] = f'\n  services = {{ "modules.v1" = "{url}" }}\n'
        file = open_.enter_context(
            tempfile.NamedTemporaryFile("w", dir=own.parent, suffix=".tfrc", encoding="utf-8")
        )
        file.write(text_of(own) or "")
        file.writelines(f'{kind} "{label}" {{{text}}}\n' for (kind, label), text in written.items())
        file.flush()
        yield {**environment, _FILE: file.name}
