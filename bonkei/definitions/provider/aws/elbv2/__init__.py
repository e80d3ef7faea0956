"""Elastic Load Balancing.

load_balancers      load balancers
listeners           listeners and their rules (listener_actions: what either does)
target_groups       target groups
"""
