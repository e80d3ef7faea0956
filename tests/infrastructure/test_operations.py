"""The names in docs/operations/ exist: variables, outputs, parameters, alarms, resources.

The pages describe an environment called statuspage-production, which is one of the examples.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from functools import cache

import botocore.session
import pytest
from botocore import xform_name
from botocore.loaders import Loader
from documents import Document
from evaluations import INFRASTRUCTURE, ROOT, Evaluation
from stack import PRODUCTION, Stack, template

OPERATIONS = ROOT / "docs" / "operations"
PAGES = [Document.read(file) for file in sorted(OPERATIONS.glob("*.md"))]
ENGLISH = [page for page in PAGES if not page.file.name.endswith(".ja.md")]
ALARMS = [page for page in PAGES if page.file.name.startswith("alarms.")]

STACK = Stack(PRODUCTION)

# These exist only because, or while, a user follows a page.
MADE_BY_HAND = re.compile(
    r"statuspage-production-(tf-pipeline|tf-github|database-(restored|broken)(-.+)?)"
)


# Services that the AWS CLI names differently from their models.
_SERVICES = {"s3api": "s3"}


def in_(page: Document) -> str:
    return page.file.name


each_page = pytest.mark.parametrize("page", PAGES, ids=in_)


def all_code(page: Document) -> str:
    return "\n".join([*page.code(), *page.commands()])


@each_page
def test_a_named_variable_is_declared(page: Document) -> None:
    declared = declared_variables()
    named = {name for block in page.blocks("hcl") for name in assigned(block)}
    named |= {
        (variable, key)
        for code in page.code()
        for variable, key in re.findall(r"^(\w+)\.(\w+)$", code)
        if variable in declared
    }
    assert [n for n in sorted(named) if n[0] not in declared or n[1] not in declared[n[0]]] == []


@pytest.mark.parametrize("page", ALARMS, ids=in_)
def test_every_alarm_has_its_section(
    production: Evaluation, development: Evaluation, otherwise: Evaluation, page: Document
) -> None:
    told = [name for _, words in page.headings() for name in re.findall(r"`([^`]+)`", words)]
    assert sorted(told) == sorted(names_of_alarms(production) | names_of_alarms(otherwise))
    counted = {"backend-tasks", "frontend-tasks"}  # by Container Insights
    assert names_of_alarms(production) - counted == names_of_alarms(development)
    chosen = {"backup-failed", "canary", "certificate-expiry", "copy-failed", "guardduty"}
    assert names_of_alarms(otherwise) - names_of_alarms(production) == chosen


@pytest.mark.parametrize("page", ALARMS, ids=in_)
def test_an_alarm_links_its_section(
    production: Evaluation, otherwise: Evaluation, page: Document
) -> None:
    """By GitHub's anchor of a heading: in lower case, without marks, spaces as hyphens."""
    sections = {
        re.sub(r"[^\w -]", "", words).lower().replace(" ", "-"): words
        for _, words in page.headings()
    }
    for alarm in (*otherwise.blueprint.alarms, *otherwise.blueprint.composite_alarms):
        url, _, section = alarm.description.rpartition(" ")[2].partition("#")
        assert url == "https://git.example.com/ops/alarms.md", alarm.name
        name = re.sub(r"-\d+-", "-N-", alarm.name.removeprefix("statuspage-production-"))
        assert f"`{name}`" in sections[section]
    assert not any("http" in alarm.description for alarm in production.blueprint.alarms)


@pytest.mark.parametrize("page", ENGLISH, ids=in_)
def test_a_named_output_exists(production: Evaluation, page: Document) -> None:
    outputs = set(re.findall(r"Terraform's\s+output\s+`(\w+)`", page.prose))
    of_stack = set(re.findall(r"stack's\s+output\s+`(\w+)`", page.prose))
    assert outputs <= production.outputs.keys()
    assert of_stack <= STACK.outputs.keys()


def test_the_backends_outputs_exist(terraform_backend: Evaluation) -> None:
    (page,) = [page for page in ENGLISH if page.file.name == "without-the-pipeline.md"]
    named = set(re.findall(r"output\s+`(\w+)`", page.prose))
    assert named == {"init_command", "lock_table_name"}
    assert named <= terraform_backend.outputs.keys()
    (init,) = [line for line in page.commands() if "output -raw" in line]
    assert "output -raw init_command" in init


@each_page
def test_a_named_parameter_of_the_stack_is_declared(page: Document) -> None:
    given = [line for line in page.commands() if "--parameter-overrides" in line]
    if page.file.name.startswith("github."):
        assert all("environment/github.yaml" in line for line in given)
        declared = template(ROOT / "environment" / "github.yaml")["Parameters"]
    else:
        declared = STACK.declared
    names = set(re.findall(r"(\w+)=", " ".join(line.split("--parameter")[1] for line in given)))
    names |= {
        code for code in page.code() if re.fullmatch(r"(Connection|Approval|CodeCommit)\w+", code)
    }
    assert names <= declared.keys()


@each_page
def test_a_named_resource_exists(production: Evaluation, page: Document) -> None:
    there = strings(production.state) | strings(STACK.resources) | strings(STACK.outputs)
    pattern = r"(?:alias/|(?<!\w)/[a-z/]*)?(?:aws-waf-logs-)?statuspage-production[\w/-]*"
    named = {found.rstrip("/") for found in re.findall(pattern, all_code(page))}
    prefixes = {name for name in named if not any(name in text for text in there)}
    assert [name for name in sorted(prefixes) if not MADE_BY_HAND.search(name)] == []


@each_page
def test_the_tools_versions_are_the_definitions_own(page: Document) -> None:
    code = all_code(page)
    terraform = set(re.findall(r"terraform[_/](\d+\.\d+\.\d+)", code))
    trivy = set(re.findall(r"trivy_(\d+\.\d+\.\d+)|trivy +=.*\"(\d+\.\d+\.\d+)\"", code))
    assert terraform <= {STACK.declared["TerraformVersion"]["Default"]}
    assert {a or b for a, b in trivy} <= {STACK.declared["TrivyVersion"]["Default"]}


@pytest.mark.parametrize("page", ENGLISH, ids=in_)
def test_aws_accepts_the_commands(page: Document) -> None:
    refused = [(line, why) for line in aws_commands(page) if (why := trouble(line))]
    assert refused == []


@each_page
def test_each_command_names_the_region(page: Document) -> None:
    commands = [line for line in aws_commands(page) if line in "\n".join(page.commands())]
    assert [line for line in commands if "--region ap-northeast-1" not in line] == []


def test_the_set_up_repeats_no_value_of_the_stack() -> None:
    """The pipeline plans its own environment, whatever names the variables have."""
    example = (INFRASTRUCTURE / "terraform.tfvars.example").read_text(encoding="utf-8")
    said = r"(?m)^(service_name|environment_identifier|region)\b"
    assert re.findall(said, example) == []


@each_page
def test_the_variables_are_uploaded_where_the_pipeline_reads_them(page: Document) -> None:
    uploads = [line for line in page.commands() if line.startswith("aws s3 cp")]
    assert [line for line in uploads if STACK.outputs["TfvarsLocation"] not in line] == []
    if page.file.name.startswith("updating."):
        assert len(uploads) == 1


def names_of_alarms(evaluation: Evaluation) -> set[str]:
    """The name without the environment, and with N for the number of a database instance."""
    blueprint = evaluation.blueprint
    names = [alarm.name for alarm in (*blueprint.alarms, *blueprint.composite_alarms)]
    names += [rule.name for rule in blueprint.event_rules if rule.pattern]
    prefix = re.compile(r"^statuspage-(production|development)-")
    return {re.sub(r"-\d+-", "-N-", prefix.sub("", name)) for name in names}


def declared_variables() -> dict[str, set[str]]:
    """Each variable of the root module with its object's keys (and "" for the variable itself)."""
    text = (INFRASTRUCTURE / "variables.tf").read_text(encoding="utf-8")
    blocks = re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL)
    return {
        name: {"", *re.findall(r"^ +(\w+) += ", body.partition("validation")[0], re.MULTILINE)}
        for name, body in blocks
    } | {"scaling": {"min_capacity", "max_capacity"}}


def assigned(block: str) -> Iterator[tuple[str, str]]:
    """Variables and keys that a block of HCL assigns. The key's variable is the first name on
    the line.
    """
    for line in block.splitlines():
        names = re.findall(r"(\w+) *= ", re.sub(r'"[^"]*"|#.*', "", line))
        yield from ((names[0], key) for key in ["", *names[1:]])


def strings(value: object) -> set[str]:
    """Every text in a value, at any depth."""
    if isinstance(value, dict):
        return {found for item in value.values() for found in strings(item)}
    if isinstance(value, list):
        return {found for item in value for found in strings(item)}
    return {value} if isinstance(value, str) else set()


def aws_commands(page: Document) -> Iterator[str]:
    """Of `a && b | aws …`, the call of `aws`."""
    for line in page.commands():
        for part in re.split(r"&&|\|", line):
            if part.strip().startswith("aws "):
                yield part.strip()
    for code in page.code():
        if code.startswith("aws "):
            yield code


@cache
def models() -> Loader:
    """It keeps each service's model that it has read."""
    loader: Loader = botocore.session.get_session().get_component("data_loader")
    return loader


def trouble(line: str) -> str:
    """The reason why the AWS CLI would refuse a command; empty when its service, operation and
    options exist. Commands that the CLI adds to the services' own are skipped.
    """
    _, service, operation, *words = shlex.split(line)
    if service == "s3" or (service, operation) == ("cloudformation", "deploy"):
        return ""
    loader = models()
    if operation == "wait":
        waiters = json.dumps(loader.load_service_model(service, "waiters-2")["waiters"])
        named = {xform_name(name, "-") for name in json.loads(waiters)}
        return "" if words[0] in named else f"no waiter {words[0]}"
    model = loader.load_service_model(_SERVICES.get(service, service), "service-2")
    operations = {xform_name(name, "-"): found for name, found in model["operations"].items()}
    if operation not in operations:
        return f"no operation {operation}"
    shape = model["shapes"][operations[operation]["input"]["shape"]]
    members = {xform_name(name, "-") for name in shape["members"]} | {
        "query",
        "output",
        "profile",
        "region",
    }
    given = {word.removeprefix("--") for word in words if word.startswith("--")}
    wrong = {name for name in given if name.removeprefix("no-") not in members}
    required = {xform_name(name, "-") for name in shape.get("required", ())}
    missing = required - given if given else set()
    return f"{sorted(wrong)} unknown, {sorted(missing)} missing" if wrong or missing else ""
