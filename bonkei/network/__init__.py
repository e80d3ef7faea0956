"""Reachability by subnets, routes, endpoints and security groups. Pure, over the blueprint.

reach      whether a packet gets from one place to another, and the obstacle
targets    the target groups that a load balancer cannot reach
zones      the network without one of its Availability Zones
"""
