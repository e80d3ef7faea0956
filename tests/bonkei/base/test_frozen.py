"""Frozen dataclasses that share their methods, or compile them late, behave as Python's own do."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import subprocess
import sys
import typing
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from bonkei.base.arn import Arn
from bonkei.base.events import Endpoint
from bonkei.base.frozen import share_methods


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


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="Python compiles them together")
def test_a_method_is_compiled_when_it_is_first_looked_at() -> None:
    @dataclass(frozen=True, slots=True)
    class Used:
        """Python makes a text of its own, from the signature, where there is none."""

        name: str

    def methods() -> dict[str, object]:
        return {name: Used.__dict__[name] for name in ("__init__", "__eq__", "__hash__")}

    made = methods()
    one, other = Used("a"), Used("a")
    now = methods()
    assert [name for name in made if now[name] is not made[name]] == ["__init__"]
    assert one == other
    assert hash(one) == hash(other)
    used = methods()
    assert all(used[name] is not made[name] for name in made)
    assert (one == Used("b"), hash(Used("c")) == hash(one)) == (False, False)
    assert methods() == used


def test_a_subclass_uses_the_methods_of_its_parent() -> None:
    """Also when it is used first, and when a method was taken from the class before."""

    @dataclass(frozen=True)
    class Parent:
        name: str

    class Heir(Parent):
        def __init__(self, name: str) -> None:
            super().__init__(name.upper())

    make = Parent.__init__
    assert (Heir("a"), Heir("b").name) == (Heir("a"), "B")
    assert Heir("a") != Parent("A")
    assert Parent("a") == Parent("a")
    assert hash(Parent("a")) == hash(Parent("a"))
    late = Parent.__new__(Parent)
    make(late, "c")
    assert late == Parent("c")


def test_it_has_its_signature_before_any_instance() -> None:
    @dataclass(frozen=True)
    class New:
        """A text, so that Python itself does not look at the signature."""

        name: str
        size: int = 1

    assert str(inspect.signature(New)) == "(name: 'str', size: 'int' = 1) -> None"
    assert typing.get_type_hints(New.__init__) == {"name": str, "size": int, "return": type(None)}
    assert New.__init__.__qualname__.endswith("<locals>.New.__init__")
    assert New.__doc__ is not None
    assert New.__doc__.startswith("A text")


def test_wrong_arguments_are_named() -> None:
    @dataclass(frozen=True, slots=True)
    class New:
        name: str

    for _ in "12":
        with pytest.raises(TypeError, match=r"New.__init__\(\) missing .* argument: 'name'$"):
            New()  # type: ignore[call-arg]


def test_those_with_an_order_have_it() -> None:
    @dataclass(order=True)
    class Ordered:
        size: int

    assert Ordered(1) < Ordered(2) <= Ordered(2)
    assert sorted([Ordered(2), Ordered(1)]) == [Ordered(1), Ordered(2)]
    assert (Ordered(2) > Ordered(1), Ordered(1) >= Ordered(2)) == (True, False)
    with pytest.raises(TypeError, match="unhashable type"):
        hash(Ordered(1))


def test_python_3_13_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has functions of the same names, which do something else."""
    before = dict(vars(dataclasses))
    monkeypatch.setattr(sys, "version_info", (3, 13, 0, "final", 0))
    share_methods()
    assert dict(vars(dataclasses)) == before


def test_pythons_own_behave_alike() -> None:
    """The same tests, with what Python makes itself."""
    program = (
        "import bonkei.base.frozen, dataclasses, importlib, sys\n"
        "own = importlib.reload(dataclasses)\n"
        "assert own._frozen_get_del_attr.__module__ == 'dataclasses'\n"
        "import pytest\n"
        "chosen = 'not own and not share and not compiled and not left'\n"
        f"sys.exit(pytest.main(['-qq', '-p', 'no:cacheprovider', '-k', chosen, {__file__!r}]))\n"
    )
    if sys.version_info < (3, 13):
        subprocess.run([sys.executable, "-c", program], check=True, timeout=120)


def test_a_mistaken_order_of_fields_shows_when_the_class_is_made() -> None:
    with pytest.raises(TypeError, match=r"non-default argument '?last'? follows"):

        @dataclass(frozen=True)
        class Wrong(Open):
            size: int = 0
            own: str = field(init=False)
            last: str  # type: ignore[misc]

    @dataclass(frozen=True)
    class Right(Open):
        size: int = 0
        own: str = field(init=False)
        last: str = field(kw_only=True)

    assert Right("a", last="z").size == 0
