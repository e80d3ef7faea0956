"""MiniStack's own files of state, with a checksum, and synced: a power failure may follow.

Bonkei looks at them before it starts MiniStack (`bonkei/services/endpoint/backing/states.py`).
"""

import json
import os
import sys
import zlib
from pathlib import Path

from ministack.core import persistence

_FORMAT, _CHECKSUM, _NUMBER = "__ministack_format__", "crc32", "number"
_BEFORE = '"payload": '
number = 0
"""Of the journal's last entry, which a snapshot stores in each of its files."""


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
        _NUMBER: number,
    }
    path = Path(persistence.STATE_DIR, f"{service}.json")
    write(path, f"{json.dumps(head)[:-1]}, {_BEFORE}{text}}}")


def install():
    """Call it before the journal's own `install`."""
    persistence.save_state = _save
