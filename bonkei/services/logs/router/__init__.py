"""A log router: Bonkei's own program for Fluent Bit's configuration, and its place in a task.

`configuration` reads both formats, refuses unknown directives by name, and generates ECS's part
(FireLens). `records`, `parsing` and `filters` are pure: events in, events out. `pipeline` joins
them. `engine` keeps chunks on disk, retries and stops within the grace period; `inputs` and
`outputs` are its edges. `python -m bonkei.services.logs.router` is one router: a process of its
own, so that it can be killed alone. `driver` is the container's side: Docker's fluentd log driver.

Source of the semantics: docs.fluentbit.io/manual (Fluent Bit 5.0). Differences are noted where the
code decides them.
"""
