"""A double of Docker: its commands as the miniature calls them, over our own namespaces.

As with the real one, a container is no child of the client, and lives on when the client is killed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import Any

from bonkei.processes.roots import Mount, Root, enter_command, join_command, remove_scratch


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
    return {file.stem: json.loads(file.read_text()) for file in state.glob("*.container")}


def main(state: str, words: list[str]) -> None:
    home = Path(state)
    with (home / "calls").open("a") as calls:
        calls.write(json.dumps(words) + "\n")
    match words:
        case ["context" | "info", *_]:
            print("unix:///a-double")
        case ["image", kind, *_, name]:
            sys.exit(kind == "inspect" and not _image(home, name).is_dir())
        case ["load"]:
            _load(home)
        case ["run", *options]:
            _run(home, options)
        case ["exec", *options]:
            _exec(home, options)
        case ["ps", *options]:
            label = options[-1].removeprefix("label=")
            print(*(n for n, each in containers(home).items() if each["label"] == label), sep="\n")
        case ["rm", "--force", "--volumes", *names]:
            for name in names:
                _remove(home, name)
        case _:
            sys.exit(f"docker: {words} is not known")


def _image(home: Path, name: str) -> Path:
    return home / f"{name.replace('/', '+').replace(':', '+')}.image"


def _load(home: Path) -> None:
    with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as archive:
        draft = home / f"draft-{os.getpid()}"
        archive.extractall(draft, filter="data")
    [described] = json.loads((draft / "manifest.json").read_text())
    [name] = described["RepoTags"]
    for layer in described["Layers"]:
        with tarfile.open(draft / layer) as packed:
            packed.extractall(draft / "root", filter="tar")
    (draft / "root").rename(_image(home, name))


def _run(home: Path, words: list[str]) -> None:
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
    image = str(_image(home, given.image))
    root = Root(image, str(scratch), int(uid), int(gid), given.read_only, mounts)
    container = subprocess.Popen(
        enter_command(root, given.workdir, (given.entrypoint, *arguments)),
        env=_variables(given.env),
        start_new_session=True,
    )
    note = {"pid": container.pid, "label": given.label}
    (home / f"{given.name}.container").write_text(json.dumps(note))
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, lambda number, _: container.send_signal(number))
    waiting = threading.Thread(target=container.wait)
    waiting.start()
    while waiting.is_alive():
        waiting.join(0.05)
    _remove(home, given.name)
    code = container.returncode
    sys.exit(code if code >= 0 else 128 - code)


def _exec(home: Path, words: list[str]) -> None:
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
    found = dict(field.partition("=")[::2] for field in text.split(","))
    return Mount(found["source"], found["target"], "readonly" in found)


def _remove(home: Path, name: str) -> None:
    file = home / f"{name}.container"
    if file.exists():
        with suppress(ProcessLookupError):
            os.killpg(json.loads(file.read_text())["pid"], signal.SIGKILL)
        file.unlink(missing_ok=True)
        remove_scratch(home / f"{name}.scratch")
