"""Commands about incidents: cause one, see its alarms, read the messages about it.

fault         `bonkei fault`: break something on purpose
alarm         `bonkei alarm`: states, graphs, history, rehearsals
alarm_text    the tables, graphs and reports of `bonkei alarm`
slack         `bonkei slack`: the messages in the inbox
"""
