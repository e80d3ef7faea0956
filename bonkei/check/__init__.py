"""Rules over the blueprint: what would break, leak or stay silent on AWS, found before it gets
there.

finding, subject     what a rule finds; what it looks at
rules/               one file a subject; each rule names where it is written
runner, levels       runs them; how grave each is by the settings
definitions          where in Terraform's files a finding is, and what is allowed there
report, sarif        findings for a person, as JSON, as SARIF

What rules reason with, all of it pure:
reach                whether a packet gets from one place of the network to another
permission           what a role may do
resource_policy      whether a key's or a topic's policy lets a service in
metrics              which metrics there are, and on which side they are bad news
log_writer           what writes to a log group, in which form
filter_pattern       whether a metric filter's pattern can match that

What is read besides the blueprint:
program, router      a container's Dockerfile; a log router's configuration
secret_keys          which keys the JSON of a secret has, never their values
"""

from bonkei.check.finding import Finding, Problem, Severity, exit_code
from bonkei.check.levels import with_levels
from bonkei.check.rules import RULES
from bonkei.check.runner import run
from bonkei.check.subject import Rule, Subject

__all__ = [
    "RULES",
    "Finding",
    "Problem",
    "Rule",
    "Severity",
    "Subject",
    "exit_code",
    "run",
    "with_levels",
]
