"""Services after a change of the definitions.

rollout            waits for services that follow the blueprint
service_changes    what `ecs update-service` has asked of them since
watch              waits until they are healthy, by the events on the bus
target_checks      judges running targets after a change of their health check
diagnosis          why a service is not healthy
"""
