"""The mirror, the fingerprint, and readers of plans and diagnostics."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bonkei.definitions.terraform.errors import Diagnostic, read_diagnostic, unexplained
from bonkei.definitions.terraform.explanations.constraints import allows
from bonkei.definitions.terraform.inputs.fingerprint import digest_of_inputs, fingerprint
from bonkei.definitions.terraform.inputs.mirror import OVERRIDE, Mirror
from bonkei.definitions.terraform.reports.changes import (
    ApplySummary,
    Change,
    OutputChange,
    PlanSummary,
    read_plan,
)
from bonkei.definitions.terraform.reports.difference import Difference
from bonkei.definitions.terraform.reports.messages import Listener

BACKEND = {"http": {}}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("infra/main.tf", "infra/modules/a/main.tf", "program/app.py", "bonkei.toml"):
        file = tmp_path / "project" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return tmp_path / "project"


@pytest.fixture
def mirror(root: Path) -> Mirror:
    home = root / ".bonkei"
    made = Mirror(root / "infra", home / "mirror", home=home)
    made.make()
    made.refresh(BACKEND)
    return made


def test_a_mirror_has_the_files_of_the_definitions(root: Path, mirror: Mirror) -> None:
    assert (mirror.path / "main.tf").read_text() == "infra/main.tf"
    assert (mirror.path / "modules/a/main.tf").read_text() == "infra/modules/a/main.tf"
    assert (mirror.path / "modules/a/../../../program/app.py").read_text() == "program/app.py"
    assert mirror.locate("modules/a/main.tf") == root / "infra/modules/a/main.tf"


def test_a_mirror_has_its_own_backend(mirror: Mirror) -> None:
    override = json.loads((mirror.path / OVERRIDE).read_text())
    assert override == {"terraform": {"backend": BACKEND}}


def test_a_mirror_follows_the_definitions(root: Path, mirror: Mirror) -> None:
    (root / "infra/main.tf").unlink()
    (root / "infra/new.tf").write_text("new")
    (root / "infra/modules/a/main.tf").unlink()
    (root / "infra/modules/a").rmdir()
    (root / "infra/modules").rmdir()
    mirror.refresh(BACKEND)
    assert {entry.name for entry in mirror.path.iterdir()} == {"new.tf", OVERRIDE}


def test_files_written_into_a_mirror_stay(root: Path, mirror: Mirror) -> None:
    written = mirror.path / "modules/a/function.zip"
    written.write_bytes(b"zip")
    built = mirror.path / "build/other.zip"
    built.parent.mkdir()
    built.write_bytes(b"zip")
    mirror.refresh(BACKEND)
    assert (written.read_bytes(), built.read_bytes()) == (b"zip", b"zip")
    assert not (root / "infra/modules/a/function.zip").exists()
    (root / "infra/modules/a/function.zip").write_bytes(b"theirs")
    mirror.refresh(BACKEND)
    assert written.read_bytes() == b"theirs"


def test_a_link_in_the_definitions_stays_a_link(root: Path, mirror: Mirror) -> None:
    """A link to its own folder would have no end."""
    (root / "infra/docs").symlink_to(".")
    (root / "infra/gone").symlink_to("nowhere")
    mirror.refresh(BACKEND)
    mirror.refresh(BACKEND)
    assert (mirror.path / "docs").is_symlink()
    assert (mirror.path / "docs/main.tf").read_text() == "infra/main.tf"
    assert not (mirror.path / "gone").is_symlink()
    (root / "infra/docs").unlink()
    mirror.refresh(BACKEND)
    assert not (mirror.path / "docs").exists()


def test_terraforms_own_files_are_not_mirrored(root: Path, mirror: Mirror) -> None:
    for name in (".terraform.lock.hcl", "terraform.tfstate", "terraform.tfstate.backup"):
        (root / "infra" / name).write_text("{}")
    mirror.refresh(BACKEND)
    assert {entry.name for entry in mirror.path.iterdir()} == {"main.tf", "modules", OVERRIDE}


def test_a_fingerprint_depends_on_every_input(root: Path) -> None:
    variables = root / "dev.tfvars"
    variables.write_text("a = 1")
    source = "${path.module}/../../../program"
    (root / "infra/modules/a/main.tf").write_text(f'x = "{source}"')

    def now(environment: dict[str, str] | None = None, made_by: str = "1") -> str:
        inputs = digest_of_inputs(root / "infra", [variables], environment or {})
        return fingerprint(inputs, made_by)

    seen = [now()]
    assert now() == seen[0]
    assert now({"HOME": "/h"}) == seen[0]
    (root / "unrelated").write_text("x")
    assert now() == seen[0]
    (root / "infra/main.tf").write_text("changed")
    seen.append(now())
    variables.write_text("a = 2")
    seen.append(now())
    (root / "program/app.py").write_text("changed")
    seen.append(now())
    (root / "infra/modules/a/new.tf").write_text("")
    seen.append(now())
    seen += [now({"TF_VAR_a": "3"}), now(made_by="2")]
    assert len(set(seen)) == len(seen)


def entry(actions: list[str], **more: Any) -> dict[str, Any]:
    change = {"actions": actions, "before": None, "after": None, "after_unknown": {}}
    fields = {name: more.pop(name) for name in tuple(more) if name in (*change, "replace_paths")}
    return {"address": "a.b", "mode": "managed", "change": {**change, **fields}, **more}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (entry(["no-op"]), None),
        (entry(["read"], mode="data"), None),
        (
            entry(["update"], before={"x": 1, "y": 2}, after={"x": 1, "y": 3}),
            Change("a.b", "update", (Difference("y", 2, 3),)),
        ),
        (
            entry(["update"], before={"x": 1}, after={}, after_unknown={"x": True}),
            Change("a.b", "update", (Difference("x", 1, unknown=True),)),
        ),
        (
            entry(
                ["delete", "create"],
                before={"x": [1]},
                after={"x": [2]},
                replace_paths=[["x", 0, "k"]],
            ),
            Change("a.b", "replace", (Difference("x", [1], [2]),), ("x[0].k",)),
        ),
        (
            entry(["no-op"], before={}, after={}, previous_address="a.old"),
            Change("a.b", "move", (), (), "a.old"),
        ),
    ],
)
def test_a_plan_is_read(given: dict[str, Any], expected: Change | None) -> None:
    changes = read_plan({"resource_changes": [given]}).changes
    assert changes == ((expected,) if expected else ())


def test_a_plan_shows_imports() -> None:
    entries = [
        {
            "address": f"aws_vpc.{actions[0]}",
            "mode": "managed",
            "change": {
                "actions": actions,
                "before": {"a": 1},
                "after": {"a": 1},
                "importing": {"id": "vpc-1"},
            },
        }
        for actions in (["no-op"], ["update"])
    ]
    plan = read_plan({"resource_changes": entries})
    assert [change.action for change in plan.changes] == ["import", "update"]
    assert not plan.is_empty
    assert plan.render().splitlines() == [
        "= aws_vpc.no-op",
        "~ aws_vpc.update (imported)",
        "",
        "1 to import, 1 to change",
    ]
    assert ApplySummary(imported=2).render() == "2 imported"


def test_a_plan_is_printed() -> None:
    plan = PlanSummary(
        (
            Change("a.new", "create"),
            Change(
                "a.b",
                "update",
                (
                    Difference("x", 1, 2),
                    Difference("y", sensitive=True),
                    Difference("arn", "a", unknown=True),
                ),
            ),
            Change(
                "a.c",
                "replace",
                (Difference("id", "i", unknown=True), Difference("z", 1, 2)),
                ("z",),
            ),
            Change("a.d", "update", tuple(Difference(f"t{n}", n, n + 1) for n in range(20))),
        ),
        (OutputChange("url", "update"),),
    )
    assert plan.render().splitlines() == [
        "+ a.new",
        "~ a.b",
        "    x: 1 → 2",
        "    y: (sensitive)",
        '    arn: "a" → (known after apply)',
        "± a.c: z cannot be changed in place",
        "    z: 1 → 2",
        "~ a.d",
        *[f"    t{n}: {n} → {n + 1}" for n in range(12)],
        "    … and 8 more",
        "~ output url",
        "",
        "1 to add, 2 to change, 1 to replace",
    ]
    assert json.loads(json.dumps(plan.as_dict()))["outputs"] == ["url"]
    assert plan.as_dict()["compared_with"] == "the state of the last apply"
    assert ApplySummary(1, 0, 2).render() == "1 added, 2 removed"


def test_an_output_of_a_plan_is_printed_with_what_happens_to_it() -> None:
    actions = {"url": ["update"], "new": ["create"], "gone": ["delete"], "same": ["no-op"]}
    plan = read_plan(
        {"output_changes": {name: {"actions": each} for name, each in actions.items()}}
    )
    assert plan.render().splitlines() == ["- output gone", "+ output new", "~ output url"]
    assert plan.as_dict()["outputs"] == ["gone", "new", "url"]


def test_a_diagnostic_is_printed(tmp_path: Path) -> None:
    document = {
        "severity": "error",
        "summary": "Wrong",
        "detail": "Two\nlines.",
        "range": {"filename": "main.tf", "start": {"line": 7}},
        "snippet": {
            "context": 'resource "a" "b"',
            "code": "  x = 1",
            "values": [{"traversal": "var.x", "statement": "is 1"}],
        },
    }
    diagnostic = read_diagnostic(document, lambda name: tmp_path / name)
    assert diagnostic == Diagnostic(
        "error",
        "Wrong",
        "Two\nlines.",
        tmp_path / "main.tf",
        7,
        'resource "a" "b"',
        "  x = 1",
        ("var.x is 1",),
    )
    assert diagnostic.render().splitlines() == [
        "Error: Wrong",
        f'  on {tmp_path}/main.tf line 7, in resource "a" "b":',
        "     7:   x = 1",
        "        var.x is 1",
        "",
        "  Two",
        "  lines.",
    ]


def test_output_that_is_not_json_is_skipped() -> None:
    listener = Listener(Path)
    listener("Terraform wonders\n")
    listener(json.dumps({"type": "change_summary", "changes": {"add": 3}}))
    assert listener.applied() == ApplySummary(3)


@pytest.mark.parametrize(
    ("constraint", "allowed"),
    [
        ("~> 6.0", True),
        ("~> 6.69.0", True),
        ("~> 6.70", False),
        ("~> 5.0", False),
        ("~> 6.69.2", False),
        (">= 5.40", True),
        (">= 5.40, < 6.0.0", False),
        ("6.69.1", True),
        ("= 6.69", False),
        ("!= 6.69.1", False),
        ("> 6.69.1", False),
        ("<= 6.69.1, >=6", True),
        ("~> 6", True),
    ],
)
def test_a_version_constraint(constraint: str, allowed: bool) -> None:
    assert allows(constraint, "6.69.1") is allowed


def test_a_crash_is_reported_in_a_line_and_other_output_unchanged() -> None:
    said = "!!! TERRAFORM CRASH !!!\n\nPlease report\n\npanic: nil map\ngoroutine 1 [running]:\n"
    error = unexplained(said, "init")
    assert error.message == "Terraform itself crashed on these definitions (nil map)"
    assert "bonkei fmt --check" in error.remedy
    assert unexplained("no disk", "init").message == "no disk"
    assert "terraform init failed" in unexplained("", "init").message
