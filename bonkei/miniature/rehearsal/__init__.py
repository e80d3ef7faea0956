"""A rehearsal: each alarm is raised, and must go to ALARM and back to OK.

values     its input, and its results
facts      this machine's abilities before the plan: connections, memory, processors
plan       a cause and its act, as values
choice     pure: the cause for each alarm
rules      rules of EventBridge: whether an event reaches the targets of a rule
causes     the real actions: each begins, lasts until the alarm is raised, and ends
rehearsal  the acts, one after another; no effect remains, however it ends
underway   the rehearsal in progress, by anyone who started it
"""
