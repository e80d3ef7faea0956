"""The provider hashicorp/http (version 3.5): the answer of a URL, requested from this machine."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bonkei.base.link_local import require_other
from bonkei.definitions.provider.addresses import VERSIONS
from bonkei.definitions.provider.behaviour import Context, DataSource, Problem, Refused
from bonkei.definitions.provider.provider import Provider
from bonkei.definitions.provider.schema import (
    Block,
    NestedBlock,
    ProviderSchema,
    computed,
    optional,
    required,
)
from bonkei.definitions.provider.values import Object, given

if TYPE_CHECKING:
    from email.message import Message

ADDRESS = "registry.terraform.io/hashicorp/http"

_TIMEOUT = 30.0
_NOT_TAKEN = ("ca_cert_pem", "client_cert_pem", "client_key_pem", "insecure")
_HTTP = Block(
    {
        "url": required(),
        "method": optional(),
        "request_headers": optional(["map", "string"]),
        "request_body": optional(),
        "request_timeout_ms": optional("number"),
        **{name: optional("bool" if name == "insecure" else "string") for name in _NOT_TAKEN},
        "response_headers": computed(["map", "string"]),
        "response_body": computed(),
        "response_body_base64": computed(),
        "body": computed(),
        "status_code": computed("number"),
        "id": computed(),
    },
    {
        "retry": NestedBlock(
            "single",
            Block(
                {name: optional("number") for name in ("attempts", "max_delay_ms", "min_delay_ms")}
            ),
        )
    },
)


def provider() -> Provider:
    """The provider: the data source `http`."""
    return Provider(
        schema=ProviderSchema(ADDRESS, VERSIONS[ADDRESS], data_sources={"http": _HTTP}),
        data_sources={"http": DataSource(read=_read, validate=_problems)},
    )


def _problems(config: Object) -> Sequence[Problem]:
    found = [
        Problem((name,), "Not simulated", f"{name} is not taken here: leave it out.")
        for name in _NOT_TAKEN
        if config.get(name)
    ]
    url = config.get("url")
    if given(url) and not str(url).startswith(("http://", "https://")):
        found.append(Problem(("url",), "Invalid URL", f'"{url}" is neither http:// nor https://.'))
    method = config.get("method")
    if given(method) and method not in ("GET", "HEAD", "POST"):
        found.append(Problem(("method",), "Invalid method", f'"{method}": GET, HEAD or POST.'))
    return found


def _read(config: Object, _: Context) -> Object:
    import urllib.error  # noqa: PLC0415 -- large, and few definitions ask a server
    import urllib.request  # noqa: PLC0415

    body = config.get("request_body")
    request = urllib.request.Request(  # noqa: S310 -- the scheme has been looked at
        str(config["url"]),
        data=str(body).encode() if body is not None else None,
        headers={k: str(v) for k, v in (config.get("request_headers") or {}).items()},
        method=str(config.get("method") or "GET"),
    )
    patience = float(config.get("request_timeout_ms") or _TIMEOUT * 1000) / 1000
    opener = urllib.request.build_opener(_of_others())
    try:
        with opener.open(request, timeout=patience) as answer:
            return _told(config, answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as refusal:
        return _told(config, refusal.code, refusal.headers, refusal.read())
    except (OSError, ValueError) as error:
        raise Refused("No answer", f"{config['url']}: {error}.", ("url",)) from None


def _of_others() -> Any:
    """Opens no connection to this machine's own metadata, also not after a redirect: a stack could
    send them elsewhere with its next request."""
    import http.client  # noqa: PLC0415 -- as above
    import urllib.request  # noqa: PLC0415

    class Connection(http.client.HTTPConnection):
        def connect(self) -> None:
            super().connect()
            require_other(self.sock.getpeername()[0])

    class Handler(urllib.request.HTTPHandler):
        def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Connection, req)

    return Handler()


def _told(config: Object, status: int, headers: Message, body: bytes) -> Object:
    text = body.decode(errors="replace")
    return {
        "id": config["url"],
        "status_code": status,
        "response_headers": dict(headers.items()),
        "response_body": text,
        "response_body_base64": base64.b64encode(body).decode(),
        "body": text,
    }
