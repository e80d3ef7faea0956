"""Writes MiniStack's changes to disk before they are acknowledged. MiniStack itself writes them
only at its end.

S3's objects are files already. Every other change is appended to a journal before its answer is
sent: a message, an item, or the other state of one service. A snapshot is MiniStack's own state.
The next start reads the journal after the last snapshot. The journal is not synced: a killed
process loses nothing, but a power failure may lose the last changes.

The journal does not record which messages are in flight, nor how often they were received. After a
crash they are delivered again, which SQS's standard queues may do at any time.
"""

import json
import os
import zlib
from contextlib import contextmanager
from pathlib import Path

import ministack_states
from ministack import app
from ministack.core import persistence
from ministack.services import s3

LONGEST = 32 * 1024 * 1024
"""Size of the journal, in bytes, at which a snapshot replaces it."""


class NotKeptError(BaseException):
    """The disk refused a change. MiniStack's own `except Exception` must not catch this."""


class _Strict:
    """A logger that turns a failure to save into an exception."""

    def __init__(self, logger):
        self._logger = logger

    def __getattr__(self, name):
        return getattr(self._logger, name)

    def _refuse(self, message, *values):
        if "ailed to persist" in message or "failed to save" in message:
            raise NotKeptError(message % values)

    def warning(self, message, *values, **options):
        self._refuse(message, *values)
        self._logger.warning(message, *values, **options)

    def error(self, message, *values, **options):
        self._refuse(message, *values)
        self._logger.error(message, *values, **options)


class Journal:
    """One line for each entry, behind its checksum. `number` counts them; a snapshot stores its
    number."""

    def __init__(self, directory):
        self._path = Path(directory, "journal.jsonl")
        self._mark = Path(directory, "journal.mark")
        self._file = -1
        self._size = 0
        self._number = 0
        self._pending = []
        self._due = False

    def add(self, kind, *values):
        """Hold an entry until the call's answer. Outside of a call, write it at once."""
        self._pending.append((kind, *values))
        if not self._due and app._MAIN_LOOP is not None:
            self._due = True
            app._MAIN_LOOP.call_soon_threadsafe(self._write_later)

    def write(self):
        """Write the pending entries to disk. After NotKeptError they stay pending."""
        if not self._pending:
            return
        entries, self._pending = self._pending, []
        data = b"".join(self._line(entry) for entry in entries)
        try:
            written = os.write(self._file, data)
        except OSError:
            written = 0
        if written < len(data):
            os.ftruncate(self._file, self._size)
            self._pending = entries + self._pending
            self._number -= len(entries)
            raise NotKeptError("the disk is full")
        self._size += len(data)
        if self._size > LONGEST and app._MAIN_LOOP is not None:
            app._MAIN_LOOP.call_soon(self.snapshot)

    def snapshot(self, states=None):
        """Save MiniStack's own state. Then the journal starts again, unless the disk refused the
        state."""
        ministack_states.number = self._number
        try:
            with _strict(persistence):
                persistence.save_all(states or app._build_persistence_save_dict())
            ministack_states.write(self._mark, _mark(self._number))
            os.ftruncate(self._file, 0)
            self._size = 0
        except (NotKeptError, OSError) as error:
            persistence.logger.error("no snapshot: %s", error)

    def open(self, again):
        """Replay the entries after the last snapshot. `again`: functions by kind of entry."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        done, found = self._read_mark(), 0
        self._number = done
        for number, kind, *values in self._entries(done):
            self._number = number
            if number > done:
                again[kind](*values)
                found += 1
        os.ftruncate(self._file, self._size)
        if found:
            self.snapshot()

    def _write_later(self):
        self._due = False
        try:
            self.write()
        except NotKeptError as error:
            persistence.logger.error("not kept yet: %s", error)

    def _line(self, entry):
        self._number += 1
        text = json.dumps((self._number, *entry), default=persistence._json_default).encode()
        return b"%08x %b\n" % (zlib.crc32(text), text)

    def _entries(self, done):
        """The entries on disk. An end without its newline was being written. `done`: the number
        of the last entry in the snapshot."""
        before = 0
        with self._path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                try:
                    text = line if line.startswith(b"[") else line[9:-1]  # an earlier version's
                    entry = json.loads(text, object_hook=persistence._json_object_hook)
                    is_whole = text is line or int(line[:9], 16) == zlib.crc32(text)
                    follows = is_whole and entry[0] > before
                except (ValueError, TypeError, LookupError):
                    follows = False
                if not follows:
                    ministack_states.refuse(self._path, f"entry {before} is not followed by one")
                before = entry[0]
                self._size += len(line)
                yield entry
        if before and done > before:
            ministack_states.refuse(self._mark, f"the journal ends with entry {before}")

    def _read_mark(self):
        try:
            text = self._mark.read_text()
        except FileNotFoundError:
            return 0
        number = text.rpartition(" ")[2]
        is_whole = number.isdecimal() and text in (number, _mark(int(number)))
        if not is_whole:  # the number alone is of an earlier version
            ministack_states.refuse(self._mark, "it is not a number")
        return int(number)


def _mark(number):
    return f"crc32 {zlib.crc32(b'%d' % number):08x} {number}"


@contextmanager
def _strict(module):
    logger = module.logger
    module.logger = _Strict(logger)
    try:
        yield
    finally:
        module.logger = logger


REFUSED = "x-bonkei-refused"
"""Header of a call with a body that the disk refused."""
UNKEPT = "x-bonkei-unkept"
"""Header of a call whose sender itself requests a snapshot."""
_MESSAGE = "We encountered an internal error: the disk does not take what was written."


def _refusal(service):
    """A 500, so that clients retry."""
    if service == "s3":
        answer = f"<Error><Code>InternalError</Code><Message>{_MESSAGE}</Message></Error>"
        return 500, {"Content-Type": "application/xml"}, answer.encode()
    code = "InternalServerError" if service == "dynamodb" else "InternalError"
    answer = json.dumps({"__type": code, "message": _MESSAGE}).encode()
    return 500, {"Content-Type": "application/x-amz-json-1.0"}, answer


def install(records):
    """Record all changes from here on, as `records` describes them. Returns the journal."""
    ministack_states.install()
    journal = Journal(persistence.STATE_DIR)
    dispatch, load = app._dispatch_service_request, app._load_persisted_state

    async def dispatch_and_keep(method, path, headers, body, query_params, request_id):
        service = app.detect_service(method, path, headers, query_params)
        if service not in records.SERVICES:
            return await dispatch(method, path, headers, body, query_params, request_id)
        if REFUSED in headers:
            return _refusal(service)
        try:
            answer = await dispatch(method, path, headers, body, query_params, request_id)
            done = answer[0] < 300 and UNKEPT not in headers
            if done and records.changes(service, method, path, headers, body):
                journal.add("state", service, records.state(service))
            if not records.reads(service, method, headers, body):
                journal.write()
        except NotKeptError:
            return _refusal(service)
        return answer

    def load_all():
        load()
        journal.open(records.AGAIN)
        records.items(journal.add)
        records.messages(journal.add)

    app._dispatch_service_request = dispatch_and_keep
    app._load_persisted_state = load_all
    app.save_all = journal.snapshot
    s3.logger = _Strict(s3.logger)
    return journal
