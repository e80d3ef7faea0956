"""The real actions, with a module for each kind.

aws        calls of the services that the parts answer
base       the common part of all causes
burner     the process that uses a processor, or holds memory
load       that process, beside a task
sessions   sessions of a database: failing statements, refused sign-ins, connections, work
tasks      tasks of a service: suspended, killed, slow, more of them, one that cannot start
requests   requests around the distribution, and through it
function   a webhook that refuses
letters    messages in a queue
injected   records and metric data, where there is no real cause
making     creates the cause of a plan
"""
