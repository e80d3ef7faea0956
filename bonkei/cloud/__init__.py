"""One AWS endpoint on loopback: whatever speaks AWS gets an answer, as the one who is calling.

The way of a call: `endpoint` reads it, `request` says what it asks for, `signature` and
`credentials` who asks. Then `services` decides whose it is: Bonkei's own (`answering`, by the
models of `wire`), MiniStack's (`passing`, to the process of `backing`), or nobody's (`errors`, in
the protocol's `spelling`). `calls` remembers it. `browser_upload` takes S3's forms. `sts`,
`secrets_manager`, `ecs`, `elbv2` and `rds` are services of this room; other rooms have theirs, and
`bonkei/miniature/aws_services.py` lists all.

`provision` makes in MiniStack what the definitions declare. `container_credentials` hands a task
its role's credentials. `cloud.Cloud` joins all of it, and is what other parts use. Nothing is
imported here: aiohttp takes a while to load, which the start spends while Terraform runs.
"""
