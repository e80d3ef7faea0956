"""The base that every package may use. It imports none of them.

arn, clocks, errors, paging      names, time, failures, long answers
aws_service                      the interface between the AWS endpoint and a service
events                           the bus between the parts
kept                             files that outlive a start: damaged is never empty
folders, appending, removal      files;          spool, vault   what waits, what is secret
surrogates, toml_text            text that is not UTF-8; values as TOML
tracebacks                       the exception in a program's output
link_local                       what no request may reach
serving, sockets                 loopback;       processes      children that never outlive us
load_balancer_accounts           AWS's own accounts that write access logs
"""
