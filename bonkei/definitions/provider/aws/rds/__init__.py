"""Amazon RDS.

clusters, instances Aurora clusters; their instances and single databases
groups              subnet groups, parameter groups, event subscriptions
proxies             RDS Proxy
databases           what is alike for clusters and instances
"""
