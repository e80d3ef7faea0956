"""One AWS endpoint on loopback for all clients of AWS's APIs.

The way of a call: `endpoint` reads it, `request` finds its operation, `signature` and
`credentials` find its caller. Then `services` chooses: Bonkei answers it (`answering`, by the
models of `wire`), MiniStack answers it (`passing`, to the process of `backing`), or it is refused
(`errors`, in the protocol's `spelling`). `streaming` sends an answer of events as they happen.
`calls` remembers it. `browser_upload` takes S3's forms. `own` has the services of this room; other
rooms have theirs, and `bonkei/miniature/aws_services.py` lists all. `listening` is the port, with
TLS by the home's `certificate`; `environments` gives clients the address and their identity.

`provision` creates the declared resources in MiniStack. `container_credentials` gives a task its
role's credentials. `cloud.Cloud` joins these modules for other parts. Nothing is imported here:
aiohttp is slow to load, and the start loads it while Terraform runs.
"""
