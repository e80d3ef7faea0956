"""Log groups, streams and events on disk.

`limits` says which events of a batch are taken. `frame` is what a batch looks like on disk,
`segment` a file of frames that only grows, `stream` the segments of a log stream. `reading` brings
the events of many streams into one order, page by page, and `position` names a place in it.
`log_store` joins them, keeps the whole within its bound, and forgets what is past its retention.

An event that was acknowledged is in the kernel's hands: SIGKILL takes none. A machine that loses
power may lose the last moments; what is half written then is recognised and cut off.
"""
