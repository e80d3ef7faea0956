"""An endpoint with given services, without MiniStack, and real clients for it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import httpx
import over_http
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as BotoCredentials

from bonkei.base.aws_service import AwsService
from bonkei.services.endpoint.answering import Answering
from bonkei.services.endpoint.calls.record import CallLog
from bonkei.services.endpoint.endpoint import Endpoint
from bonkei.services.endpoint.identity.credentials import Issuer
from bonkei.services.endpoint.permission.authorizer import Authorizer
from bonkei.services.endpoint.permission.ledger import Ledger
from bonkei.services.endpoint.settings import Limits


class Nothing:
    async def close(self) -> None: ...


class Place:
    """The endpoint and clients for it."""

    def __init__(
        self,
        url: str,
        issuer: Issuer,
        own: Mapping[str, AwsService],
        reports: list[str],
        stop: Callable[[], None],
        connections: Callable[[], int],
    ) -> None:
        self.url, self.own, self.reports, self.stop = url, own, reports, stop
        self.connections = connections
        """How many clients are connected."""
        self.person = issuer.person()

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="eu-west-1",
            aws_access_key_id=self.person.access_key,
            aws_secret_access_key=self.person.secret_key,
            config=Config(retries={"max_attempts": 1}, parameter_validation=False),
        )

    def send(self, service: str, body: bytes, **headers: str) -> httpx.Response:
        request = AWSRequest("POST", self.url, headers=headers, data=body)
        person = BotoCredentials(self.person.access_key, self.person.secret_key)
        SigV4Auth(person, service, "eu-west-1").add_auth(request)
        return over_http.post(self.url, content=body, headers=dict(request.headers), timeout=60)


@contextmanager
def serving(
    own: Mapping[str, AwsService],
    directory: Path,
    limits: Limits | None = None,
    clock: Callable[[], float] = time.time,
) -> Iterator[Place]:
    """`own` has the services by botocore's names."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    issuer, reports = Issuer(b"k" * 32, "123456789012"), list[str]()
    passing: Any = Nothing()
    answering = Answering(own, report=reports.append)
    free = Authorizer("off", Ledger(directory))
    log = CallLog(directory / "calls.jsonl")
    endpoint = Endpoint(issuer, answering, passing, log, free, clock=clock, limits=limits)

    def stop() -> None:
        asyncio.run_coroutine_threadsafe(endpoint.stop(), loop).result(60)

    try:
        asyncio.run_coroutine_threadsafe(endpoint.start(0), loop).result(60)
        yield Place(
            endpoint.url, issuer, own, reports, stop, lambda: endpoint._listener.connections
        )
    finally:
        stop()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
