"""Frozen dataclasses that share their methods are frozen as Python's own are."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from bonkei.arn import Arn
from bonkei.events import Endpoint


@dataclass(frozen=True)
class Open:
    name: str


class Further(Open):
    """No dataclass itself."""


@dataclass(frozen=True, slots=True)
class Child(Open):
    size: int = 0


@dataclass(frozen=True)
class Secret(Open):
    value: str = field(repr=False)
    inner: list[object] = field(default_factory=list)


OPEN = Open("a")
CHILD = Child("a", 1)


def test_no_field_can_be_changed() -> None:
    for one, name in ((CHILD, "name"), (CHILD, "size"), (OPEN, "name"), (OPEN, "other")):
        with pytest.raises(FrozenInstanceError, match=f"cannot assign to field '{name}'"):
            setattr(one, name, 2)
        with pytest.raises(FrozenInstanceError, match=f"cannot delete field '{name}'"):
            delattr(one, name)
    assert (CHILD.name, CHILD.size, OPEN.name) == ("a", 1, "a")


def test_a_subclass_that_is_no_dataclass_has_attributes_of_its_own() -> None:
    further = Further("a")
    further.other = 2  # type: ignore[attr-defined]
    del further.other  # type: ignore[attr-defined]
    assert not hasattr(further, "other")
    with pytest.raises(FrozenInstanceError):
        further.name = "b"  # type: ignore[misc]


def test_they_are_copied_and_stored_as_before() -> None:
    assert replace(CHILD, size=2) == Child("a", 2)
    assert pickle.loads(pickle.dumps(CHILD)) == copy.deepcopy(CHILD) == CHILD  # noqa: S301
    assert {CHILD: 1}[Child("a", 1)] == 1


def test_their_text_has_their_class_and_fields() -> None:
    assert repr(CHILD) == "Child(name='a', size=1)"
    assert repr(Further("a")) == "Further(name='a')"
    secret = Secret("a", "hidden")
    assert repr(secret) == "Secret(name='a', inner=[])"
    secret.inner.append(secret)
    assert repr(secret) == "Secret(name='a', inner=[...])"


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="Python compiles them together")
def test_all_share_three_methods() -> None:
    for name in ("__setattr__", "__delattr__", "__repr__"):
        assert getattr(Arn, name) is getattr(Endpoint, name)


def test_pythons_own_behave_alike() -> None:
    """The same tests, with what Python makes itself."""
    program = (
        "import bonkei.frozen, dataclasses, pytest, sys\n"
        "import importlib; own = importlib.reload(dataclasses)\n"
        "assert own._frozen_get_del_attr.__module__ == 'dataclasses'\n"
        "sys.exit(pytest.main(['-qq', '-p', 'no:cacheprovider', '-k', 'not own and not share', "
        f"{__file__!r}]))\n"
    )
    if sys.version_info < (3, 13):
        subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
