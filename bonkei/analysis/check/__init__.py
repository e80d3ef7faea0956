"""Rules over the blueprint. They find mistakes that would break, leak or stay silent on AWS.

finding, subject     a rule's results; a rule's input, with the keys in the JSON of a secret
rules/               one file for each subject; each rule has its source
runner               sets the levels of the rules, runs them, and looks up their places
report, sarif, ci    findings for a person, as JSON, as SARIF, as annotations, as JUnit XML

Pure functions for the rules:
permission           whether a role allows an action
resource_policy      whether the policy of a key or a topic allows a service
metrics              the existing metrics, and their bad values
log_writer           the writers of a log group, and their formats
matching             whether a metric filter's pattern can match that

Input besides the blueprint:
program, router      a container's Dockerfile; a log router's configuration
handler              whether a function's file has its handler
"""

from bonkei.analysis.check.finding import Finding, Problem, Severity, exit_code
from bonkei.analysis.check.rules import RULES
from bonkei.analysis.check.runner import run, with_levels
from bonkei.analysis.check.subject import Rule, Subject

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
