"""The acts of a rehearsal, one after another. However it ends, all effects are removed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from bonkei.base.errors import BonkeiError
from bonkei.blueprint.cloudwatch import Alarm
from bonkei.blueprint.sns import EventRule
from bonkei.miniature.rehearsal.causes.making import make, name_of, said
from bonkei.miniature.rehearsal.choice import choose, fallback
from bonkei.miniature.rehearsal.facts import look_up
from bonkei.miniature.rehearsal.plan import (
    ACTS,
    LAST,
    SLOW,
    SUSPENDED,
    Plan,
    in_last_act,
)
from bonkei.miniature.rehearsal.rules import rehearse_rule
from bonkei.miniature.rehearsal.values import Cause, RehearsalError, Result, World, not_shown
from bonkei.services.cloudwatch.alarm.composite import alarms_of, parse_rule
from bonkei.services.cloudwatch.alarm.engine import REHEARSAL, AnyAlarm, why_not_evaluated
from bonkei.services.cloudwatch.alarm.evaluation import State
from bonkei.services.cloudwatch.alarm.points import identity
from bonkei.services.cloudwatch.rehearsal import values

_TICK = 0.4  # seconds between two pushes
_LOOK = 0.1
_BASE = 25.0  # seconds that an alarm gets in addition to three times its periods
_BY_CHECKS = 60.0  # the same, if health checks must fail first
_MOST = 70.0
_STEADY = 45.0  # seconds for the services to be as before
_NEED_ALL_WELL = (SLOW, SUSPENDED)
"""Before these acts, all tasks must answer. Tasks that will be killed need not."""
_TELLING = 8.0  # seconds for the last messages to reach Slack
_PREPARING = 10.0  # seconds for the functions that report alarms to get ready


Step = Callable[[], Awaitable[None]]


class Rehearsal:
    """`run` in a task. Cancelling the task cleans up like a normal end."""

    def __init__(
        self, world: World, alarms: Sequence[AnyAlarm], rules: Sequence[EventRule] = ()
    ) -> None:
        self._world = world
        self._monitor = world.monitor
        self._alarms = tuple(alarms)
        self._rules = tuple(rules)
        self.results = {alarm.name: Result(alarm.name) for alarm in alarms}
        self.results |= {rule.name: Result(rule.name, "rule") for rule in rules}
        self.is_over = False
        self._begun = time.time()
        self._before = {alarm.name: world.monitor.book.state(alarm.name).value for alarm in alarms}
        self._through: set[str] = set()
        self._waiting: set[str] = set()
        self._pace: dict[str, float] = {}
        self._act_now = LAST

    async def run(self) -> None:
        """Act by act. Nothing of it stays."""
        self._monitor.practise(REHEARSAL)
        try:
            await self._prepared()
            plans = await self._planned()
            held = [
                metric
                for alarm, plan in plans
                if plan.kind == "injected"
                for metric in values(alarm, bad=True) or {}
            ]
            self._monitor.hold(held)
            await _together(
                self._acts(plans),
                *map(self._composite, self._composites()),
                *(rehearse_rule(one, self.results[one.name], self._world) for one in self._rules),
            )
            await self._until_steady()
            await self._told()
            self._judge()
        finally:
            await self._end()
            self.is_over = True

    def snapshot(self) -> dict[str, Any]:
        """The rehearsal in JSON's form."""
        return {
            "over": self.is_over,
            "results": [
                asdict(one) | {"both_ways": one.both_ways} for one in self.results.values()
            ],
        }

    async def _end(self) -> None:
        """No alarm may start while tasks come back, and no alarm may start because of measurements
        from that time: a cause also shows in the metrics of other alarms."""
        every = self._monitor.engine.alarms
        self._monitor.hurry({"": 1.0}, [alarm.name for alarm in every])
        self._take_back()
        with suppress(asyncio.CancelledError):  # cancelled again: no caller waits any more
            await self._until_steady()
        found = (metric for a in every if isinstance(a, Alarm) for metric in a.metrics())
        self._monitor.forget_since(set(map(identity, found)), self._begun)
        self._monitor.hold(())
        self._monitor.hurry({})
        self._monitor.practise("")

    def _take_back(self) -> None:
        """After an interrupted rehearsal: report the end of each alarm that was reported."""
        for alarm in self._alarms:
            state = self._monitor.book.state(alarm.name).value
            if state is State.ALARM and self._before[alarm.name] is not State.ALARM:
                why = "The rehearsal of this alarm was aborted"
                with suppress(BonkeiError):  # it may no longer be in the definitions
                    self._monitor.engine.set_state(alarm.name, State.OK, why, "", time.time())

    async def _prepared(self) -> None:
        """Start the functions that report alarms first. Later they would have to wait for the
        processors that the causes use."""
        if self._world.means is not None:
            with suppress(TimeoutError, BonkeiError):  # then the first message comes later
                async with asyncio.timeout(_PREPARING):
                    await self._world.means.prepare()

    async def _planned(self) -> list[tuple[Alarm, Plan]]:
        """The alarms that can be provoked. The results of the others have the reason."""
        facts, blueprint = await look_up(self._world), self._world.blueprint()
        found: list[tuple[Alarm, Plan]] = []
        for alarm in self._alarms:
            result = self.results[alarm.name]
            if problem := why_not_evaluated(alarm):
                result.problem = f"not evaluated: {problem}"
            elif isinstance(alarm, Alarm):
                plan = choose(alarm, blueprint, facts)
                if plan.kind == "firewall" and self._world.firewall is None:
                    plan = fallback(alarm, blueprint)
                if plan.kind == "none":
                    result.problem = plan.why
                else:
                    self._say(alarm, plan)
                    found.append((alarm, plan))
            else:
                result.cause = f"the alarms of its rule: {alarm.rule}"
        return found

    def _say(self, alarm: Alarm, plan: Plan) -> None:
        result = self.results[alarm.name]
        result.cause = said(plan, alarm, name_of(plan, self._world))
        result.injected = plan.kind in ("injected", "records")

    def _composites(self) -> list[AnyAlarm]:
        return [
            one
            for one in self._alarms
            if not isinstance(one, Alarm) and not self.results[one.name].problem
        ]

    async def _acts(self, plans: list[tuple[Alarm, Plan]]) -> None:
        failed: list[tuple[Alarm, Plan]] = []
        for act in ACTS[:-1]:
            failed += await self._act([one for one in plans if one[1].act == act])
        again = [one for one in plans if one[1].act == LAST]
        for alarm, plan in failed:
            if plan.is_real:
                result, why = self.results[alarm.name], self.results[alarm.name].problem
                other = in_last_act(fallback(alarm, self._world.blueprint()))
                result.problem = ""
                self._say(alarm, other)
                result.cause += f"; tried before: {said(plan, alarm, name_of(plan, self._world))}"
                result.cause += f", and {why}"
                again.append((alarm, other))
        held = [m for a, p in again if p.kind == "injected" for m in values(a, bad=True) or {}]
        self._monitor.hold(held)
        await self._act(again)

    async def _act(self, plans: list[tuple[Alarm, Plan]]) -> list[tuple[Alarm, Plan]]:
        """Run all causes of an act at the same time. Returns the alarms that did not come."""
        if not plans:
            return []
        self._act_now = plans[0][1].act
        if self._act_now in _NEED_ALL_WELL:
            await self._until_steady()
        self._pace = {alarm.name: plan.seconds for alarm, plan in plans}
        self._set_pace()
        shared: dict[tuple[str, str, float], list[tuple[Alarm, Plan]]] = {}
        for alarm, plan in plans:
            shared.setdefault((plan.kind, plan.subject, plan.number), []).append((alarm, plan))
        groups = list(shared.values())
        ended = await asyncio.gather(*map(self._one_cause, groups), return_exceptions=True)
        for group, end in zip(groups, ended, strict=True):
            if isinstance(end, BaseException):
                why = getattr(end, "message", "") or f"{type(end).__name__}: {end}"
                for alarm, _ in group:
                    self.results[alarm.name].problem = why
        return [(alarm, plan) for alarm, plan in plans if self.results[alarm.name].problem]

    def _set_pace(self) -> None:
        """Only the alarms of this act are evaluated, and composite ones."""
        done = self._through | self._waiting
        pace = {name: seconds for name, seconds in self._pace.items() if name not in done}
        pace |= {alarm.name: 1.0 for alarm in self._composites()}
        others = {alarm.name for alarm in self._alarms} - pace.keys()
        self._monitor.hurry(pace or {"": 1.0}, others)

    async def _one_cause(self, plans: Sequence[tuple[Alarm, Plan]]) -> None:
        alarms, plan = [alarm for alarm, _ in plans], plans[0][1]
        cause = make(plan, alarms, self._world)
        raised = [one for one in alarms if self._state(one) is State.ALARM]
        await self._until(raised, State.OK, _again(cause.calm))  # or nothing would be shown
        try:
            await self._until(alarms, State.ALARM, _again(cause.push, cause.begin))
        finally:
            # Shielded: a second Ctrl-C must not leave a process suspended.
            await asyncio.shield(_ended(cause))
            self._waiting -= {one.name for one in alarms}
            self._set_pace()
        came = [one for one in alarms if not self.results[one.name].problem]
        await self._until(came, State.OK, _again(cause.calm))
        self._through |= {one.name for one in alarms if not self.results[one.name].problem}
        self._set_pace()

    def _state(self, alarm: AnyAlarm) -> State:
        return self._monitor.book.state(alarm.name).value

    async def _until(
        self, alarms: Sequence[Alarm], state: State, doing: Coroutine[Any, Any, None]
    ) -> None:
        """Wait for each alarm. An alarm that did not reach the state has a problem. One that
        reached ALARM rests until its cause has ended. Otherwise it would come and go."""
        begun, waiting = time.monotonic(), list(alarms)
        job = asyncio.ensure_future(doing)
        try:
            while waiting:
                for alarm in tuple(waiting):
                    patience = self._patience(alarm)
                    if self._state(alarm) is state:
                        waiting.remove(alarm)
                        self._note(alarm, state)
                        if state is State.ALARM:
                            self._waiting.add(alarm.name)
                            self._set_pace()
                    elif time.monotonic() - begun > patience:
                        waiting.remove(alarm)
                        problem = f"it did not go to {state} within {patience:.0f} s"
                        self.results[alarm.name].problem = problem
                if job.done():
                    job.result()  # it ends only if it is impossible
                if waiting:
                    await asyncio.sleep(_LOOK)
        finally:
            job.cancel()
            await asyncio.gather(job, return_exceptions=True)

    def _patience(self, alarm: Alarm) -> float:
        base = _BY_CHECKS if self._act_now == SUSPENDED else _BASE
        return min(_MOST, base + 3 * alarm.evaluation_periods * self._pace[alarm.name])

    def _note(self, alarm: AnyAlarm, state: State) -> None:
        result, found = self.results[alarm.name], self._monitor.book.state(alarm.name)
        if state is State.ALARM:
            result.alarm_at, result.alarm_reason = found.since, found.reason
        else:
            result.ok_at, result.ok_reason = found.since, found.reason

    async def _composite(self, alarm: AnyAlarm) -> None:
        """A composite alarm follows its children, in whichever act they are. Otherwise data for all
        of them is injected."""
        known = {one.name for one in self._alarms}
        children = _named_by(alarm)
        if not children & known:
            self.results[alarm.name].problem = "no alarm of its rule is rehearsed with it"
            return
        for state in (State.ALARM, State.OK):
            end = time.monotonic() + (170.0 if state is State.ALARM else 60.0)
            while self._state(alarm) is not state:
                is_late = time.monotonic() > end or children & known <= self._through
                if (is_late and state is State.ALARM) or time.monotonic() > end:
                    self.results[alarm.name].problem = f"it did not go to {state}"
                    return
                await asyncio.sleep(_TICK / 4)
            self._note(alarm, state)

    async def _until_steady(self) -> None:
        """The services must be as before when the next act begins."""
        means = self._world.means
        if means is None:
            return
        end = time.monotonic() + _STEADY
        while time.monotonic() < end:
            services = means.tasks().snapshot().services
            hosts = [t.state for group in means.edge().target_groups for t in group.targets]
            if all(s.healthy_count >= s.desired_count == s.running_count for s in services) and all(
                state in ("healthy", "draining") for state in hosts
            ):
                return
            await asyncio.sleep(_TICK)

    async def _told(self) -> None:
        """The sent messages, and those that have reached Slack so far."""
        for result in self.results.values():
            result.messages = [
                asdict(sent)
                for sent in self._monitor.acting.sent
                if sent.alarm == result.name and sent.time >= self._begun
            ]
        if self._world.means is None:
            return
        webhook, end = self._world.means.webhook, time.monotonic() + _TELLING
        while webhook.waiting() and time.monotonic() < end:  # noqa: ASYNC110 - it is on disk
            await asyncio.sleep(_TICK / 2)
        for at, text in webhook.entries(self._begun):
            words = set(text.split())
            for about in self.results.values():
                if not {about.name, about.pipeline} & words:
                    continue
                changed = about.ok_at if about.ok_at and at >= about.ok_at else about.alarm_at
                about.slack.append({"time": at, "text": text, "after": at - changed})

    def _judge(self) -> None:
        """Say of each result what it does not show."""
        means = self._world.means
        tells = means is not None and bool(means.webhook.secret)
        acts = {alarm.name: alarm.actions_enabled and alarm.alarm_actions for alarm in self._alarms}
        for alarm in self._composites():
            children = {each.name for each in self._alarms if each.name in _named_by(alarm)}
            injected = [self.results[name].injected for name in children]
            self.results[alarm.name].injected = bool(injected) and all(injected)
        for name, result in self.results.items():
            result.not_shown = not_shown(result, by_slack=tells and bool(acts.get(name, True)))


async def _together(*jobs: Coroutine[Any, Any, None]) -> None:
    """As `gather`, which returns with the first job that is cancelled. Here all have ended then."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _again(doing: Step, first: Step | None = None) -> None:
    """Repeat until cancelled. Raises the error of any step."""
    if first is not None:
        await first()
    while True:
        await doing()
        await asyncio.sleep(_TICK)


def _named_by(alarm: AnyAlarm) -> set[str]:
    assert not isinstance(alarm, Alarm)  # noqa: S101 - for the types
    return {name.partition(":alarm:")[2] or name for name in alarms_of(parse_rule(alarm.rule))}


async def _ended(cause: Cause) -> None:
    with suppress(RehearsalError):
        await cause.end()
