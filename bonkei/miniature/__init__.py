"""The miniature: the running parts joined, started in order, and following the definitions.

Joining
    supervisor    starts and stops the parts in their order
    changes       follows new definitions, restarts services
    assembly      what the parts do together: follow a blueprint, roll it out
    wiring        creates the parts and connects them
    making        creates every component that touches the machine; tests put doubles here
    parts         each service (functions, logs, monitor) as the supervisor uses it
    console       the console's topics for the parts
    rollout       brings the services to the blueprint's state, and waits for healthy ones
    lifecycle     steps of the start, and the orderly end
    rehearsal     leads each alarm to ALARM and back, by a real cause where there is one
    measures      the parts' measurements, as CloudWatch's metrics
    requests      explains a request's way, and records finished requests

Commands
    foreground    `bonkei up`: the miniature as a process
    background    `bonkei up --detach`: another process that does it
    removing      `bonkei reset`
    asking        `bonkei down`, `restart`, and following an apply
    control       calls to a running miniature: status, sessions, alarms
    report        the output of `bonkei status`, and the last lines of a start

Beneath
    home          the folder of a miniature
    lock          that of a home: one supervisor holds it
    intact        looks at its files before a start; manifest has what they were
    applied       from the definitions to a blueprint; gaps: what they look up outside
    addresses     the loopback address of each name in a blueprint (loopback gives them out)
    one_address   the same where 127.0.0.1 is the only one
    log_files     the logs that were written on this machine
    steps, journal    a start's progress for the user, and its record
"""
