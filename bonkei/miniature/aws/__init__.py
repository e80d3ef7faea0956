"""AWS's APIs as the supervisor offers them.

endpoint        the AWS endpoint, started beside Terraform, then kept up to date
own_services    which room answers which service, by botocore's names
ecs_view        the miniature's own services and tasks, for `ecs`
command         the real `aws` command, for `bonkei aws`
"""
