"""The `awslogs` log driver: a container's output becomes events of its log stream.

`options` reads a container's logConfiguration, `multiline` joins lines to events, and `batches`
cuts them into calls that CloudWatch Logs accepts. `driver` uses them; each container has its own
driver.
"""
