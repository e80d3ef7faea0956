"""Checks of Signature Version 4.

Source: "AWS Signature Version 4 for API requests" in the IAM User Guide.

Chunk signatures of `STREAMING-AWS4-HMAC-SHA256-PAYLOAD` are not checked. The signature of the head
is checked, and the connection stays on this machine.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import parse_qsl, quote

from bonkei.base.aws_service import Caller
from bonkei.services.endpoint.calls.request import Request, Scope
from bonkei.services.endpoint.errors import ApiError

_SKEW, _LONG_SKEW = 300, 900
"""Seconds by which the clocks may differ."""
_PATIENT = frozenset({"s3", "sts"})
"""Services with the longer one."""
LONGEST = 7 * 24 * 3600
"""The longest validity of a signed URL, in seconds."""

_FREE = frozenset({"x-amz-content-sha256", "x-amz-user-agent"})
"""Headers of Amazon that need no signature: the digest is signed as the payload's, and the other
one has no effect."""
UNSIGNED = "UNSIGNED-PAYLOAD"
Secrets = Callable[[str, str], tuple[str, Caller]]
"""From an access key and a token to the secret key and the caller. Raises ApiError."""

_ALGORITHM = "AWS4-HMAC-SHA256"
DIFFERS = "The request signature we calculated does not match the signature you provided."
_CHECK_S3 = "Check your key and signing method."
_CHECK = (
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for "
    "details."
)
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d+")
_HEADER = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]*)")
_PARAMETERS = "AuthorizationQueryParametersError"
_TOO_LONG = (
    "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be "
    f"less than {LONGEST} seconds"
)
_SPACES = re.compile(r" +")


@dataclass(frozen=True, slots=True)
class _Signed:
    """What a request says of its signature. `seconds`: for which a presigned URL is valid."""

    scope: Scope
    time: str  # YYYYMMDDTHHMMSSZ
    headers: tuple[str, ...]
    signature: str
    token: str
    seconds: float | None = None


def payload_hash(request: Request, body: bytes | None) -> str:
    """The signed hash: that of the body, or S3's header. MiniStack compares that one with the body,
    which may be long. No other service takes a body that is not signed."""
    if request.scope is None or request.scope.service == "s3":
        if given := request.header.get("x-amz-content-sha256"):
            return given
        if "X-Amz-Signature" in request.parameters:
            return UNSIGNED
    return hashlib.sha256(body or b"").hexdigest()


def verify(request: Request, payload: str, secrets: Secrets, *, now: float) -> Caller:
    """The signer of the request. Raises ApiError with the code of S3 and the query protocol."""
    signed = _read(request)
    _check_time(signed, now)
    if not _REGION.fullmatch(signed.scope.region) and signed.scope.service != "s3":
        message = "Credential should be scoped to a valid region. "
        raise ApiError("SignatureDoesNotMatch", message, 403)
    secret, caller = secrets(signed.scope.access_key, signed.token)
    key = signing_key(secret, signed.scope.date, signed.scope.region, signed.scope.service)
    expected = hmac.digest(key, _string_to_sign(request, signed, payload), "sha256").hex()
    if not hmac.compare_digest(expected.encode(), signed.signature.encode("utf-8", "replace")):
        check = _CHECK_S3 if signed.scope.service == "s3" else _CHECK
        raise ApiError("SignatureDoesNotMatch", f"{DIFFERS} {check}", 403)
    return caller


def sign(request: Request, body: bytes, scope: Scope, secret: str) -> str:
    """The Authorization header of a request of our own. The request has the headers host and
    x-amz-date, and all of its headers are signed. A header x-amz-content-sha256 replaces the body's
    digest."""
    names = tuple(sorted(name for name, _ in request.headers))
    signed = _Signed(scope, request.header["x-amz-date"], names, "", "")
    payload = request.header.get("x-amz-content-sha256") or hashlib.sha256(body).hexdigest()
    key = signing_key(secret, scope.date, scope.region, scope.service)
    code = hmac.digest(key, _string_to_sign(request, signed, payload), "sha256").hex()
    credential = f"{scope.access_key}/{scope.date}/{scope.region}/{scope.service}/aws4_request"
    return (
        f"{_ALGORITHM} Credential={credential}, SignedHeaders={';'.join(names)}, Signature={code}"
    )


def _read(request: Request) -> _Signed:
    scope = request.scope
    if header := request.header.get("authorization"):
        parts = dict(_HEADER.findall(header))
        time = request.header.get("x-amz-date", "")
        if not header.startswith(_ALGORITHM) or scope is None or len(parts) != 3 or not time:
            raise ApiError(
                "IncompleteSignature",
                f"Authorization must be {_ALGORITHM} with Credential, SignedHeaders and Signature, "
                "and X-Amz-Date must be there.",
            )
        names, token = parts["SignedHeaders"], request.header.get("x-amz-security-token", "")
        return _Signed(scope, time, _names(names, request, scope), parts["Signature"], token)
    query = request.parameters
    if scope is None or "X-Amz-Signature" not in query:
        raise ApiError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
    return _Signed(
        scope,
        query.get("X-Amz-Date", ""),
        _names(query.get("X-Amz-SignedHeaders", ""), request, scope),
        query["X-Amz-Signature"],
        query.get("X-Amz-Security-Token", ""),
        _validity(query, scope.service),
    )


def _validity(query: Mapping[str, str], service: str) -> float:
    """The seconds for which a presigned URL is valid. STS does not look at what the URL says of it:
    EKS's clients sign for a minute, and use that URL for a quarter of an hour."""
    if query.get("X-Amz-Algorithm") != _ALGORITHM:
        raise ApiError(_PARAMETERS, f'X-Amz-Algorithm only supports "{_ALGORITHM}"')
    if service == "sts":
        return _LONG_SKEW
    text = query.get("X-Amz-Expires", "" if service == "s3" else str(_SKEW))
    if not re.fullmatch(r"[+-]?\d{1,18}", text, re.ASCII):
        raise ApiError(_PARAMETERS, "X-Amz-Expires should be a number")
    if int(text) < 0:
        raise ApiError(_PARAMETERS, "X-Amz-Expires must be non-negative")
    if int(text) > LONGEST:
        raise ApiError(_PARAMETERS, _TOO_LONG)
    return float(text)


def _names(listed: str, request: Request, scope: Scope) -> tuple[str, ...]:
    """The signed headers. All of Amazon's own must be signed: who has an upload URL could make it a
    copy of any object."""
    names = tuple(listed.split(";"))
    if any(name not in request.header for name in names):
        raise ApiError(
            "SignatureDoesNotMatch", "SignedHeaders must name headers that are sent.", 403
        )
    amazon = (name for name in request.header if name.startswith("x-amz-") and name not in _FREE)
    unsigned = [name for name in ("host", *amazon) if name not in names]
    if unsigned and scope.service == "s3":
        raise ApiError(
            "AccessDenied",
            "There were headers present in the request which were not signed",
            403,
            {"HeadersNotSigned": ", ".join(unsigned)},
        )
    if unsigned:
        message = f"'{unsigned[0]}' must be a 'SignedHeader' in the AWS Authorization."
        raise ApiError("SignatureDoesNotMatch", message, 403)
    return names


def _check_time(signed: _Signed, now: float) -> None:
    try:
        at = _seconds(signed.time)
    except ValueError:
        raise ApiError("IncompleteSignature", "X-Amz-Date must be as 20260102T030405Z") from None
    service, day = signed.scope.service, signed.scope.date
    skew = _LONG_SKEW if service in _PATIENT else _SKEW
    valid = skew if signed.seconds is None else signed.seconds
    late, early = now - at > valid, at - now > skew
    if (late or early) and service == "s3":
        raise _outside(signed, at, now, skew)
    if late:
        limit = f"{_stamp(now - valid)} ({_stamp(now)} - {valid / 60:g} min.)"
        message = f"Signature expired: {signed.time} is now earlier than {limit}"
        raise ApiError("RequestTimeTooSkewed", message, 403)
    if early:
        limit = f"{_stamp(now + skew)} ({_stamp(now)} + {skew / 60:g} min.)"
        message = f"Signature not yet current: {signed.time} is still later than {limit}"
        raise ApiError("RequestTimeTooSkewed", message, 403)
    if not signed.time.startswith(day):
        message = (
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
            f"HTTP: '{day}' != '{signed.time[:8]}', from '{signed.time}'."
        )
        raise ApiError("SignatureDoesNotMatch", message, 403)


def _outside(signed: _Signed, at: float, now: float, skew: int) -> ApiError:
    """S3's answer to a request at another time than it is signed for."""
    if signed.seconds is None:
        members = {
            "RequestTime": signed.time, "ServerTime": iso(now),
            "MaxAllowedSkewMilliseconds": skew * 1_000,
        }  # fmt: skip
        message = "The difference between the request time and the current time is too large."
        return ApiError("RequestTimeTooSkewed", message, 403, members)
    ends = {"Expires": iso(at + signed.seconds), "ServerTime": iso(now)}
    if now > at:
        members = {"X-Amz-Expires": int(signed.seconds), **ends}
        return ApiError("AccessDenied", "Request has expired", 403, members)
    members = {"X-Amz-Date": int(at * 1_000), **ends}
    return ApiError("AccessDenied", "Request is not yet valid", 403, members)


def iso(moment: float) -> str:
    return f"{datetime.fromtimestamp(int(moment), UTC):%Y-%m-%dT%H:%M:%SZ}"


def _stamp(moment: float) -> str:
    return f"{datetime.fromtimestamp(int(moment), UTC):%Y%m%dT%H%M%SZ}"


@lru_cache(maxsize=256)
def _seconds(time: str) -> float:
    return datetime.strptime(time, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


def _string_to_sign(request: Request, signed: _Signed, payload: str) -> bytes:
    scope = f"{signed.scope.date}/{signed.scope.region}/{signed.scope.service}/aws4_request"
    canonical = "\n".join(
        (
            request.method,
            _canonical_path(request.path, signed.scope.service),
            _canonical_query(request.query),
            *(f"{name}:{value}" for name, value in _values(request, signed.headers)),
            "",
            ";".join(signed.headers),
            payload,
        )
    )
    digest = hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{_ALGORITHM}\n{signed.time}\n{scope}\n{digest}".encode("utf-8", "surrogateescape")


def _canonical_path(path: str, service: str) -> str:
    """S3 signs the path as it is sent. Every other service encodes it once more."""
    return (path or "/") if service == "s3" else quote(path or "/", safe="/~")


def _canonical_query(query: str) -> str:
    if not query:
        return ""
    pairs = parse_qsl(query, keep_blank_values=True, encoding="utf-8", errors="surrogateescape")
    encoded = sorted(
        (_encode(name), _encode(value)) for name, value in pairs if name != "X-Amz-Signature"
    )
    return "&".join(f"{name}={value}" for name, value in encoded)


def _encode(text: str) -> str:
    return quote(text, safe="-_.~", errors="surrogateescape")


def _values(request: Request, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The values of a repeated header are joined into one list."""
    once = len(request.header) == len(request.headers)
    for name in names:
        if once:
            yield name, _trimmed(request.header[name])
        else:
            yield name, ",".join(_trimmed(value) for each, value in request.headers if each == name)


def _trimmed(value: str) -> str:
    return _SPACES.sub(" ", value.strip()) if "  " in value else value.strip()


@lru_cache(maxsize=256)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """The signing key for one day, region and service."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode("utf-8", "surrogateescape"), hashlib.sha256)
    return key
