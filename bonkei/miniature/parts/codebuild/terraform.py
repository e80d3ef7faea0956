"""`terraform` in a build: `python -m` this module, EXECUTABLE, and Terraform's arguments.

The real Terraform (the library, or EXECUTABLE where it is not empty) with the miniature's provider.
MINIATURE_PROVIDER is the folder with the provider's share of the home. Backends, locks, variables
and plans are the build's own: nothing of them is changed.

A release starts it seven times. So it loads little, a provider that is not called is not started,
and Terraform reads the schemas of the types that it can meet, not those of all thousand.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bonkei.base.importing import importing

with importing():
    from bonkei.base.aws_service import AwsServiceError
    from bonkei.base.sockets import make_socket_directory
    from bonkei.definitions.provider.addresses import VERSIONS
    from bonkei.definitions.provider.plugin.sockets import listen, reattach
    from bonkei.definitions.terraform.inputs.types import named
    from bonkei.definitions.terraform.runs.provider_process import (
        ProviderProcess,
        ProviderSurroundings,
    )
    from bonkei.definitions.terraform.runs.run import command
    from bonkei.miniature.parts.codebuild import states
    from bonkei.miniature.parts.codebuild.tools import APPLIED, CARRIED, PLACE

if TYPE_CHECKING:
    from bonkei.definitions.refresh.observe import Observed

_WITH_PROVIDER = frozenset(
    {
        *("init", "validate", "plan", "apply", "destroy", "refresh", "show", "import", "test"),
        *("console", "providers", "output", "state", "taint", "untaint", "graph"),
    }
)
_WITH_STATE = frozenset({"plan", "apply", "destroy", "refresh", "import"})
_CHANGES = frozenset({"apply", "destroy", "import", "refresh"})
_OF_DEFINITIONS = frozenset({"plan", "apply", "destroy", "refresh", "validate"})
"""They meet no other types than those of the definitions, the state and the plan."""
_REFRESHED = "bonkei: of what runs, this plan has read {}. All else is compared with the state."
_NO_PROVIDERS = "provider_installation {\n  filesystem_mirror {\n    path = %s\n  }\n}\n"


def main(executable: str, arguments: Sequence[str]) -> int:
    """Terraform's exit code."""
    program = command(executable or None)
    words = [word for word in arguments if not word.startswith("-")]
    operation = words[0] if words else ""
    own = Path(os.environ.get("MINIATURE_PROVIDER", ""))
    if operation not in _WITH_PROVIDER or not own.is_absolute():
        return _run([*program, *arguments], os.environ)
    directory = Path(_chdir(arguments))
    settings = own / "terraform.tfrc"
    settings.write_text(_NO_PROVIDERS % json.dumps(str(own / "none")), encoding="utf-8")
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": str(settings), "GOGC": "400"}
    if operation == "init":
        environment["TF_REATTACH_PROVIDERS"] = _nobody()
        return _run([*program, *arguments], environment)
    with _state(program, operation, words[1:], directory, environment) as state:
        place = json.loads((own / PLACE).read_text(encoding="utf-8"))
        plans = _plans(directory, words[1:])
        observed = {} if (operation == "apply" and plans) or state is None else _observed(state)
        types = None
        if operation in _OF_DEFINITIONS or (operation == "show" and plans):
            types = _types(own / "types.json", directory, environment, arguments, state, plans)
        surroundings = ProviderSurroundings(
            own,
            state,
            place["account_id"],
            place["existing"],
            observed,
            types,
            place.get("aws_rules", "error"),
        )
        with ProviderProcess(surroundings, directory, own / "provider.log") as provider:
            provider.prepare()
            environment["TF_REATTACH_PROVIDERS"] = provider.reattach
            code = _run([*program, *arguments], environment)
            if operation in _CHANGES:
                _note(program, directory, environment, own / APPLIED)
            if operation == "plan" and code in (0, 2):  # 2: -detailed-exitcode, with changes
                from bonkei.definitions.refresh.observe import SEEN  # noqa: PLC0415 - as above

                print(_REFRESHED.format(SEEN), file=sys.stderr)
            return code


def _nobody() -> str:
    """Where the providers would be. An init asks only whether they have to be installed; a call
    would fail at once, since the place is gone."""
    directory = make_socket_directory()
    try:
        with contextlib.ExitStack() as opened:
            sockets = listen(VERSIONS, directory)
            for each in sockets.values():
                opened.callback(each.close)
            return reattach(sockets, os.getpid())
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _types(
    file: Path, directory: Path, environment: Mapping[str, str], arguments: Sequence[str],
    state: Path | None, plans: Sequence[Path],
) -> Path | None:  # fmt: skip
    """A file with the types that Terraform can meet: those of the definitions, the state and the
    plans. None where another state is named: it may have any."""
    if any(each.startswith(("-state", "--state")) for each in arguments):
        return None
    found = named(directory, states.data_folder(directory, environment), state, all_blocks=True,
                  plans=b"\n".join(map(_content, plans)))  # fmt: skip
    if found is None:
        return None
    found.write(file)
    return file


def _content(plan: Path) -> bytes:
    with zipfile.ZipFile(plan) as opened:
        return b"\n".join(map(opened.read, opened.namelist()))


def _chdir(arguments: Sequence[str]) -> str:
    for word in arguments:
        if word.startswith("-chdir="):
            return word.removeprefix("-chdir=")
    return str(Path.cwd())


def _plans(directory: Path, names: Sequence[str]) -> list[Path]:
    return [directory / name for name in names if zipfile.is_zipfile(directory / name)]


def _observed(state: Path) -> Observed:
    """The observed values, read with the build's role, which needs the same permissions on AWS. If
    one of them is missing, ends like Terraform."""
    from bonkei.definitions.refresh.observe import observe  # noqa: PLC0415 - for few operations
    from bonkei.miniature.parts.codebuild.asking import asking  # noqa: PLC0415 - as above

    try:
        return observe(json.loads(state.read_text(encoding="utf-8")), asking(os.environ))
    except AwsServiceError as error:
        sys.exit(f"Error: refreshing the state: {error.code}: {error.message}")


@contextlib.contextmanager
def _state(
    program: Sequence[str], operation: str, files: Sequence[str], directory: Path,
    environment: Mapping[str, str],
) -> Iterator[Path | None]:  # fmt: skip
    """The state that the provider knows from the beginning. A plan contains its own; otherwise it
    comes from the backend."""
    if operation not in _WITH_STATE:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "state.json"
        plans = _plans(directory, files)
        if operation == "apply" and plans:
            with zipfile.ZipFile(plans[0]) as plan:
                target.write_bytes(plan.read("tfstate"))
        else:
            target.write_bytes(states.pull(program, directory, environment))
        yield target if target.stat().st_size else None


def _note(
    terraform: Sequence[str], directory: Path, environment: Mapping[str, str], to: Path
) -> None:
    """The present resources. The miniature follows them, even after an apply that failed in the
    middle. Only a state in a bucket outlives the build."""
    settings = states.bucket_settings(states.data_folder(directory, environment))
    if settings is None:
        return
    if pulled := states.pull(terraform, directory, environment).strip():
        from bonkei.definitions.terraform.state.document import document  # noqa: PLC0415 - as above
        from bonkei.miniature import carried  # noqa: PLC0415 - for few operations

        state = document(json.loads(pulled))
        carried.gather(state, directory, to.with_name(CARRIED))
        place = f"s3://{settings['bucket']}/{settings['key']}"
        to.write_text(json.dumps({"place": place, "state": state}), encoding="utf-8")


def _run(words: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run Terraform in the foreground. It gets the signals that this process gets."""
    process = subprocess.Popen(list(words), env=dict(environment))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _frame: process.send_signal(received))
    code = process.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
