"""MiniStack's own files of state: written whole and synced, read whole, or not at all.

MiniStack itself begins a service empty when its file cannot be read, and its next snapshot replaces
the file. Here it does not start, and its last words name the file. Each file has a checksum, which
files of earlier versions lack.
"""

import json
import os
import sys
import zlib
from pathlib import Path

from ministack import app
from ministack.core import persistence

_FORMAT, _CHECKSUM, _PAYLOAD = "__ministack_format__", "crc32", "payload"
_BEFORE = f'"{_PAYLOAD}": '


def refuse(path, problem):
    """End at once: an orderly end would replace what is there."""
    print(f"{path} is damaged: {problem}", file=sys.stderr, flush=True)
    os._exit(1)


def write(path, text):
    """Whole or not at all, and on the disk when this returns. OSError."""
    draft = Path(f"{path}.tmp")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _save(service, data):
    try:
        text = json.dumps(data, default=persistence._json_default)
    except (TypeError, ValueError) as error:
        persistence.logger.error("Persistence: failed to save %s: %s", service, error)
        return
    head = {
        _FORMAT: persistence._state_format_version(service),
        _CHECKSUM: zlib.crc32(text.encode()),
    }
    write(_path(service), f"{json.dumps(head)[:-1]}, {_BEFORE}{text}}}")


def _load(service):
    """The state. Raises ValueError for a file that MiniStack did not write so."""
    text = _path(service).read_text(encoding="utf-8")
    if not text.strip("\0 \r\n\t"):
        raise ValueError("it is empty")
    found = json.loads(text, object_hook=persistence._json_object_hook)
    names = {_FORMAT, _PAYLOAD}
    if not isinstance(found, dict) or not names <= set(found) <= {*names, _CHECKSUM}:
        raise ValueError("it is not a state of MiniStack")
    if found[_FORMAT] > persistence._state_format_version(service):
        raise ValueError(f"its format is {found[_FORMAT]}, of a later version")
    content = text.partition(_BEFORE)[2].rstrip()[:-1]
    if _CHECKSUM in found and found[_CHECKSUM] != zlib.crc32(content.encode()):
        raise ValueError("its checksum is wrong")
    return found[_PAYLOAD]


def _path(service):
    return Path(persistence.STATE_DIR, f"{service}.json")


def load_all():
    """The state of every service that has a file."""
    for service, module in app._state_map.items():
        if not _path(service).exists():
            continue
        try:
            if state := _load(service):
                app._get_module(module).load_persisted_state(state)
        except Exception as error:
            refuse(_path(service), f"{type(error).__name__}: {error}")


def install():
    """Call it before the journal's own `install`."""
    persistence.save_state = _save
    app._load_persisted_state = load_all
