"""ECS's decisions. Pure: events and the time in, actions out.

scheduler         all services and tasks
service_state     one service and its deployments (rolling, circuit_breaker)
lifecycle         one task (container_state, container_health, dependencies)
"""
