"""What the console shows of the rooms, and does with them: one module for a family of topics.

overview     of the frame: the miniature's name and state, and how its start goes
tasks        services, tasks, their usage over time, and their actions
usage        CPU and memory of tasks over time, bounded
requests     the recent requests, and how one went
timeline     what the bus has told of deployments, tasks, targets and scaling, bounded
logs         logs of this machine and of log groups
metrics      metrics over time, and the alarms that look at them
alarms       alarms with their past, and rehearsals
slack        the inbox as Slack would show it
picture      the architecture as it is drawn, with health and rates
flow         requests per second on each arrow, from counters that there are already
health       how each node of a picture is
resource     all about one resource
estate       every resource as evaluated, secrets masked, and what names what
definition   where a resource is written, and its evaluated values
pipelines    stages, runs, logs, the plan to approve, and their actions
permissions  denied calls, used and unused grants, and questions
data         what buckets, queues, tables, parameters, secrets and databases hold

Each module turns snapshots into the console's values by small functions, and `offer…` gives them to
a console. `bonkei/miniature/on_console/` calls these.
"""
