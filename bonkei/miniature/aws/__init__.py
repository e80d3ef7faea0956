"""AWS's APIs, as the supervisor starts them.

endpoint        the AWS endpoint, started beside Terraform, then kept up to date
own_services    the room for each service, by botocore's names
ecs_view        the miniature's own services and tasks, for `ecs`; `ecs_described` has their form
command         the real `aws` command, for `bonkei aws`
"""
