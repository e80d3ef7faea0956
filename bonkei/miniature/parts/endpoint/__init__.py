"""AWS's APIs, as the miniature starts them.

endpoint        the AWS endpoint, started beside Terraform, then kept up to date
own_services    the service behind each of botocore's names
command         the real `aws` command, for `bonkei aws`
"""
