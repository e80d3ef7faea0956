"""A rehearsal: each alarm is provoked, and has to go to ALARM and back to OK.

values     what it is given, and what it finds
facts      what it looks up before it plans: connections, memory, processors
plan       pure: which cause raises which alarm, and in which act
rules      rules of EventBridge: whether an event reaches their targets
causes     what is really done: each begins, goes on until the alarm is there, and ends
rehearsal  the acts, one after the other; however it ends, nothing of it stays
underway   the one that may be under way, whoever has begun it
"""
