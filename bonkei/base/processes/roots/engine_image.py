"""Gives a container engine an image of the registry, from its blobs."""

from __future__ import annotations

import io
import json
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import IO

from bonkei.base.processes.roots.values import EngineRun

_PATIENCE = 600.0  # seconds


def give_image(run: EngineRun) -> str:
    """Load the image into the engine unless it already has it. Returns the reason why that failed,
    or an empty text. Call it in a thread: a large image takes long."""
    import tarfile  # noqa: PLC0415 - a miniature without images has no use for it

    there = [*run.line, "image", "inspect", run.image]
    environment = dict(run.environment)
    try:
        asked = subprocess.run(
            there, env=environment, capture_output=True, timeout=_PATIENCE, check=False
        )
        return _load(run) if asked.returncode else ""
    except subprocess.TimeoutExpired:
        return f"it does not answer within {_PATIENCE:.0f} seconds"
    except (OSError, ValueError, KeyError, tarfile.TarError) as error:
        return str(error)


def _load(run: EngineRun) -> str:
    loading = subprocess.Popen(
        [*run.line, "load"],
        env=dict(run.environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        assert loading.stdin is not None  # noqa: S101 - a pipe was asked for
        with suppress(BrokenPipeError):  # it says why
            write_archive(Path(run.manifest), run.image, loading.stdin)
        with suppress(BrokenPipeError):
            loading.stdin.close()
        loading.stdin = None
        said, _ = loading.communicate(timeout=_PATIENCE)
    finally:
        loading.kill()
        loading.wait()
    lines = said.decode("utf-8", "replace").strip().splitlines() or ["it says nothing"]
    return lines[-1][:400] if loading.returncode else ""


def write_archive(manifest: Path, image: str, to: IO[bytes]) -> None:
    """Write the archive that `docker save` would write: "Docker Image Specification v1.2"."""
    import tarfile  # noqa: PLC0415 - as above

    found = json.loads(manifest.read_bytes())
    layers = [each["digest"].partition(":")[2] for each in found["layers"]]
    config = found["config"]["digest"].partition(":")[2]
    entry = {
        "Config": f"{config}.json",
        "RepoTags": [image],
        "Layers": [f"{layer}.tar" for layer in layers],
    }
    files = {f"{config}.json": config, **{f"{layer}.tar": layer for layer in layers}}
    with tarfile.open(fileobj=to, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for name, blob in files.items():
            archive.add(manifest.with_name(blob), name, recursive=False)
        text = json.dumps([entry]).encode()
        member = tarfile.TarInfo("manifest.json")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
