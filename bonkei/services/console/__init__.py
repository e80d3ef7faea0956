"""The console: a page that shows the running system live, with reasons.

console    topics and actions by name; starts and stops the server
server     the HTTP side: files of the page by their exact names, /data, /live, /do
guard      who may send requests: Host, Origin, token and cookie, the header of actions (pure)
feed       the live side: a topic is computed once for all pages, and only while one is open
values     topics and actions as values
static     the page: ES modules without a build step

It imports no other service: `bonkei/miniature/console` makes topics of the services' snapshots.

To add a page, take one that exists, such as Slack's, as the example:

1. A topic is a small function from a part's snapshot to the values of the page. It is computed once
   a second, and only while a browser shows it. Of one beyond 512 KB, return a part and `more`.
2. An action gets the body of the POST, and raises a BonkeiError with a remedy.
3. The page exports `Page`, imports everything from `lib/index.js`, and is listed in
   `pages/index.js`.
4. Test it in a browser with `console_page` and realistic data, in light and dark. Its places in
   `PLACES` are read in both languages at a width of 360 px. `CONSOLE_SHOTS` names a folder for
   screenshots.
5. Document it in docs/console.md and its translation.
"""

from bonkei.services.console.console import Console, ConsoleSnapshot
from bonkei.services.console.values import Action, ConsoleError, ConsoleSettings, Json, Topic

__all__ = [
    "Action",
    "Console",
    "ConsoleError",
    "ConsoleSettings",
    "ConsoleSnapshot",
    "Json",
    "Topic",
]
