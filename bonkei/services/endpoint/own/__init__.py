"""The services of AWS that the endpoint answers itself, each an `AwsService`.

`sts`, `secrets_manager` and `service_quotas` need only the endpoint and the vault. `ecs`, `elbv2`
and `rds` show the running parts; `bonkei/miniature/parts/endpoint/own_services.py` gives them
these parts.
"""
