"""A load balancer's listener: rules, actions, and the head that a target gets."""
