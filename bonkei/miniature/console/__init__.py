"""The console's topics and actions for the parts: one module for each family of topics.

overview     the frame: the miniature's name and state, and the progress of its start
tasks        services, tasks, their usage over time, and their actions
requests     the recent requests, and the course of one
logs         logs of this machine and of log groups
metrics      metrics over time, and the alarms that look at them
signals      traffic, errors, latency and saturation of each service
traffic      the requests and errors of all load balancers over time
alarms       alarms with their past, and rehearsals
slack        the inbox, in Slack's form
picture      the architecture as it is drawn, with health and rates
flow         requests per second on each arrow, from existing counters
health       the state of each node of a picture
resource     all about one resource; its place in the definitions, and its evaluated values
estate       every resource as evaluated, with masked secrets and its references
pipelines    stages, runs, logs, the plan to approve, and their actions
faults       what can be broken, what is, and drills
permissions  denied calls, used and unused grants, and questions
moments      a time as a person writes it
search       what has a text in its name, among all of them
data         the content of buckets, queues, tables, parameters, secrets and databases

Each module turns snapshots into the console's values by small functions, and `offer…` gives them to
a console. `joining` calls these.
"""
