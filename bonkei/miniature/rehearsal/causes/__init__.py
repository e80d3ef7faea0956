"""What is really done, one module for each kind.

aws        calls of the services that the rooms answer
base       what all causes share
burner     the process that uses a processor, or holds memory
load       that process, beside a task
sessions   a database's: statements that fail, sign-ins that are refused, connections, work
tasks      a service's: suspended, killed, slow, more of them, one that cannot start
requests   around the distribution, and through it
function   a webhook that refuses
letters    messages in a queue
injected   records and metric data, where there is no real cause
making     a cause of a plan
"""
