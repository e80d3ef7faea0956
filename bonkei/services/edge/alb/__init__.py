"""A load balancer's listener.

load_balancer    web ACL, listener rules, actions
rule             the conditions of rules, compiled
forward          the action `forward`: a target group, a target, stickiness
target_head      the head that a target gets
"""
