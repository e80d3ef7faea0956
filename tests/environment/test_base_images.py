"""The base images of the programs."""

from __future__ import annotations

from pathlib import Path

import pytest
from dockerfile_parse import DockerfileParser

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILES = sorted(ROOT.glob("program/*/Dockerfile"))


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: str(file.parent.name))
def test_no_base_image_comes_from_docker_hub(file: Path, tmp_path: Path) -> None:
    """Docker Hub counts unauthenticated pulls by address, and all builds use one NAT gateway."""
    text = file.read_text(encoding="utf-8")
    parser = DockerfileParser(path=str(tmp_path))  # prints its arguments
    parser.content = text
    stages = {
        words[2]
        for found in parser.structure
        if found["instruction"] == "FROM" and len(words := found["value"].split()) == 3
    }
    outside = [image for image in parser.parent_images if image not in stages]
    assert outside
    assert [image for image in outside if not image.startswith("public.ecr.aws/")] == []
    # A `syntax` line would make BuildKit fetch its front end from there.
    assert "syntax=" not in text.partition("FROM")[0]
