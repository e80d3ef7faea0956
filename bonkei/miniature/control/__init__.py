"""Calls from commands to a running miniature, over a private Unix socket.

protocol       JSON lines: a call, its progress, its result
calling        a command's side
answering      the miniature's side
socket_file    the place of the socket
sessions       calls of `bonkei run`, `exec` and `env`; `attach` is their command's side
alarms         calls of `bonkei alarm`
faults         calls of `bonkei fault`
requests       the calls of `bonkei explain` and `load`
"""

from bonkei.miniature.control.calling import AT_ONCE, borrow, call
from bonkei.miniature.control.protocol import OTHER

__all__ = ["AT_ONCE", "OTHER", "borrow", "call"]
