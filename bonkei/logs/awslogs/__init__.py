"""The `awslogs` log driver: a container's output becomes events of its log stream.

`options` reads a container's logConfiguration, `multiline` joins lines to events, `batches` cuts
them into calls that CloudWatch Logs takes. `driver` does it, one driver a container.
"""
