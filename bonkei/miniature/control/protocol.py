"""The protocol between commands and a running miniature: JSON lines over a private Unix socket.

Request: `{"call": NAME}`, with `"service": NAME` for calls about a service and `"arguments": {…}`
for calls with arguments. Answer: `{"progress": TEXT}` any number of times, then `{"result": VALUE}`
or
`{"error": MESSAGE, "remedy": TEXT}`. Resources that a result lends (`Call.lent`) belong to the
caller until one of the two closes the connection. The caller may send the number of a process that
it has started with them, a line: its load counts with the task's.
"""

from __future__ import annotations

from collections.abc import Callable

Report = Callable[[str], None]

OTHER = "it was started by another version of Bonkei: `bonkei down`, then `bonkei up`"
LOG = "see the last lines of `bonkei logs bonkei`"
