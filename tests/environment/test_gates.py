"""Each gate of both pipelines fails when it compares nothing.

Those of a release (Migrate, Deploy, Verify) are in `releases`: an empty list of services or images
or tasks, a container that is missing, an answer of another form.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aws_endpoint import running_endpoint
from buildspecs import BUILDSPECS, Outcome, read
from stages import REPORT, Stages, digest

NAMED = {"mode": "managed", "type": "aws_a", "address": "aws_a.b"}
PLAN = {"resource_changes": [{**NAMED, "change": {"actions": ["create"], "before": None}}]}
NOTHING = hashlib.sha256(b"").hexdigest()
PROGRAMS = {
    "tags": {"/app/backend/image-tag": "a"},
    "revisions": {},
    "images": {"app": ["app/backend:a"]},
    "changed": True,
}


def report(**changed: Any) -> str:
    return json.dumps(REPORT | changed)


def checks(*targets: str, number: int = 9) -> list[Any]:
    summary = {"Successes": number, "Failures": 0}
    return [{"Target": target, "MisconfSummary": summary} for target in targets]


def image(**system: Any) -> str:
    return report(Metadata={"OS": system} if system else {})


# For each gate: what is given instead of what is right, and what the log then says.
GATES: Mapping[str, Mapping[str, tuple[dict[str, str], str]]] = {
    "terraform_scan": {
        "right": ({}, ""),
        "a module is skipped": (
            {"REPORT": report(Results=checks("alone/one", "alone/two"))},
            "not scanned, although no finding was reported: alone/three",
        ),
        "no check is loaded": (
            {"REPORT": report(Results=checks("alone/one", "alone/two", "alone/three", number=0))},
            "not scanned",
        ),
        "a report of another form": ({"REPORT": '{"runs": []}'}, "not scanned"),
        "an empty report": ({"REPORT": ""}, "JSONDecodeError"),
        "a bucket without versions": ({"TFVARS_IN_BUCKET": "None"}, "keeps no versions"),
        "a bucket whose versions are suspended": ({"TFVARS_IN_BUCKET": "null"}, "no versions"),
        "no answer": ({"TFVARS_IN_BUCKET": ""}, "keeps no versions"),
    },
    "terraform_plan": {
        "right": ({}, ""),
        "a plan that names nothing": ({"SHOWN": "{}"}, "the plan names no resources"),
        "an empty list": ({"SHOWN": '{"resource_changes": []}'}, "the plan names no resources"),
        "another form": ({"SHOWN": '{"changes": [1]}'}, "the plan names no resources"),
        "no text": ({"SHOWN": ""}, "JSONDecodeError"),
        "a change that nothing knows": (
            {"SHOWN": json.dumps(PLAN).replace("create", "defer")},
            "aws_a.b: unknown actions ['defer']",
        ),
        "no plan": ({"WITHOUT": "tfplan"}, "tfplan"),
    },
    "terraform_apply": {
        "right": ({}, ""),
        "no digest was approved": ({"PLAN_SHA256": ""}, "no properly formatted"),
        "an empty list of digests": ({"LIST": "", "PLAN_SHA256": NOTHING}, "plan.sha256"),
        "a plan that is gone": ({"WITHOUT": "tfplan"}, "tfplan"),
        "nothing of the programs": ({"HANDED_ON": "{}"}, "TypeError"),
        "nothing of what is released": (
            {"HANDED_ON": json.dumps(PROGRAMS | {"tags": {}})},
            "no parameter */image-tag says what is released",
        ),
        "a parameter that is gone": ({"HANDED_ON": json.dumps(PROGRAMS)}, "image-tag is gone"),
    },
    "program_build": {
        "right": ({}, ""),
        "an unknown operating system": ({"REPORT": image()}, "no packages of its operating"),
        "no packages": ({"REPORT": report(Results=[])}, "system (debian 13.1)"),
        "a system without fixes": (
            {"REPORT": image(Family="debian", Name="8.1", EOSL=True)},
            "debian 8.1 gets no security fixes any more",
        ),
        "a report of another form": ({"REPORT": '{"runs": []}'}, "no packages"),
        "an empty report": ({"REPORT": ""}, "JSONDecodeError"),
        "a released image without fixes": (
            {"REPORT": image(Family="debian", Name="8.1", EOSL=True), "RESCAN": "true"}
            | {"PUSHED_BEFORE": "1"},
            "debian 8.1 gets no security fixes any more",
        ),
    },
}  # fmt: skip

CASES = [(gate, case) for gate, cases in GATES.items() for case in cases]

# `terraform show` shows SHOWN, and a plan has changes.
TERRAFORM = """\
case "$1" in
  plan) [ "$WITHOUT" = tfplan ] || echo plan >tfplan; exit 2 ;;
  show) echo "$SHOWN" ;;
esac
"""


@pytest.fixture
def stages(tmp_path: Path) -> Stages:
    found = Stages(tmp_path, terraform=TERRAFORM)
    found.machine.python()
    scripts = found.machine.source / "environment" / "buildspecs"
    scripts.mkdir()
    for script in BUILDSPECS.glob("*.py"):
        (scripts / script.name).write_text(script.read_text(encoding="utf-8"), encoding="utf-8")
    return found


@pytest.mark.parametrize(("gate", "case"), CASES, ids=[": ".join(each) for each in CASES])
def test_a_gate_fails_when_it_compares_nothing(stages: Stages, gate: str, case: str) -> None:
    given, said = GATES[gate][case]
    with running_endpoint() as endpoint:
        endpoint.answers = {"GetParameters": {"Parameters": []}}
        outcome = run(stages, gate, {**given, **endpoint.variables})
    assert bool(outcome.failed) == bool(said), outcome.output
    assert said in outcome.output
    if said:
        assert not outcome.called("docker", "push")
        assert not outcome.called("terraform", "apply")


def run(stages: Stages, gate: str, given: Mapping[str, str]) -> Outcome:
    """The gate, after what comes before it has made `given`."""
    programs = stages.plan / "programs.json"
    programs.write_text(given.get("HANDED_ON", json.dumps(PROGRAMS | {"changed": False})))
    listed = f"{digest(stages.plan / 'tfplan')}  tfplan\n"
    (stages.plan / "plan.sha256").write_text(given.get("LIST", listed))
    if given.get("WITHOUT") == "tfplan":
        (stages.plan / "tfplan").unlink()
    variables = {"SHOWN": json.dumps(PLAN), "WITHOUT": ""} | given
    return stages.machine.run(read(gate), stages.variables(**variables))
