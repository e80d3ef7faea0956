"""Bonkei: the system that Terraform describes, in miniature, on this machine.

cli                   the commands
miniature             the running parts joined, started in order
check, diagram judge and draw the definitions
edge, tasks, database, cloud, logs, monitor, functions, topics, ...    the running parts
terraform, provider   evaluate the definitions; policy, network decide what AWS would allow
blueprint             the definitions as values; config: the user's settings

Several rooms use: `events` (the bus), `aws_service` (the interface to the services that answer
AWS's calls), `arn`, `addresses`, `vault`, `spool`, `sockets`, `serving`, `schedule`,
`filter_policy`, `delivery_policy`, `event_pattern`, `filter_pattern`, `waf_regex`, `wildcards`,
`dockerfile`, `folders`, `appending`, `removal`, `clocks`, `sources` (the places in Terraform's
files), `errors`. `frozen` makes all values quickly; programs begin with `importing`. docs/tour.md
describes the way through all of them.
"""

from bonkei.base.importing import late_inspect

with late_inspect():
    from bonkei.base.frozen import share_methods

share_methods()
