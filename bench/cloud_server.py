"""The AWS endpoint alone, for `bench.cloud`: a process without a client's libraries."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from pathlib import Path

import psutil
import uvloop

from bonkei.blueprint import Blueprint
from bonkei.blueprint.s3 import Bucket
from bonkei.blueprint.storage import Queue, Table

ACCOUNT, REGION = "123456789012", "eu-west-1"
_ENVIRONMENTS = Path(sys.prefix) / "environments"


async def serve(folder: Path, connection: int) -> None:
    """Prints its address, and its memory without the endpoint; runs until SIGTERM. MiniStack gets
    the client's own `connection`."""
    import bonkei.services.ecs  # noqa: F401, PLC0415 - the miniature has it without an endpoint, too

    before = psutil.Process().memory_info().rss
    from bonkei.base.vault import MemoryVault  # noqa: PLC0415
    from bonkei.services.ecs.execution.software import ensure_environment  # noqa: PLC0415
    from bonkei.services.endpoint.cloud import Cloud  # noqa: PLC0415 - a client needs only the names above
    from bonkei.services.endpoint.settings import CloudSettings  # noqa: PLC0415

    def arn(service: str, name: str) -> str:
        return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"

    table = {
        "TableName": "table",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    }
    blueprint = Blueprint(
        buckets=(Bucket("bucket", "arn:aws:s3:::bucket", "bucket"),),
        queues=(Queue("queue", arn("sqs", "queue"), "queue", {}),),
        tables=(Table("table", arn("dynamodb", "table/table"), "table", table),),
        arns=(arn("sqs", "queue"),),
    )
    cloud = Cloud(
        CloudSettings(folder, ACCOUNT, 0, rest_after=3600.0),
        MemoryVault({}),
        lambda lock: ensure_environment((lock,), _ENVIRONMENTS, lambda _: None),
        {},
        lambda text: print(text, file=sys.stderr),
    )
    await cloud.start()
    await cloud.apply(blueprint)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    store = cloud.store
    assert store._channel is not None
    socket.send_fds(store._channel._ours, [b"\0"], [connection])
    os.close(connection)
    print(json.dumps([cloud.callers.person(""), store.pid, before]), flush=True)
    await stop.wait()
    await cloud.stop()


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1]), int(sys.argv[2])))  # as the miniature does
