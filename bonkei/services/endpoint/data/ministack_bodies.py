"""Objects as files, so that a large one is never held in memory as a whole.

MiniStack holds each body as bytes, for most operations twice. Here a body of more than `LARGE`
bytes is a mapped file. It can be sliced and hashed like bytes, and a rename makes it the object's
file. Its digests are computed while it arrives.
"""

import hashlib
import inspect
import os
import shutil
import tempfile
from contextvars import ContextVar
from pathlib import Path

from file_body import LARGE, Digests, FileBody, Frames, Part, remove
from hypercorn.protocol.http_stream import HTTPStream
from ministack import app
from ministack.services import s3
from ministack_journal import REFUSED, NotKeptError

_STREAM = ContextVar("stream")
"""hypercorn's stream of the call that a task answers."""
_INCOMING = Path(s3.DATA_DIR).parent / "incoming"


async def _receive_large(receive, held, headers):
    """The body as a file. `held`: the bytes received so far."""
    chunked = headers.get("x-amz-content-sha256", "").startswith("STREAMING-") or (
        "aws-chunked" in headers.get("content-encoding", "")
    )
    digests, frames, size = Digests(headers), Frames() if chunked else None, 0
    descriptor, path = tempfile.mkstemp(dir=_INCOMING)
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            more = True
            while more:
                data, more = _content(held.pop(0) if held else await receive())
                size += len(data)
                for piece in frames.feed(data) if frames else (data,):
                    digests.update(piece)
                    _write(file, piece)
        return _finish(path, headers, size, frames, digests)
    except BaseException as error:
        remove(path)
        if isinstance(error, (OSError, ValueError)):
            raise _unread(error) from None
        raise


def _content(message):
    if message["type"] != "http.request":
        raise app._RequestBodyDisconnected
    return message.get("body", b""), message.get("more_body", False)


def _write(file, data):
    if file.write(data) != len(data):
        raise NotKeptError("the disk is full")


def _unread(error):
    if isinstance(error, OSError):
        return NotKeptError(str(error))
    unread = app._IncompleteRequestBody("a chunk without its size")
    unread.body = b""
    return unread


def _finish(path, headers, size, frames, digests):
    length = headers.get("content-length", str(size)).strip()
    decoded = Path(path).stat().st_size
    announced = headers.get("x-amz-decoded-content-length", str(decoded)).strip()
    broken = frames is not None and (frames.trailer is None or announced != str(decoded))
    if length != str(size) or broken:
        error = app._IncompleteRequestBody("the body is not as long as announced")
        error.body = b""
        raise error
    if frames is not None:  # MiniStack's own treatment of the data after the chunks
        rest = headers.pop("x-amz-decoded-content-length", None)
        app._decode_aws_chunked_body(b"0\r\n" + frames.trailer, headers)
        if rest is not None:
            headers["x-amz-decoded-content-length"] = rest
    body = FileBody(path, temporary=True)
    digests.put_on(body)
    return body


def _bodies_come_as_files():
    """MiniStack would collect the pieces of a body in memory before it looks at them."""
    read = app._read_request_body

    async def read_request_body(receive, method, headers):
        is_s3 = "/s3/aws4_request" in headers.get("authorization", "")
        if method != "PUT" or not is_s3 or "x-bonkei-whole" in headers:
            return await read(receive, method, headers)
        held, size, more = [], 0, True
        while more and size <= LARGE:
            held.append(await receive())
            size += len(held[-1].get("body", b""))
            more = held[-1].get("more_body", False)
        if size > LARGE:
            try:
                return await _receive_large(receive, held, headers)
            except NotKeptError:
                headers[REFUSED] = "1"
                while _content(held.pop(0) if held else await receive())[1]:
                    pass
                return b""

        async def again():
            return held.pop(0) if held else await receive()

        return await read(again, method, headers)

    app._read_request_body = read_request_body


def _digests_are_known():
    """MiniStack would read the whole file again for each digest."""
    md5_hash, compute = s3.md5_hash, s3._compute_s3_checksum

    class Hashlib:
        def __getattr__(self, name):
            return getattr(hashlib, name)

        @staticmethod
        def md5(data=b"", **options):
            if not isinstance(data, (FileBody, Part)):
                return hashlib.md5(data, **options)  # noqa: S324 - S3's ETag
            if data.md5:
                return _Known(data.md5)
            digest = hashlib.md5(**options)  # noqa: S324
            for piece in data.pieces():
                digest.update(piece)
            return digest

    def checksum(name, body):
        plain = name.upper().replace("_", "")
        if isinstance(body, FileBody) and plain in body.checksums:
            return body.checksums[plain]
        return compute(name, b"".join(body.pieces()) if isinstance(body, Part) else body)

    s3.hashlib = Hashlib()
    s3.md5_hash = lambda data: (
        s3.hashlib.md5(data).hexdigest() if isinstance(data, (FileBody, Part)) else md5_hash(data)
    )
    s3._compute_s3_checksum = checksum


class _Known:
    def __init__(self, text):
        self._text = text

    def hexdigest(self):
        return self._text

    def digest(self):
        return bytes.fromhex(self._text)


def _files_are_read_as_files():
    """MiniStack would read an object's whole file for each answer."""
    read, version, entry = s3._read_body, s3._version_body, s3._version_entry_from_record

    def file_of(path):
        try:
            return FileBody(path) if path and Path(path).stat().st_size > LARGE else None
        except OSError:
            return None

    def read_body(bucket, key, obj):
        found = file_of(s3._object_disk_path(bucket, key)) if obj.get("body") is None else None
        return read(bucket, key, obj) if found is None else found

    def version_body(bucket, name, key, each):
        found = None
        if each.get("data") is None and s3._version_file_exists(name, key, each["version_id"]):
            found = file_of(s3._version_disk_path(name, key, each["version_id"]))
        return version(bucket, name, key, each) if found is None else found

    s3._read_body, s3._version_body = read_body, version_body
    # A version's content is on disk: it is kept beside the object after another one took its place.
    s3._version_entry_from_record = lambda obj, version_id, _data: entry(obj, version_id, None)


def _files_become_objects():
    """MiniStack would copy the file by way of memory: here a name is added."""
    write = s3._atomic_write

    def atomic_write(path, data, *, text=False):
        if not isinstance(data, FileBody):
            write(path, data, text=text)
            return
        draft, place = Path(path + ".tmp"), Path(path)
        remove(draft)
        try:
            os.link(data.path, draft)  # files are replaced, never changed: names may share one
        except OSError:
            shutil.copyfile(data.path, draft)
        draft.chmod(0o600)
        if place.exists() and draft.samefile(place):
            draft.unlink()
        else:
            draft.replace(place)

    s3._atomic_write = atomic_write


def join(parts):
    """The parts of a multipart upload as one body."""
    if sum(map(len, parts)) <= LARGE:
        return b"".join(parts)
    descriptor, path = tempfile.mkstemp(dir=_INCOMING)
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            for part in parts:
                if isinstance(part, FileBody):
                    with Path(part.path).open("rb") as source:
                        _copy(source, file, len(part))
                else:
                    for piece in part.pieces() if isinstance(part, Part) else (part,):
                        _write(file, piece)
    except OSError as error:
        remove(path)
        raise NotKeptError(str(error)) from None
    return FileBody(path, temporary=True)


def _copy(source, file, size):
    while size:
        copied = os.sendfile(file.fileno(), source.fileno(), None, size)
        if not copied:
            raise NotKeptError("the disk is full")
        size -= copied


def _parts_are_joined_as_files():
    """The only place where MiniStack itself joins bytes."""
    source = inspect.getsource(s3._complete_multipart_upload)
    before = 'b"".join(combined_parts)'
    if source.count(before) != 1:
        raise RuntimeError("this version of MiniStack joins parts in another way")
    s3._bonkei_join = join
    code = compile(source.replace(before, "_bonkei_join(combined_parts)"), s3.__file__, "exec")
    exec(code, s3.__dict__)  # noqa: S102 - it is MiniStack's own, but for one line


def _failed_writes_leave_what_was():
    """After a failed write the object does not exist, and the client gets an error."""

    def guarded(name):
        operation = getattr(s3, name)

        def run(bucket, key, *rest):
            objects = (s3._ensure_bucket(bucket) or {}).get("objects", {})
            before, versions = objects.get(key), list(s3._object_versions.get((bucket, key), ()))
            uploads = dict(s3._multipart_uploads._data)
            try:
                return operation(bucket, key, *rest)
            except NotKeptError:
                objects.pop(key, None)
                if before is not None:
                    objects[key] = before
                s3._object_versions[(bucket, key)] = versions
                if not versions:
                    del s3._object_versions[(bucket, key)]
                s3._multipart_uploads._data.update(uploads)
                raise

        setattr(s3, name, run)

    for name in ("_put_object", "_complete_multipart_upload", "_copy_object"):
        guarded(name)


def _answers_go_out_as_files():
    """MiniStack would send the body as one piece."""
    send_response = app._send_response

    async def send_pieces(send, status, headers, body, *, head=False):
        if not isinstance(body, (FileBody, Part)):
            await send_response(send, status, headers, body, head=head)
            return
        named = {name.lower() for name in headers}
        if not head and "content-length" not in named:
            headers["Content-Length"] = str(len(body))
        listed = app._asgi_header_list(headers)
        await send({"type": "http.response.start", "status": status, "headers": listed})
        for piece in body.pieces() if not head else ():
            if _STREAM.get().closed:
                return
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    app._send_response = send_pieces


def _clients_that_have_gone_get_nothing():
    """hypercorn keeps writing, and each failed write would keep its piece in a traceback."""
    app_send = HTTPStream.app_send

    async def send_while_there(stream, message):
        _STREAM.set(stream)
        if message is None or not stream.closed:
            await app_send(stream, message)

    HTTPStream.app_send = send_while_there


def install():
    """Call it before MiniStack takes its first call. Removes unfinished uploads of earlier runs."""
    shutil.rmtree(_INCOMING, ignore_errors=True)
    _INCOMING.mkdir(mode=0o700, parents=True, exist_ok=True)
    _bodies_come_as_files()
    _digests_are_known()
    _files_are_read_as_files()
    _files_become_objects()
    _parts_are_joined_as_files()
    _failed_writes_leave_what_was()
    _answers_go_out_as_files()
    _clients_that_have_gone_get_nothing()
