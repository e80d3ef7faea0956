"""A Dockerfile's copies (path in the build's folder, path in the image) and the requirement files
that it installs. Only text is read; `bonkei.services.ecs.images.content` reads the folder."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath

Copies = tuple[tuple[str, str], ...]
"""(in the build's folder, in the image). A destination directory for several sources ends with a
slash."""

_PIP_INSTALL = re.compile(r"\bpip[\d.]*\s+install\s([^;&|]*)")
_PACKAGE = re.compile(
    r"(?!.*\.(?:whl|gz|zip)$)[A-Za-z0-9][\w.-]*(\[[\w.,-]+\])?([=<>~!]=?[\w.*+!,<>=~-]+)?"
)
_TAKES_A_VALUE = frozenset(
    {
        *("-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-i", "--index-url"),
        *("--extra-index-url", "-f", "--find-links", "-t", "--target", "--prefix", "--root"),
        *("--cache-dir", "--trusted-host", "--timeout", "--retries", "--platform", "--python"),
    }
)
_OF_PIP = frozenset({"pip", "setuptools", "wheel", "uv", "poetry", "pipenv", "virtualenv"})
"""They install the others, which are found in another way or not at all."""
_REQUIREMENTS = re.compile(r"(?:^|\s)(?:-r|--requirement)(?:\s+|=)?([^\s;&|]+)")


def read_copies(
    value: str,
    working_directory: str,
    word: Callable[[str], str],
    stages: Mapping[str, Copies],
) -> Iterator[tuple[str, str]]:
    """Return the copies of one COPY or ADD. A copy from another stage is resolved to that stage's
    copies. "COPY" (Dockerfile reference): with several sources, or a slash at its end, the
    destination is a directory. `word` substitutes and unquotes.
    """
    flags = [part for part in value.split() if part.startswith("--")]
    if "<<" in value:
        return
    rest = [part for part in value.split() if part not in flags]
    words = exec_form(" ".join(rest)) or tuple(map(word, rest))
    if len(words) < 2:
        raise ValueError(f"COPY {value} names no destination")
    *sources, destination = words
    target = join(working_directory, destination)
    if len(sources) > 1 or destination.endswith("/") or destination == ".":
        target = f"{target.rstrip('/')}/"
    stage = next((word(f.partition("=")[2]) for f in flags if f.startswith("--from=")), None)
    for source in sources:
        if stage is None:
            yield source, target
        else:  # a copy from a foreign image contains nothing of ours
            yield from _through(stages.get(stage.lower(), ()), join("/", source), target)


def _through(copies: Copies, path: str, target: str) -> Iterator[tuple[str, str]]:
    """Find the copies from the build's folder to `target` that go through a `path` of a stage."""
    for source, place in copies:
        bare = place.rstrip("/") or "/"
        if _is_within(bare, path):
            inner = bare[len(path.rstrip("/")) :]
            slash = "/" if place.endswith("/") else ""
            yield source, f"{target.rstrip('/')}{inner}{slash}" if inner or slash else target
        elif _is_within(path, bare):
            inner = path[len(bare.rstrip("/")) + 1 :]
            if place.endswith("/") and PurePosixPath(source).name == inner:
                yield source, target  # a file, put into a directory
            yield str(PurePosixPath(source) / inner), target


def read_requirements(
    value: str, working_directory: str, copies: Copies
) -> Iterator[tuple[str, ...]]:
    """For each `-r FILE` of a RUN, list the candidates for FILE in the build's folder, likeliest
    first."""
    for name in _REQUIREMENTS.findall(value):
        clean = name.strip("\"'")
        found = [source for source, _ in _through(copies, join(working_directory, clean), "/")]
        yield (*dict.fromkeys((*found, clean.lstrip("/"))),)


def read_packages(value: str) -> Iterator[str]:
    """The packages that a RUN installs with pip by their names, such as `gunicorn==23.0.0`."""
    for line in _PIP_INSTALL.findall(value):
        words = iter(line.split())
        for word in words:
            if word in _TAKES_A_VALUE:
                next(words, None)
            elif _PACKAGE.fullmatch(name := word.strip("\"'")) and name not in _OF_PIP:
                yield name


def join(base: str, path: str) -> str:
    """Join paths of the image, without `.` and empty parts."""
    joined = path if path.startswith("/") else f"{base.rstrip('/')}/{path}"
    parts = [part for part in joined.split("/") if part not in {"", "."}]
    return "/" + "/".join(parts)


def exec_form(value: str) -> tuple[str, ...] | None:
    """Return the words of `["a", "b"]`, or None for any other text, which is in shell form."""
    try:
        words = json.loads(value)
    except (ValueError, RecursionError):
        return None
    if isinstance(words, list) and all(isinstance(word, str) for word in words):
        return tuple(words)
    return None


def _is_within(path: str, directory: str) -> bool:
    return PurePosixPath(path).is_relative_to(directory)
