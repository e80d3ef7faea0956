"""The services of AWS that this room answers itself, each an `AwsService`.

`sts` and `secrets_manager` need nothing but this room and the vault. `ecs`, `elbv2` and `rds` show
what the miniature runs: `bonkei/miniature/aws/own_services.py` gives them the parts. `paging` cuts
long answers into pages.
"""
