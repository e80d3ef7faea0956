"""Services after a change of the definitions.

rollout            waits for services that follow the blueprint
service_changes    the requests of `ecs update-service` since then, and what ECS has decided
registered         the revisions of task definitions, and which of them are INACTIVE
watch              waits until they are healthy, using the events on the bus
target_checks      judges running targets after a change of their health check
diagnosis          finds out why a service is unhealthy
"""
