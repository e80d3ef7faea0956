"""Which faults may begin, their names, and the errors of those that may not."""

from __future__ import annotations

import pytest

from bonkei.services.faults import Ask, Fault, FaultError
from bonkei.services.faults.rules import begin
from bonkei.services.faults.targets import every_target, find_target
from bonkei.services.faults.values import DatabaseThing, Estate, TaskThing
from tests.bonkei.services.faults.estates import estate


def begun(ask: Ask, *active: Fault, now: float = 100.0, on: Estate | None = None) -> Fault:
    return begin(ask, on or estate(), active, now, 1_000.0, f"f{len(active) + 1}")


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("web", "service:app-web"),
        ("app-web", "service:app-web"),
        ("service:api", "service:app-api"),
        ("target-group:web", "target-group:app-web"),
        ("aaaa0001", "task:aaaa0001"),
        ("task:bbbb", "task:bbbb0001"),
        ("database", "database:app-db"),
        ("db", "database:app-db"),
        ("eu-west-1c", "zone:eu-west-1c"),
        ("zone:1a", "zone:eu-west-1a"),
        ("aws:s3", "aws:s3"),
        ("aws:s3:GetObject", "aws:s3:GetObject"),
    ],
)
def test_a_word_for_a_target(text: str, target: str) -> None:
    assert str(find_target(text, estate())) == target


@pytest.mark.parametrize(
    ("text", "said", "remedy"),
    [
        ("wbe", "there is no target wbe", "service:app-web"),
        ("service:nobody", "there is no target service:nobody", "service:app-worker"),
        ("task:aaaa", "may be one of task:aaaa0001, task:aaaa0002", "write more"),
        ("aws:glacier", "there is no target aws:glacier", "aws:logs, aws:s3, aws:sqs"),
        ("aws:s3:Get*", "not an operation", "aws:s3:GetObject"),
        ("app-wbe", "no target app-wbe", "did you mean app-web?"),
    ],
)
def test_a_wrong_word_is_told_the_right_ones(text: str, said: str, remedy: str) -> None:
    with pytest.raises(FaultError) as error:
        find_target(text, estate())
    assert said in error.value.message
    assert remedy in error.value.remedy


def test_everything_can_be_named() -> None:
    names = [str(one) for one in every_target(estate())]
    assert len(names) == 3 + 3 + 2 + 1 + 3 + 2
    assert all(str(find_target(name, estate())) == name for name in names)


def test_a_fault_lasts_thirty_seconds_unless_it_says_so() -> None:
    assert begun(Ask("slow", "web")).ends == 130.0
    assert begun(Ask("freeze", "web", 5.0)).ends == 105.0


def test_a_kill_is_a_moment_except_of_a_zone() -> None:
    assert not begun(Ask("kill", "web")).lasts
    assert begun(Ask("kill", "web", 10.0)).ends == 110.0
    assert begun(Ask("kill", "eu-west-1a")).ends == 130.0


def test_a_share_of_the_tasks_is_at_least_one() -> None:
    assert begun(Ask("freeze", "web", percent=50)).tasks == {"aaaa0001"}
    assert begun(Ask("freeze", "web", percent=1)).tasks == {"aaaa0001"}
    assert begun(Ask("freeze", "web")).tasks == {"aaaa0001", "aaaa0002"}


def test_who_is_stopping_already_is_not_found() -> None:
    leaving = estate(
        TaskThing("old", "app-web", serves=False), TaskThing("new", "app-web", serves=True)
    )
    assert begun(Ask("kill", "web"), on=leaving).tasks == {"new"}


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (Ask("kill", "aws:s3"), "cannot be killed"),
        (Ask("fill", "aws:s3"), "cannot be filled"),
        (Ask("fill", "eu-west-1a"), "cannot be filled"),
        (Ask("fill", "database", what="disk"), "cannot be filled with disk (Aurora's volume"),
        (Ask("fill", "web", what="connections"), "cannot be filled with connections"),
        (Ask("fill", "web", size=2.0**31), "at most 1024 MiB"),
        (Ask("fill", "web", what="disk", size=0.5), "filled by a size"),
        (Ask("fill", "web", what="processor", size=5e6), "filled by a share"),
        (Ask("fill", "database", size=0.5), "all connections are taken"),
        (Ask("slow", "web", latency=0.0), "a latency is more than 0"),
        (Ask("slow", "web", latency=61.0), "at most 60 s"),
        (Ask("slow", "web", latency=0.1, jitter=0.2), "jitter no more than itself"),
        (Ask("kill", "web", latency=0.1), "--latency is for slow"),
        (Ask("slow", "web", refusal="throttle"), "--error is for refuse"),
        (Ask("refuse", "web", refusal="throttle"), "refuses connections, and has no words"),
        (Ask("refuse", "web", what="disk"), "--what is for fill"),
        (Ask("slow", "web", 0.5), "lasts from 1 s to 3600 s"),
        (Ask("slow", "web", 3601.0), "lasts from 1 s to 3600 s"),
        (Ask("slow", "web", float("nan")), "lasts from"),
        (Ask("slow", "aaaa0001", percent=50), "is one thing"),
        (Ask("slow", "target-group:web", percent=50), "for all of its targets"),
        (Ask("kill", "worker"), "no task of service:app-worker runs now"),
    ],
)
def test_what_makes_no_sense_is_refused(ask: Ask, said: str) -> None:
    with pytest.raises(FaultError) as error:
        begun(ask)
    assert said in error.value.message


def test_the_same_twice_is_refused_with_what_to_do() -> None:
    first = begun(Ask("slow", "web"))
    with pytest.raises(FaultError) as error:
        begun(Ask("slow", "service:app-web", latency=1.0), first, now=110.0)
    assert "f1 does that already, for 20 s more" in error.value.message
    assert error.value.remedy == "end it first: bonkei fault end f1"


def test_different_faults_of_one_target_may_overlap() -> None:
    first = begun(Ask("slow", "web"))
    assert begun(Ask("freeze", "web"), first).id == "f2"
    assert begun(Ask("slow", "aaaa0001"), first).id == "f2"
    memory = begun(Ask("fill", "web"))
    assert begun(Ask("fill", "web", what="disk"), memory).what == "disk"


def test_there_is_a_bound() -> None:
    active = [begun(Ask("slow", "web"))] * 32
    with pytest.raises(FaultError, match="32 faults last already"):
        begun(Ask("freeze", "web"), *active)


def test_a_server_elsewhere_is_never_touched() -> None:
    elsewhere = estate(database=DatabaseThing("app-db", runs_here=False))
    for kind in ("kill", "freeze", "fill"):
        with pytest.raises(FaultError, match="not the miniature's own"):
            begun(Ask(kind, "database"), on=elsewhere)  # type: ignore[arg-type]
    assert begun(Ask("slow", "database"), on=elsewhere).kind == "slow"


def test_an_unwatched_connection_cannot_be_disturbed() -> None:
    open_way = estate(database=DatabaseThing("app-db", gated=False, why_not="enforce is off"))
    with pytest.raises(FaultError, match="enforce is off"):
        begun(Ask("slow", "database"), on=open_way)
    with pytest.raises(FaultError, match="cannot be kept away"):
        begun(Ask("kill", "database", 10.0), on=open_way)
    assert not begun(Ask("kill", "database"), on=open_way).lasts
