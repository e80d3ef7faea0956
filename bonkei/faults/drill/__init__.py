"""Drills: a load, faults at their times, and what visitors noticed.

scenario    a file → what is to be done and expected
latency     many latencies as a few counts
report      seconds of load, faults and alarms → what visitors noticed, as expected or not
requests    the program that sends the load, a process of its own
load        that process, from this side
running     Drill: begins, goes on, ends; nothing of it stays
text        a report for people; junit for tools
"""
