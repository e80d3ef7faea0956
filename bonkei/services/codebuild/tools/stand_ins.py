"""Commands of every build image, for a machine that has none: `stand_ins.py unzip …`.

Each accepts the options that build scripts use, and refuses others by name. It uses only the
standard library, because it runs alone inside a build.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path


def unzip(words: list[str]) -> None:
    """`unzip [-qo] [-d FOLDER] ARCHIVE [FILE …]`."""
    into, rest, wanted = Path(), list(words), []
    while rest:
        word = rest.pop(0)
        if word == "-d":
            into = Path(rest.pop(0))
        elif word.startswith("-") and set(word[1:]) <= set("qo"):
            continue
        elif word.startswith("-"):
            _refuse("unzip", word)
        else:
            wanted.append(word)
    with zipfile.ZipFile(wanted[0]) as archive:
        for entry in archive.infolist():
            if len(wanted) > 1 and entry.filename not in wanted[1:]:
                continue
            made = Path(archive.extract(entry, into))
            if mode := entry.external_attr >> 16 & 0o777:
                made.chmod(mode)


def curl(words: list[str]) -> None:
    """`curl [-fsSL] [--retry N] [-o FILE | -O] URL …`."""
    rest, targets, urls, tries, silent = list(words), [], [], 1, False
    while rest:
        word = rest.pop(0)
        if word in ("-o", "--output"):
            targets.append(rest.pop(0))
        elif word == "--retry":
            tries += int(rest.pop(0))
        elif word in ("--fail", "--silent", "--show-error", "--location"):
            silent |= word == "--silent"
        elif word.startswith("-") and not word.startswith("--") and set(word[1:]) <= set("fsSLO"):
            silent |= "s" in word
            if "O" in word:
                targets.append("")
        elif word.startswith("-"):
            _refuse("curl", word)
        else:
            urls.append(word)
    for index, url in enumerate(urls):
        name = targets[index] if index < len(targets) else None
        _download(url, url.rpartition("/")[2] if name == "" else name, tries)


def _download(url: str, target: str | None, tries: int) -> None:
    if not url.startswith(("http://", "https://")):
        url = f"http://{url}"
    for left in range(tries, 0, -1):
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 - checked above
                if target is None:
                    shutil.copyfileobj(answer, sys.stdout.buffer)
                    return
                with Path(target).open("wb") as file:
                    shutil.copyfileobj(answer, file)
                return
        except urllib.error.HTTPError as error:
            if error.code < 500 or left == 1:
                sys.exit(f"curl: (22) The requested URL returned error: {error.code}")
        except OSError as error:
            if left == 1:
                sys.exit(f"curl: (7) {url}: {error}")
        time.sleep(1)


def sha256sum(words: list[str]) -> None:
    """`sha256sum [FILE …]`, `sha256sum --check [--strict] [FILE]`."""
    known = {"--check", "-c", "--strict", "--quiet"}
    files = [word for word in words if not word.startswith("-") or word == "-"]
    for word in set(words) - set(files) - known:
        _refuse("sha256sum", word)
    if not {"--check", "-c"} & set(words):
        for name in files or ["-"]:
            print(f"{_digest(name)}  {name}")
        return
    text = sys.stdin.read() if not files or files == ["-"] else Path(files[0]).read_text()
    failed = False
    for line in text.splitlines():
        digest, _, name = line.partition("  ")
        is_same = _digest(name) == digest
        failed |= not is_same
        print(f"{name}: {'OK' if is_same else 'FAILED'}")
    if failed or not text.strip():
        sys.exit("sha256sum: WARNING: a computed checksum did NOT match")


def _digest(name: str) -> str:
    data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    return hashlib.sha256(data).hexdigest()


def _refuse(program: str, word: str) -> None:
    sys.exit(f"{program}: this machine has no {program}, and the miniature's does not know {word}")


if __name__ == "__main__":
    name, *given = sys.argv[1:]
    os.umask(0o022)
    {"unzip": unzip, "curl": curl, "sha256sum": sha256sum}[name](given)
