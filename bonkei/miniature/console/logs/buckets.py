"""A search in the logs that a bucket keeps, such as access logs. They are read as a person reads
them: by S3's calls, in the person's name."""

from __future__ import annotations

import asyncio
import re
import time
import zlib
from collections.abc import AsyncIterator
from itertools import count
from operator import attrgetter

from bonkei.miniature.console.logs.rows import MOST_ROWS
from bonkei.miniature.console.logs.wish import PATIENCE, Found, Numbered, Wish
from bonkei.miniature.log_files.record import Record, read
from bonkei.services.console import ConsoleError
from bonkei.services.endpoint.looking import MOST, Looking, StoredObject

_AT_ONCE = 8  # calls
_LONGEST = 64 * 1024 * 1024  # bytes of an object that was compressed
_GZIP = b"\x1f\x8b"
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[T\t ](\d\d:\d\d:\d\d(?:\.\d{1,3})?)")


async def search(looking: Looking, wish: Wish, patience: float = PATIENCE) -> Found:
    """The newest wanted lines of the objects up to `MOST` bytes, in order of time. Raises
    ConsoleError where even the list of the objects takes too long."""
    end = time.monotonic() + patience
    objects = [one async for one in _every(looking, wish.bucket, end)]
    objects = [one for one in objects if one.size <= MOST and one.changed[:19] >= wish.since[:19]]
    objects.sort(key=attrgetter("changed"), reverse=True)
    found: list[Numbered] = []
    looked_at, numbers, back_to = 0, count(-1, -1), ""
    for at in range(0, len(objects), _AT_ONCE):
        batch = objects[at : at + _AT_ONCE]
        if time.monotonic() > end:
            back_to = objects[at - 1].changed
            break
        contents = await asyncio.gather(*(_text(looking, wish.bucket, one.key) for one in batch))
        lines = [line for text in contents for line in text.splitlines()]
        looked_at += len(lines)
        records = (Numbered(next(numbers), _record(wish.bucket, line)) for line in lines)
        found += filter(wish, records)
    found.sort(key=attrgetter("record.time"))
    return Found(found[-MOST_ROWS:], len(found) > MOST_ROWS, looked_at, back_to)


async def _every(looking: Looking, bucket: str, end: float) -> AsyncIterator[StoredObject]:
    folders = [("", "")]
    while folders:
        if time.monotonic() > end:
            raise ConsoleError(
                f"{bucket} has too many objects to search",
                remedy=f"bonkei aws -- s3 sync s3://{bucket} .",
            )
        now, folders = folders[:_AT_ONCE], folders[_AT_ONCE:]
        pages = await asyncio.gather(*(looking.objects(bucket, *each) for each in now))
        for (prefix, _), page in zip(now, pages, strict=True):
            folders += [(each, "") for each in page.prefixes]
            folders += [(prefix, page.following)] if page.following else []
            for one in page.objects:
                yield one


async def _text(looking: Looking, bucket: str, key: str) -> str:
    """Empty for what is not text."""
    data = (await looking.beginning(bucket, key, MOST)).data
    try:
        if data.startswith(_GZIP):
            data = zlib.decompressobj(31).decompress(data, _LONGEST)
        return "" if b"\0" in data else data.decode()
    except (zlib.error, UnicodeDecodeError):
        return ""


def _record(bucket: str, line: str) -> Record:
    """By the first time in it: all of AWS's access logs and JSON lines have one."""
    found = _MOMENT.search(line)
    if found is None:
        return Record(bucket, "", line, line)
    day, moment = found.groups()
    whole = moment if "." in moment else f"{moment}.000"
    [record] = read(bucket, "container", [f"{day}T{whole}Z  {line}"])
    return record
