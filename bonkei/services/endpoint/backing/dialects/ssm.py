"""The names that Systems Manager refuses where MiniStack finds nothing ("GetParameter" in the AWS
Systems Manager API Reference).

Source of the words: what AWS answers to the same calls.
"""

from __future__ import annotations

import json

from bonkei.services.endpoint.calls.request import Call
from bonkei.services.endpoint.errors import Answer, ApiError

_SECRETS = "/aws/reference/secretsmanager/"
_NOT_A_PATH = (
    'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can '
    "consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of "
    "letters, numbers and the following 3 symbols .-_"
)


def check(call: Call, body: bytes) -> None:
    """Raises ApiError for a path that is not one."""
    name = _name(call, body)
    is_path = "/" in name.strip("/") and not name.startswith("arn:")
    if is_path and ("//" in name or not name.startswith("/")):
        raise ApiError("ValidationException", _NOT_A_PATH)


def refused(call: Call, body: bytes, answer: bytes) -> Answer | None:
    """The error of what is not there: it has words for a secret alone."""
    name = _name(call, body)
    if not name or b"ParameterNotFound" not in answer:
        return None
    said = {"__type": "ParameterNotFound"}
    if name.startswith(_SECRETS):
        said["message"] = (
            "An error occurred (ResourceNotFoundException) when referencing Secrets Manager: "
            f"Secret {name} not found."
        )
    content = json.dumps(said).encode()
    kind = ("content-type", "application/x-amz-json-1.1")
    return Answer(400, content, (kind, ("x-amzn-errortype", "ParameterNotFound")))


def _name(call: Call, body: bytes) -> str:
    if call.operation != "GetParameter":
        return ""
    try:
        return str(json.loads(body).get("Name") or "")
    except (ValueError, AttributeError):
        return ""
