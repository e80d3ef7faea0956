"""Targets, their health, and a request on its way to one of them.

registry       learns about targets from the bus
target         targets and their groups, with the balancing; target_health: one target's health
checks         checks the health over the network
detours        leads the requests for a target elsewhere for a while
delivery       the settings of a layer for forwarding
dispatch       one request to one target; upstream: a connection to it
last_words     a response that came before a connection broke
"""
