"""The services of AWS that this room answers itself, each an `AwsService`.

`sts`, `secrets_manager` and `service_quotas` need only this room and the vault. `ecs`, `elbv2` and
`rds` show the running parts; `bonkei/miniature/parts/endpoint/own_services.py` gives them these
parts. `paging` cuts long answers into pages.
"""
