"""The images that a Dockerfile begins from or copies from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dockerfile_parse import DockerfileParser

from bonkei.grammar.dockerfile.instructions import lines_of, readable

_COPIED = re.compile(r"--from=(\S+)")
_MOUNTED = re.compile(r"--mount=\S*?\bfrom=([^\s,]+)")
_BY_INSTRUCTION = {"COPY": _COPIED, "ADD": _COPIED, "RUN": _MOUNTED}


@dataclass(frozen=True, slots=True)
class _Use:
    """An image in one instruction. Lines are counted from 0, the last one is its own."""

    image: str
    instruction: str
    value: str
    first: int
    last: int


def base_images(dockerfile: Path, arguments: Mapping[str, str]) -> tuple[str, ...]:
    """The images from elsewhere, in order: neither its own stages nor `scratch`. `arguments`: of
    the build. One that depends on an argument without a value is left out."""
    uses = _uses(dockerfile.read_bytes(), arguments)
    return tuple(dict.fromkeys(use.image for use in uses))


def rename_images(dockerfile: Path, arguments: Mapping[str, str], names: Mapping[str, str]) -> None:
    """Change the names of images in a Dockerfile of our own."""
    content = dockerfile.read_bytes()
    lines = lines_of(content.decode("utf-8", "surrogateescape"))
    for use in _uses(content, arguments):
        if use.image not in names:
            continue
        if use.instruction == "FROM":
            words = use.value.split()
            place = next(at for at, word in enumerate(words) if not word.startswith("--"))
            changed = " ".join(("FROM", *words[:place], names[use.image], *words[place + 1 :]))
            lines[use.first : use.last + 1] = [f"{changed}\n", *[""] * (use.last - use.first)]
        else:
            exact = re.compile(rf"(?<=from=){re.escape(use.image)}(?=[\s,])")
            for at in range(use.first, use.last + 1):
                lines[at] = exact.sub(lambda _, name=names[use.image]: name, lines[at])  # type: ignore[misc]
    dockerfile.write_bytes("".join(lines).encode("utf-8", "surrogateescape"))


def _uses(content: bytes, arguments: Mapping[str, str]) -> Iterator[_Use]:
    parser = DockerfileParser(fileobj=readable(content), build_args=dict(arguments))
    stages = {"scratch"}
    number = 0
    bases = iter(parser.parent_images)
    for entry in parser.structure:
        instruction, value = entry["instruction"], entry["value"]
        found = []
        own = set(stages)
        if instruction == "FROM":
            found = [next(bases, "")]
            words = [word for word in value.split() if not word.startswith("--")]
            stages.add(str(number))
            if len(words) == 3 and words[1].upper() == "AS":
                stages.add(words[2].lower())
            number += 1
        elif instruction in _BY_INSTRUCTION:
            found = _BY_INSTRUCTION[instruction].findall(value)
        for image in found:
            is_known = "$" not in image and not image.startswith(("/", ":"))
            if image and is_known and image.lower() not in own:
                yield _Use(image, instruction, value, entry["startline"], entry["endline"])
