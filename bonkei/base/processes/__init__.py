"""Child processes that never outlive the miniature.

There are three layers. Each handles cases that the previous one cannot:

- `launcher` asks the kernel (Linux) to signal the child when its parent dies;
- `Watchdog` is a separate process that signals whole process groups, grandchildren too, when
  the pipe from the supervisor closes (Linux and macOS). All components share one (`keeper`);
- `Ledger` remembers process groups below home. The next start ends those that survived because
  supervisor and watchdog were both killed.

`marked` finds by a mark what a person's command has left in the background; `beside` starts a small
program of ours that notices this process's end; `trees` finds what a process has started, and
`listening` who listens at an address; `loop` is the miniature's event loop, which starts processes
quickly.
"""

from bonkei.base.processes.guard import Watchdog
from bonkei.base.processes.keeper import Keeper
from bonkei.base.processes.launcher import launch_command
from bonkei.base.processes.ledger import Ledger
from bonkei.base.processes.marked import MARK, end_marked
from bonkei.base.processes.trees import family, family_ids

__all__ = [
    "MARK",
    "Keeper",
    "Ledger",
    "Watchdog",
    "end_marked",
    "family",
    "family_ids",
    "launch_command",
]
