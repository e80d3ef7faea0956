"""Reachability through subnets, routes, endpoints and security groups. Pure, over the blueprint.

reach      whether a packet gets from one place to another, and what stops it
targets    the target groups that a load balancer cannot reach
zones      the network without one of its Availability Zones
"""
