"""What is in an error of S3 and SQS besides its code.

Sources: "RESTErrorResponses" in the Amazon S3 API Reference, and what AWS answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

_CONDITIONS = ("If-None-Match", "If-Match", "If-Modified-Since", "If-Unmodified-Since")
_OF_A_COPY = tuple(f"x-amz-copy-source-{each}" for each in _CONDITIONS)
_END = b"</Error>"
_TYPE = "x-amzn-errortype"
_MALFORMED = re.compile(rb"<Code>MalformedXML</Code>\s*<Message>[^<]*</Message>")


def with_condition(headers: Mapping[str, str], body: bytes) -> bytes | None:
    """S3's error names the condition that did not hold."""
    given = [each for each in (*_OF_A_COPY, *_CONDITIONS) if each.lower() in headers]
    if not given or b"<Condition>" in body or not body.rstrip().endswith(_END):
        return None
    condition = f"<Condition>{given[0]}</Condition>".encode()
    words = body.rstrip()[: -len(_END)].replace(b"preconditions", b"pre-conditions")
    return words.replace(b"did not hold.<", b"did not hold<") + condition + _END


def without_body(asked: bytes, body: bytes) -> bytes | None:
    """S3's error for a setting that has not come at all ("List of error codes")."""
    missing = b"<Code>MissingRequestBodyError</Code><Message>Request Body is empty</Message>"
    words, count = _MALFORMED.subn(missing, body)
    return words if count and not asked else None


def with_namespace(
    headers: Mapping[str, str], asked: bytes, body: bytes
) -> tuple[dict[str, str], bytes] | None:
    """SQS's JSON has the whole name of an error, and words of its own for a queue that does not
    exist."""
    code = headers.get(_TYPE, "")
    if not code or "#" in code:
        return None
    try:
        error = json.loads(body)
    except ValueError:
        return None
    whole = f"com.amazonaws.sqs#{code}"
    message = str(error.get("message", "")).replace(" for this wsdl version.", ".")
    if message.startswith("Too many messages in a batch request."):
        count = len(json.loads(asked).get("Entries", ()))
        message = f"Maximum number of entries per request are 10. You have sent {count}."
    content = error | {"__type": whole, "message": message}
    return {**headers, _TYPE: whole}, json.dumps(content).encode()
