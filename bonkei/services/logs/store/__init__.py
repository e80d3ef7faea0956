"""Log groups, streams and events on disk.

`limits` decides which events of a batch are accepted. `frame` is the form of a batch on disk,
`segment` a growing file of frames, `stream` the segments of a log stream. `reading` merges the
events of many streams in order of time, page by page, and `position` names a place in that order.
`log_store` joins them, keeps the size within its bound, and removes events after their retention.

An acknowledged event has been written to the kernel, so SIGKILL loses none. A power failure may
lose the last moments. A half-written end is recognised and cut off.
"""
