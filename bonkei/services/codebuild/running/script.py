"""The scripts around a build's entries: pure.

Each entry is a separate script. It starts in the directory and with the variables that the previous
entry left. Shell options do not carry over. CodeBuild's agent does the same: it sources the entry
between a file with the variables and `export -p` into that file.
"""

from __future__ import annotations

from shlex import quote

_CARRYING = """\
cd "$({read}{directory})" || exit 1
. {variables}
export CODEBUILD_BUILD_SUCCEEDING={succeeding}
set -a
. {entry}
CODEBUILD_LAST_EXIT=$?
export -p >{variables}
pwd >{directory}
exit $CODEBUILD_LAST_EXIT
"""
_SEPARATE = """\
export CODEBUILD_BUILD_SUCCEEDING={succeeding}
. {entry}
"""
_VALUES = """\
. {variables}
exec {python} -I -S -c {program} {target} {names}
"""
_PROGRAM = (
    "import json,os,sys;"
    "json.dump({n:os.environ[n] for n in sys.argv[2:] if n in os.environ},open(sys.argv[1],'w'))"
)
_NAME = """\
. {variables}
printf '%s' "{name}" >{target}
"""


def entry_script(state: str, *, shell: str, is_succeeding: bool, is_separate: bool) -> str:
    """Runs the entry. `state`: the folder of the values that carry over."""
    template = _SEPARATE if is_separate else _CARRYING
    return template.format(
        read="<" if shell == "bash" else "cat ",  # bash reads a file without a process
        directory=quote(f"{state}/directory"),
        variables=quote(f"{state}/variables"),
        entry=quote(f"{state}/entry"),
        succeeding=int(is_succeeding),
    )


def values_script(state: str, python: str, target: str, names: tuple[str, ...]) -> str:
    """Writes the variables with these names to `target` as JSON, with the values that the entries
    left."""
    return _VALUES.format(
        variables=quote(f"{state}/variables"),
        python=quote(python),
        program=quote(_PROGRAM),
        target=quote(target),
        names=" ".join(map(quote, names)),
    )


def name_script(state: str, name: str, target: str) -> str:
    """Expands an artifact's name as the shell does: `app-$(date +%Y)`."""
    return _NAME.format(
        variables=quote(f"{state}/variables"), name=name.replace('"', ""), target=quote(target)
    )
