"""Calls from commands to a running miniature, over a private Unix socket.

protocol       JSON lines: a call, its progress, its result
socket_file    the place of the socket
sessions       calls of `bonkei run`, `exec` and `env`; `attach` is their command's side
alarms         calls of `bonkei alarm`
faults         calls of `bonkei fault`
requests       the call of `bonkei explain`
"""

from bonkei.miniature.control.protocol import (
    AT_ONCE,
    OTHER,
    Call,
    ControlServer,
    Handler,
    borrow,
    call,
)

__all__ = ["AT_ONCE", "OTHER", "Call", "ControlServer", "Handler", "borrow", "call"]
