"""From an alarm to a person: the topic allows the alarm, and the function allows the topic."""

from __future__ import annotations

from collections.abc import Iterator

from bonkei.analysis.check.finding import Problem
from bonkei.analysis.check.resource_policy import lets_in
from bonkei.analysis.check.rules.keys import alarms
from bonkei.analysis.check.subject import Subject, error, warning
from bonkei.analysis.policy.lenient import allows
from bonkei.analysis.policy.managed import unknown_managed_policies
from bonkei.analysis.policy.wildcard import matches
from bonkei.base.arn import Arn
from bonkei.blueprint import Blueprint
from bonkei.blueprint.sns import Topic


@error(
    "A topic's policy allows the alarms and events that publish to it",
    "https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html",
)
def topic_lets_its_publishers_in(subject: Subject) -> Iterator[Problem]:
    """SNS's default policy allows the account's alarms, but not EventBridge."""
    blueprint = subject.blueprint
    for topic in blueprint.topics:
        for service, source, name in _sources(topic, blueprint):
            if not topic.policy and service == "cloudwatch.amazonaws.com":
                continue
            context = {"aws:SourceArn": source} if service == "cloudwatch.amazonaws.com" else {}
            if not lets_in(topic.policy, (service,), "sns:Publish", topic.arn, context):
                yield Problem(
                    topic.address,
                    f"{service} may not publish to {topic.name}: {name} does not notify anyone",
                    "allow sns:Publish to that service in the topic's policy",
                    "policy",
                )


def _sources(topic: Topic, blueprint: Blueprint) -> Iterator[tuple[str, str, str]]:
    """The publishers: service, ARN and name."""
    for alarm in alarms(blueprint):
        if topic.arn in (*alarm.alarm_actions, *alarm.ok_actions):
            yield "cloudwatch.amazonaws.com", alarm.arn, alarm.name
    for rule in blueprint.event_rules:
        if topic.arn in rule.targets:
            yield "events.amazonaws.com", rule.arn, rule.name


@error(
    "A function allows the topics and events that call it",
    "https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html",
)
def function_lets_its_callers_in(subject: Subject) -> Iterator[Problem]:
    blueprint = subject.blueprint
    callers = [
        ("sns.amazonaws.com", topic.arn, topic.name, subscription.endpoint)
        for topic in blueprint.topics
        for subscription in topic.subscriptions
        if subscription.protocol == "lambda"
    ]
    callers += [
        ("events.amazonaws.com", rule.arn, rule.name, target)
        for rule in blueprint.event_rules
        for target in rule.targets
    ]
    for function in blueprint.functions:
        for service, source, name, target in callers:
            if target == function.arn and not any(
                principal == service and (not wanted or matches(wanted, source))
                for principal, wanted in function.invokers
            ):
                yield Problem(
                    function.address,
                    f"{name} may not call {function.name}: the function never runs",
                    f"give it an aws_lambda_permission for {service} and {source}",
                )


@error(
    "A function's role may send its dead letters",
    "https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html",
)
def function_may_leave_dead_letters(subject: Subject) -> Iterator[Problem]:
    """Lambda: "The provided execution role does not have permissions to call SendMessage"."""
    blueprint = subject.blueprint
    for function in blueprint.functions:
        target, role = function.dead_letter_arn, blueprint.role(function.role_arn)
        if not target or role is None or unknown_managed_policies(role):
            continue
        action = "sqs:SendMessage" if Arn.of(target).service == "sqs" else "sns:Publish"
        if not allows(role, action, target):
            yield Problem(
                function.address,
                f"{role.name} may not {action} on {target}: Lambda refuses the function",
                "allow it in the function's role",
                "dead_letter_config",
            )


# Their calls may lack the key. The ARNs of their topics and rules name the account, as a bucket's
# does not.
_WITHOUT_ACCOUNT = {("Service", "sns.amazonaws.com"), ("Service", "events.amazonaws.com")}


@warning(
    "A function's permission for SNS or EventBridge has no condition on the source's account",
    "https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html",
)
def function_asks_for_what_its_caller_sends(subject: Subject) -> Iterator[Problem]:
    """A condition on a key that is not sent is never met. The call is refused without anyone
    noticing."""
    for function in subject.blueprint.functions:
        for statement in function.policy:
            keys = {key.lower() for _, key, _ in statement.conditions}
            for _, service in sorted(_WITHOUT_ACCOUNT & set(statement.principals)):
                if "aws:sourceaccount" in keys:
                    yield Problem(
                        statement.address,
                        f"{service} need not send the account of its source: its calls of"
                        f" {function.name} may be refused, and nothing reports it",
                        "remove source_account; source_arn names the account",
                        "source_account",
                    )
