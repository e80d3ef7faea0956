"""From the subscription filters of log groups to the functions that they name."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from bonkei.base.arn import Arn
from bonkei.base.aws_service import AwsServiceError
from bonkei.base.events import SubscriptionFilterMatched
from bonkei.miniature.parts.endpoint.endpoint import AwsEndpoint

if TYPE_CHECKING:
    from bonkei.services.lambda_.functions import Functions

_MOST_EARLY = 1_000


class SubscribedFunctions:
    """Call `pass_on` with what a filter has matched. Before `open`, there are no functions yet."""

    def __init__(
        self,
        functions: Callable[[], Functions],
        aws: AwsEndpoint,
        report: Callable[[str], None],
    ) -> None:
        self._functions = functions
        self._aws = aws
        self._report = report
        self._early: deque[SubscriptionFilterMatched] | None = deque(maxlen=_MOST_EARLY)
        self._said: set[tuple[str, str, str]] = set()

    def open(self) -> None:
        """The functions are there."""
        early, self._early = self._early or (), None
        for found in early:
            self.pass_on(found)

    def pass_on(self, found: SubscriptionFilterMatched) -> None:
        """Into the function's queue of events. Each reason why not is reported once."""
        if self._early is not None:
            self._early.append(found)
            return
        from bonkei.services.logs.subscriptions import payloads  # noqa: PLC0415 - seldom wanted

        try:
            self._require_permission(found)
            for payload in payloads(found):
                self._functions().enqueue(found.destination_arn, payload)
        except (AwsServiceError, OSError) as error:
            problem = error.message if isinstance(error, AwsServiceError) else str(error)
            key = (found.log_group, found.filter_name, problem)
            if key not in self._said:
                self._said.add(key)
                self._report(
                    f"the subscription filter {found.filter_name} of {found.log_group} passes"
                    f" nothing on to {found.destination_arn}: {problem}"
                )

    def _require_permission(self, found: SubscriptionFilterMatched) -> None:
        """The function's own policy decides. It may name the service of the region, too."""
        function = self._functions().find(found.destination_arn)
        place = Arn.of(function.arn)
        regional = f"logs.{place.region}.amazonaws.com"
        named = {principal for principal, _ in function.invokers}
        service = regional if regional in named else "logs.amazonaws.com"
        group = f"arn:aws:logs:{place.region}:{place.account}:log-group:{found.log_group}:*"
        denial = self._aws.service(service, "lambda:InvokeFunction", function.arn, group)
        if denial:
            raise AwsServiceError("AccessDeniedException", denial, 403)
