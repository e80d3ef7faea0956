"""The console: a page that shows the running system live, with reasons.

console    topics and actions by name; starts and stops the server
server     the HTTP side: files of the page, /data, /live, /do
guard      who may send requests: Host, Origin, token and cookie, the header of actions (pure)
feed       the live side: a topic is computed once for all pages, and only while one is open
files      the page's own files, by their exact names
values     topics and actions as values
static     the page: ES modules without a build step (docs/console.md says how to add one)

It imports no room: `bonkei/miniature/rooms/console` makes topics of the rooms' snapshots.
"""

from bonkei.console.console import Console, ConsoleSnapshot
from bonkei.console.values import Action, ConsoleError, ConsoleSettings, Json, Topic

__all__ = [
    "Action",
    "Console",
    "ConsoleError",
    "ConsoleSettings",
    "ConsoleSnapshot",
    "Json",
    "Topic",
]
