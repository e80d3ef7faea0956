"""A log router: Bonkei's own reader of Fluent Bit's configuration, and what starts it in a task.

`configuration` reads both formats, names what it does not know, and generates what ECS generates
(FireLens). `records`, `parsing` and `filters` are pure: events in, events out. `pipeline` joins
them.
`engine` keeps chunks on disk, retries and stops within the grace period; `inputs` and `outputs` are
its edges. `python -m bonkei.logs.router` is one router: a process of its own, so that it can be
killed alone. `driver` is the container's side: Docker's fluentd log driver.

Source of the semantics: docs.fluentbit.io/manual (Fluent Bit 5.0). What is not the same here is
said where it is decided.
"""
