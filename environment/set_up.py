"""The set-up on AWS: `python3 environment/set_up.py`, with the account's administrator's keys.

It needs Python, the AWS CLI, git, Terraform, gpg and cosign, and nothing of the miniature. It asks
what only a person knows, and then brings about, in this order, whatever is not there yet:

1. what AWS has to allow first (preflight.py), with the service-linked roles;
2. the lock file of Terraform's providers, and the source in CodeCommit;
3. the Terraform pipeline's stack, with the tools' digests (digests.py);
4. the variables, and the first release of the infrastructure;
5. once that has made its secret: Slack's webhook.

Each call is shown before it runs (calls.py), and `--dry-run` only reads. Run it again whenever it
was interrupted, and after the first release: answers are kept in environment/answers.json, which
holds no secret, and what is there is left as it is.
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import digests
from calls import Calls, SetUpError
from preflight import preflight, zones

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "environment" / "terraform_pipeline.yaml"
LOCK = "infrastructure/.terraform.lock.hcl"
VARIABLES = ROOT / "infrastructure" / "terraform.tfvars"
PLATFORMS = ("linux_arm64", "linux_amd64", "darwin_arm64")
_WORD = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"


@dataclass(frozen=True, slots=True)
class Question:
    """`default`: None where there must be an answer. `pattern`: of a whole answer."""

    key: str
    text: str
    default: str | None = ""
    pattern: str = ".*"

    @property
    def flag(self) -> str:
        return f"--{self.key.replace('_', '-')}"


QUESTIONS = (
    Question("service_name", "The service's name, the first part of every name", None, _WORD),
    Question("environment", "The environment's name, the second part", "production", _WORD),
    Question("region", "The region", "ap-northeast-1", r"[a-z]{2}(-[a-z]+)+-[0-9]"),
    Question("connection_arn", "A CodeConnections connection (empty: CodeCommit)", "", "|arn:.+"),
    Question("repository", "The repository: of CodeCommit, or owner/name", None, r"[\w./-]+"),
    Question("branch", "Its branch", "main", r"\S+"),
    Question("email", "E-mail addresses for when the way to Slack fails (a,b)", None, r"\S+@\S+"),
    Question("domain", "The site's domain in Route 53 (empty: none, for a trial)", "", r"[\w.-]*"),
    Question("hosted_zone_id", "The hosted zone's id (empty without a domain)", "", "|Z[A-Z0-9]+"),
    Question("operators", "Identity Center's permission set of operators (empty: none)"),
    Question("approvers", "The one of approvers, other people (empty: none)"),
)


def main(words: Sequence[str]) -> None:
    """Set up, or go on where an earlier run has ended."""
    options = _options(words)
    answers = _answers(options)
    calls = Calls(answers["region"], dry=options.dry_run)
    name = f"{answers['service_name']}-{answers['environment']}"
    is_connected = bool(answers["connection_arn"])
    source = {"connection" if is_connected else "repository": answers["connection_arn"] or "here"}
    who = calls.look("sts", "get-caller-identity", "--query", "Arn")
    if not who:
        raise SetUpError(f"sign in first (aws configure, or aws sso login): {who.trouble}")
    print(f"As {who.found}. What the account has:")
    rows = list(preflight(calls, name, source))
    print(*rows, sep="\n")
    if any(row.blocks and row.answer is False for row in rows):
        raise SetUpError("the answers no above stand in the way; nothing has been changed")
    if not (options.yes or options.dry_run) and input("Go on? [y/N] ").lower() != "y":
        raise SetUpError("nothing has been changed")
    for row in rows:
        if row.makes and row.answer is False:
            calls.do("iam", "create-service-linked-role", "--aws-service-name", row.makes)
    lock(calls)
    if not is_connected:
        push(calls, answers)
    stack(calls, name, answers, options)
    release(calls, name, has_variables=variables(calls, name, answers, options.trivy_sha256))
    webhook(calls, name, options.slack_webhook_file)


def lock(calls: Calls) -> None:
    """So that every plan takes the providers that were reviewed."""
    if calls.ask("git", "-C", str(ROOT), "ls-files", "--error-unmatch", LOCK):
        print(f"  {LOCK} is there")
        return
    terraform = ("terraform", f"-chdir={ROOT / 'infrastructure'}")
    try:
        calls.run(*terraform, "get")
        calls.run(*terraform, "providers", "lock", *(f"-platform={each}" for each in PLATFORMS))
    except SetUpError as error:
        raise SetUpError(
            f"{error}. If registry.terraform.io cannot be reached from here, run both commands "
            "where it can, or the second with -net-mirror=URL, and commit the file"
        ) from error
    calls.run("git", "-C", str(ROOT), "add", "--force", LOCK)
    calls.run("git", "-C", str(ROOT), "commit", "--quiet", "-m", "Lock the providers", "--", LOCK)


def push(calls: Calls, answers: Mapping[str, str]) -> None:
    """The commit that is checked out here, to CodeCommit."""
    repository, branch, region = answers["repository"], answers["branch"], answers["region"]
    if not calls.look("codecommit", "get-repository", "--repository-name", repository):
        calls.do("codecommit", "create-repository", "--repository-name", repository)
    there = calls.look(
        "codecommit", "get-branch", "--repository-name", repository, "--branch-name", branch,
        "--query", "branch.commitId",
    )  # fmt: skip
    if there and there.found == calls.ask("git", "-C", str(ROOT), "rev-parse", "HEAD").found:
        print(f"  {branch} of {repository} is this commit")
        return
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")  # of a miniature
    host = endpoint or f"https://git-codecommit.{region}.amazonaws.com"
    helper = f"aws --region {region} codecommit credential-helper"
    if endpoint:  # the helper knows AWS's hosts; of its operations, `get` alone takes the option
        helper = f'f() {{ test "$1" != get || {helper} get --ignore-host-check; }}; f'
    calls.run(
        "git", "-C", str(ROOT), "-c", "credential.helper=",
        "-c", f"credential.helper=!{helper} $@",
        "-c", "credential.UseHttpPath=true",
        "push", f"{host}/v1/repos/{repository}", f"HEAD:{branch}",
    )  # fmt: skip


def stack(calls: Calls, name: str, answers: Mapping[str, str], options: argparse.Namespace) -> None:
    """The Terraform pipeline. Without a change of its parameters and template nothing happens."""
    given = {
        "ServiceName": answers["service_name"],
        "EnvironmentIdentifier": answers["environment"],
        "IdentityCenterPermissionSet": answers["operators"],
        "ApproverPermissionSet": answers["approvers"],
    }
    if answers["connection_arn"]:
        given["ConnectionArn"] = answers["connection_arn"]
        given["ConnectionRepositoryId"] = answers["repository"]
        given["ConnectionBranchName"] = answers["branch"]
    else:
        given["CodeCommitRepositoryName"] = answers["repository"]
        given["CodeCommitBranchName"] = answers["branch"]
    there = calls.look(
        "cloudformation", "describe-stacks", "--stack-name", f"{name}-tf-pipeline",
        "--query", "Stacks[0].Parameters[?ends_with(ParameterKey, 'Sha256')].ParameterValue",
    )  # fmt: skip
    if there and there.found:
        print(f"  the stack has the tools' digests {', '.join(there.found)}")
    else:
        given["TerraformSha256"] = options.terraform_sha256 or digests.terraform(
            _default("Terraform")
        )
        given["TrivySha256"] = options.trivy_sha256 = options.trivy_sha256 or digests.trivy(
            _default("Trivy")
        )
    calls.do(
        "cloudformation", "deploy", "--stack-name", f"{name}-tf-pipeline",
        "--template-file", str(TEMPLATE), "--capabilities", "CAPABILITY_NAMED_IAM",
        "--no-fail-on-empty-changeset",
        "--parameter-overrides", *(f"{key}={value}" for key, value in given.items()),
    )  # fmt: skip


def variables(calls: Calls, name: str, answers: Mapping[str, str], trivy: str) -> bool:
    """Write the first file of variables, and upload it. False: there was one before."""
    bucket = f"{name}-tf-pipeline-tfvars"
    key = f"{answers['service_name']}/{answers['environment']}/terraform.tfvars"
    if calls.look("s3api", "head-object", "--bucket", bucket, "--key", key):
        print(f"  s3://{bucket}/{key} is there")
        return False
    if not VARIABLES.exists():
        trivy = trivy or digests.trivy(_default("Trivy"))
        some = zones(calls)[:2] or [f"{answers['region']}{zone}" for zone in "ac"]
        text = first_variables(answers, some, trivy)
        print(f"{'would write' if calls.dry else 'writes'} {VARIABLES}:\n{text}")
        if not calls.dry:
            VARIABLES.write_text(text, encoding="utf-8")
    calls.do("s3", "cp", str(VARIABLES), f"s3://{bucket}/{key}")
    return True


def first_variables(answers: Mapping[str, str], zones: Sequence[str], trivy: str) -> str:
    """The example, with the answers in it."""
    text = (ROOT / "infrastructure" / "terraform.tfvars.example").read_text(encoding="utf-8")
    repository = {"codecommit_repository_name": answers["repository"]}
    if answers["connection_arn"]:
        names = ("connection_arn", "repository_id")
        repository = dict(
            zip(names, (answers["connection_arn"], answers["repository"]), strict=True)
        )
    given = {
        "availability_zones": json.dumps(list(zones)),
        "source_repository": _object({**repository, "branch": answers["branch"]}),
        "trivy": _object({"version": _default("Trivy"), "sha256": trivy}),
        "fallback_emails": json.dumps(answers["email"].split(",")),
    }
    if answers["domain"]:
        site = {"name": answers["domain"], "hosted_zone_id": answers["hosted_zone_id"]}
        given["domain"] = _object(site)
    if answers["operators"]:
        given["operators"] = f'{{ identity_center_permission_sets = ["{answers["operators"]}"] }}'
    for name, value in given.items():
        line = f"{name} = {value}"
        text, found = re.subn(rf"(?m)^(# )?{name} += .*$", lambda _, line=line: line, text, count=1)
        text += "" if found else f"\n{line}\n"
    return text


def release(calls: Calls, name: str, *, has_variables: bool) -> None:
    """Start the Terraform pipeline, unless it has run with the variables or does now."""
    pipeline = f"{name}-pipeline-tf"
    runs = calls.look(
        "codepipeline", "list-pipeline-executions", "--pipeline-name", pipeline,
        "--query", "pipelineExecutionSummaries[].[status,pipelineExecutionId]",
    )  # fmt: skip
    for status, run in runs.found or () if runs else ():
        if not has_variables and status in ("Succeeded", "InProgress"):
            print(f"  {pipeline}: {status}")
            return
        if status == "InProgress":  # a new pipeline runs at once
            _stop(calls, pipeline, run)
    calls.do("codepipeline", "start-pipeline-execution", "--name", pipeline)
    print("  The approver reads its plan, and approves it (docs/operations/set-up.md).")


def _stop(calls: Calls, pipeline: str, run: str) -> None:
    """Stop a run that has begun before its variables were there. It may end by itself meanwhile."""
    named = ("--pipeline-name", pipeline, "--pipeline-execution-id", run)
    why = "It has begun before its variables were there"
    try:
        calls.do("codepipeline", "stop-pipeline-execution", *named, "--abandon", "--reason", why)
    except SetUpError:
        query = ("--query", "pipelineExecution.status")
        found = calls.look("codepipeline", "get-pipeline-execution", *named, *query)
        if not found or found.found == "InProgress":
            raise


def webhook(calls: Calls, name: str, file: Path | None) -> None:
    """Neither Terraform nor a command line gets it."""
    secret = f"{name}/slack-webhook"
    described = calls.look(
        "secretsmanager", "describe-secret", "--secret-id", secret,
        "--query", "VersionIdsToStages",
    )  # fmt: skip
    if not described:
        print("  Slack's webhook has no secret yet: run this again after the first release.")
        return
    if described.found and file is None:
        print("  Slack's webhook is there; --slack-webhook-file puts in another one")
        return
    url = file.read_text(encoding="utf-8").strip() if file else ""
    if not url and sys.stdin.isatty():
        url = getpass.getpass("Slack's webhook (not shown; empty: later): ").strip()
    if url:
        calls.do(
            "secretsmanager", "put-secret-value", "--secret-id", secret,
            "--secret-string", "file:///dev/stdin", typed=url,
        )  # fmt: skip


def _object(values: Mapping[str, str]) -> str:
    return f"{{ {', '.join(f'{key} = {json.dumps(value)}' for key, value in values.items())} }}"


def _default(tool: str) -> str:
    """The version in the template."""
    found = re.search(
        rf"(?s)\n  {tool}Version:.*?\n    Default: (\S+)", TEMPLATE.read_text(encoding="utf-8")
    )
    if found is None:
        raise SetUpError(f"{TEMPLATE.name} has no default for {tool}Version")
    return found[1]


def _options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for each in QUESTIONS:
        parser.add_argument(each.flag, metavar="TEXT", help=each.text)
    for tool in ("terraform", "trivy"):
        parser.add_argument(f"--{tool}-sha256", default="", help="a digest that you have checked")
    parser.add_argument("--slack-webhook-file", type=Path, help="a file with the webhook's URL")
    answers = ROOT / "environment" / "answers.json"
    parser.add_argument("--answers", type=Path, default=answers, help="where answers are kept")
    parser.add_argument("--dry-run", action="store_true", help="only read")
    parser.add_argument("--yes", action="store_true", help="ask nothing: take the defaults")
    return parser.parse_args(words)


def _answers(options: argparse.Namespace) -> dict[str, str]:
    """From the flags, an earlier run, and the person. Each is kept at once."""
    kept = json.loads(options.answers.read_text("utf-8")) if options.answers.exists() else {}
    asks = sys.stdin.isatty() and not options.yes
    for each in QUESTIONS:
        given = getattr(options, each.key)
        value = given if given is not None else kept.get(each.key)
        while value is None or not re.fullmatch(each.pattern, value):
            if value is not None or not (asks or each.default is not None):
                shown = "is missing" if value is None else f"cannot be {value!r}"
                if not asks:
                    raise SetUpError(f"{each.flag} {shown}: {each.text}")
                print(f"  It {shown}.")
            prompt = f"{each.text}{f' [{each.default}]' if each.default else ''}: "
            value = (input(prompt).strip() if asks else "") or each.default
        kept[each.key] = value
        options.answers.write_text(json.dumps(kept, indent=2) + "\n", "utf-8")
    if len(f"{kept['service_name']}-{kept['environment']}") > 22:
        raise SetUpError("service_name and environment together may have 21 characters")
    if bool(kept["domain"]) != bool(kept["hosted_zone_id"]):
        raise SetUpError("a domain needs --hosted-zone-id, and a hosted zone --domain")
    return {each.key: kept[each.key] for each in QUESTIONS}


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except SetUpError as error:
        sys.exit(f"error: {error}")
    except (KeyboardInterrupt, EOFError):
        sys.exit("\ninterrupted; what is done stays, and the next run goes on from there")
