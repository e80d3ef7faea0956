"""A double of Docker: its commands as the miniature calls them, over our own namespaces.

As with the real one, a container is not a child of the client, and outlives it.
It starts for each command, so a command that runs nothing loads nothing of ours.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bonkei.base.processes.roots import Mount


def install(folder: Path, state: Path) -> None:
    """Put a `docker` into `folder`, which keeps its things in `state`."""
    folder.mkdir(parents=True, exist_ok=True)
    state.mkdir(parents=True, exist_ok=True)
    file = folder / "docker"
    here = Path(__file__).resolve()
    places = [str(here.parents[2]), str(here.parent)]
    file.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path[:0] = {places}\n"
        f"from container_engine import main\nmain({str(state)!r}, sys.argv[1:])\n"
    )
    file.chmod(0o755)


def containers(state: Path) -> dict[str, Any]:
    """By name: what `run` has noted of each that is left."""
    found = {}
    for file in state.glob("*.container"):
        with suppress(FileNotFoundError):  # it has just ended
            found[file.stem] = json.loads(file.read_text())
    return found


def main(state: str, words: list[str]) -> None:
    home = Path(state)
    with (home / "calls").open("a") as calls:
        calls.write(json.dumps(words) + "\n")
    match words:
        case ["context" | "info" | "images" | "ps" as kind, *options]:
            print(*_shown(home, kind, options), sep="\n")
        case ["image", kind, *options]:
            _on_image(home, kind, options)
        case ["load"]:
            _load(home)
        case ["build", *options]:
            _build(home, options)
        case ["run", *options]:
            _run(home, options)
        case ["exec", *options]:
            _exec(home, options)
        case ["rm", "--force", "--volumes", *names]:
            for name in names:
                _remove(home, name)
        case _:
            sys.exit(f"docker: {words} is not known")


def _shown(home: Path, kind: str, words: list[str]) -> list[str]:
    if kind == "images":
        return [file.read_text() for file in home.glob("*.image/name")]
    if kind == "ps":
        label = words[-1].removeprefix("label=")
        return [name for name, each in containers(home).items() if each["label"] == label]
    return ["unix:///a-double"]


def _on_image(home: Path, kind: str, words: list[str]) -> None:
    if kind == "save":
        _save(home, words[-1], Path(words[-2]))
    elif kind == "inspect":
        sys.exit(not _image(home, words[-1]).is_dir())
    elif _image(home, words[-1]).is_dir():  # rm
        shutil.rmtree(_image(home, words[-1]))


def _image(home: Path, name: str) -> Path:
    return home / f"{name.replace('/', '+').replace(':', '+')}.image"


def _load(home: Path) -> None:
    with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as archive:
        draft = home / f"draft-{os.getpid()}"
        archive.extractall(draft, filter="data")
    [described] = json.loads((draft / "manifest.json").read_text())
    [name] = described["RepoTags"]
    layers = [gzip.decompress((draft / layer).read_bytes()) for layer in described["Layers"]]
    _keep(home, name, layers)


def _keep(home: Path, name: str, layers: list[bytes]) -> None:
    place = _image(home, name)
    (place / "layers").mkdir(parents=True, exist_ok=True)
    (place / "name").write_text(name)
    for number, layer in enumerate(layers):
        (place / "layers" / f"{number:03}").write_bytes(layer)
        with tarfile.open(fileobj=io.BytesIO(layer)) as packed:
            packed.extractall(place / "root", filter="tar")


def _layers(home: Path, name: str) -> list[bytes]:
    folder = _image(home, name) / "layers"
    if not folder.is_dir():
        sys.exit(f"ERROR: pull access denied for {name}")
    return [file.read_bytes() for file in sorted(folder.iterdir())]


def _save(home: Path, name: str, to: Path) -> None:
    layers = {f"{number}.tar": each for number, each in enumerate(_layers(home, name))}
    config = json.dumps({"os": "linux", "config": {}, "rootfs": {"type": "layers"}}).encode()
    entry = {"Config": "config.json", "RepoTags": [name], "Layers": list(layers)}
    described = json.dumps([entry]).encode()
    with tarfile.open(to, "w") as archive:
        for path, content in {"manifest.json": described, "config.json": config, **layers}.items():
            _add(archive, path, content)


def _add(archive: tarfile.TarFile, path: str, content: bytes) -> None:
    member = tarfile.TarInfo(path)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _build(home: Path, words: list[str]) -> None:
    """FROM and COPY of one file; every other instruction does nothing."""
    from dockerfile_parse import DockerfileParser

    parser = ArgumentParser(allow_abbrev=False)
    for name in ("progress", "tag", "file", "build-arg"):
        parser.add_argument(f"--{name}")
    parser.add_argument("context")
    given = parser.parse_args(words)
    pairs = [given.build_arg] if given.build_arg else []
    arguments = dict(pair.split("=", 1) for pair in pairs)
    dockerfile = io.BytesIO(Path(given.file).read_bytes())
    parsed = DockerfileParser(fileobj=dockerfile, build_args=arguments)
    stages: dict[str, list[bytes]] = {"scratch": []}
    bases = iter(parsed.parent_images)
    layers: list[bytes] = []
    for entry in parsed.structure:
        words = entry["value"].split()
        if entry["instruction"] == "FROM":
            base = next(bases)
            layers = list(stages[base] if base in stages else _layers(home, base))
            if words[-2:-1] == ["AS"]:
                stages[words[-1]] = layers
        elif entry["instruction"] == "COPY":
            source, target = words[-2:]
            origin = [word for word in words if word.startswith("--from=")]
            folder = Path(given.context)
            if origin:
                image = origin[0].removeprefix("--from=")
                _layers(home, image)
                folder = _image(home, image) / "root"
            name = target.lstrip("/") + (source if target.endswith("/") else "")
            packed = io.BytesIO()
            with tarfile.open(fileobj=packed, mode="w") as archive:
                _add(archive, name, (folder / source.lstrip("/")).read_bytes())
            layers.append(packed.getvalue())
    _keep(home, given.tag, layers)


def _run(home: Path, words: list[str]) -> None:
    from bonkei.base.processes.roots import Root, enter_command

    parser = ArgumentParser(allow_abbrev=False)
    for name in ("name", "label", "user", "workdir", "entrypoint", "network", "pull", "log-driver"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("env", "mount", "cap-drop", "security-opt", "ulimit"):
        parser.add_argument(f"--{name}", action="append", default=[])
    for name in ("read-only", "rm", "no-healthcheck"):
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("image")
    given, arguments = parser.parse_known_args(words)
    uid, gid = given.user.split(":")
    scratch = home / f"{given.name}.scratch"
    scratch.mkdir()
    mounts = tuple(_mount(text) for text in given.mount)
    image = str(_image(home, given.image) / "root")
    root = Root(image, str(scratch), int(uid), int(gid), given.read_only, mounts)
    container = subprocess.Popen(
        enter_command(root, given.workdir, (given.entrypoint, *arguments)),
        env=_variables(given.env),
        start_new_session=True,
        preexec_fn=lambda: _note(home, given.name, given.label),  # noqa: PLW1509 - one thread
    )
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, lambda number, _: container.send_signal(number))
    waiting = threading.Thread(target=container.wait)
    waiting.start()
    while waiting.is_alive():
        waiting.join(0.05)
    _remove(home, given.name)
    code = container.returncode
    sys.exit(code if code >= 0 else 128 - code)


def _note(home: Path, name: str, label: str) -> None:
    """This process is the container's. It is known before it does anything."""
    draft = home / f"{name}.draft"
    draft.write_text(json.dumps({"pid": os.getpid(), "label": label}))
    draft.replace(home / f"{name}.container")


def _exec(home: Path, words: list[str]) -> None:
    from bonkei.base.processes.roots import join_command

    parser = ArgumentParser(allow_abbrev=False)
    parser.add_argument("--workdir", required=True)
    parser.add_argument("--env", action="append", default=[])
    parser.add_argument("name")
    given, command = parser.parse_known_args(words)
    pid = containers(home)[given.name]["pid"]
    line = join_command(pid, given.workdir, command)
    os.execve(line[0], line, _variables(given.env))  # noqa: S606


def _variables(pairs: list[str]) -> dict[str, str]:
    found = dict(pair.split("=", 1) if "=" in pair else (pair, os.environ[pair]) for pair in pairs)
    return {"PATH": "/bin", **found}


def _mount(text: str) -> Mount:
    from bonkei.base.processes.roots import Mount

    found = dict(field.partition("=")[::2] for field in text.split(","))
    return Mount(found["source"], found["target"], "readonly" in found)


def _remove(home: Path, name: str) -> None:
    """By its client and by `rm`, maybe at once."""
    from bonkei.base.processes.roots import remove_scratch

    file = home / f"{name}.container"
    with suppress(FileNotFoundError, ProcessLookupError):
        os.killpg(json.loads(file.read_text())["pid"], signal.SIGKILL)
    file.unlink(missing_ok=True)
    remove_scratch(home / f"{name}.scratch")
