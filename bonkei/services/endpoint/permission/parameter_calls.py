"""The calls that write parameters of Systems Manager.

A new task reads the value that any client has written, as one of ECS does ("Pass Systems Manager
parameters through Amazon ECS environment variables", Amazon ECS Developer Guide).
"""

from __future__ import annotations

from bonkei.base.vault import Vault
from bonkei.services.endpoint.calls.request import Call, Request
from bonkei.services.endpoint.permission import services
from bonkei.services.endpoint.permission.names import Names
from bonkei.services.endpoint.permission.required import sent_parameters

_WRITES = frozenset({"PutParameter", "DeleteParameter", "DeleteParameters"})


def keep(vault: Vault, call: Call, request: Request, body: bytes, names: Names) -> None:
    """Keep what a call has written where tasks read it. Raises OSError if the disk refuses it."""
    if call.service != "ssm" or call.operation not in _WRITES:
        return
    given, here = sent_parameters(call, request, body), names.in_region(call.region)
    needed = services.required("ssm", call.operation, given, here) or ()
    for arn in (each.resource for each in needed if ":parameter/" in each.resource):
        if call.operation == "PutParameter":
            vault.put(arn, str(given["Value"]))
        else:
            vault.delete(arn)
