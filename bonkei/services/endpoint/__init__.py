"""One AWS endpoint on loopback for all clients of AWS's APIs.

The way of a call
    port          the listener, with TLS by the home's certificate
    endpoint      the port's servers, by path
    exchange      takes one call from the port to its answer
    calls         finds its operation and resource (`request`), and records it (`record`)
    identity      finds its caller, from signatures, credentials, S3's upload forms
    permission    asks `bonkei.analysis.policy` whether the caller may
    services      chooses who answers, or refuses
    answering     Bonkei answers itself, by the models of `wire`. `own` has this service's services;
                  `bonkei/miniature/parts/endpoint/own_services.py` lists all.
    streaming     sends an answer of events as they happen
    backing       or MiniStack answers: its process, and the passing on of calls
    errors        or the call is refused, in its protocol's `spelling`

Around it
    cloud         the life cycle, for other parts
    notifying     events of buckets for topics and functions, which are other services
    provision     creates the declared resources in MiniStack
    aws_client    how the miniature's services call one another
    client, objects   the ways to the store (`json_calls`: their heads and answers)
    data          what runs inside MiniStack's own environment

Nothing is imported here: aiohttp is slow to load, and the start loads it while Terraform runs.
"""
