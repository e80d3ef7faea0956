"""ECS's decisions. Pure: events and the time in, actions out.

scheduler         all services and tasks
service_state     one service and its deployments
deployments       what a deployment does next (rolling, traffic, circuit_breaker)
lifecycle         one task (container_state, container_health, dependencies)
"""
