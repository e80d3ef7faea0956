"""Amazon EC2 and Amazon VPC.

networks            VPCs, access lists, flow logs (default_network: the default VPC)
subnets, routing    subnets, route tables, routes
gateways, endpoints ways out of a network, and to AWS's services
security_groups     security groups and their rules
instances           instances, launch templates, volumes
"""
