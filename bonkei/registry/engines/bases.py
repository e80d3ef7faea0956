"""The images that a Dockerfile begins from or copies from."""

from __future__ import annotations

import io
import re
from pathlib import Path

from dockerfile_parse import DockerfileParser

_COPIED = re.compile(r"--from=(\S+)")


def base_images(dockerfile: Path) -> tuple[str, ...]:
    """Those from elsewhere, in order: neither its own stages nor `scratch`. One that depends on a
    build argument without a default is left out."""
    content = dockerfile.read_bytes()
    parser = DockerfileParser(fileobj=io.BytesIO(content))
    stages: set[str] = set()
    found: dict[str, None] = {}
    number = 0
    bases = iter(parser.parent_images)
    for entry in parser.structure:
        instruction, value = entry["instruction"], entry["value"]
        if instruction == "FROM":
            image = next(bases, "")
            words = [word for word in value.split() if not word.startswith("--")]
            if image and image.lower() not in stages:
                found[image] = None
            stages.add(str(number))
            if len(words) == 3 and words[1].upper() == "AS":
                stages.add(words[2].lower())
            number += 1
        elif instruction in ("COPY", "ADD"):
            named = [each for each in _COPIED.findall(value) if each.lower() not in stages]
            found |= dict.fromkeys(named)
    return tuple(each for each in found if each != "scratch" and "$" not in each)
