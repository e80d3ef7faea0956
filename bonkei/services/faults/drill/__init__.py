"""Drills: a load, faults at their times, and the effect on visitors.

scenario    a file → the steps, and the expectations
latency     many latencies, stored as a few counts
report      load, faults and alarms → the effect on visitors, compared with expectations;
            as JUnit XML for tools
requests    the program that sends the load, in its own process
load        starts and reads that process
running     Drill: its course from begin to end; nothing of it stays
text        a report for people
"""
