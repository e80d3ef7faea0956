"""docs/operations, executed: from an account with nothing in it to a served page, an administrator
who has signed in, and the releases, rotations and people after that.

The whole of infrastructure/ and program/ goes through both pipelines with their own buildspecs.
`guide_replaced` lists what is not done as the pages say.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from guide_reader import PATIENCE, Reader
from guide_replaced import REPLACED, TYPED
from guides import Block, Command, deeds
from miniatures import ROOT, Project, copy_of_this_project, eventually, remove

from bonkei.vault import FileVault

PAGES = ("set-up", "updating", "rotating", "people")
OPERATIONS = ROOT / "docs" / "operations"
TERRAFORM = "statuspage-production-pipeline-tf"
PROGRAMS = "statuspage-production-pipeline-program"
NOTHING = Path(__file__).with_name("terraform_pipeline") / "empty"
# With BONKEI_GUIDE=whole every release of the pages is made: that takes another five minutes.
# Without it only the first ones are, of the infrastructure and of the programs.
WHOLE = os.environ.get("BONKEI_GUIDE") == "whole"
pytestmark = pytest.mark.timeout(2400)


def commands(page: str) -> list[Command]:
    return [each for each in deeds(OPERATIONS / page) if isinstance(each, Command)]


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_have_the_same_commands(page: str) -> None:
    english, japanese = deeds(OPERATIONS / f"{page}.md"), deeds(OPERATIONS / f"{page}.ja.md")

    def text(each: Command | Block) -> str:
        return each.text if isinstance(each, Command) else re.sub(r" *#.*", "", each.body)

    assert [text(each) for each in english] == [text(each) for each in japanese]


@pytest.mark.parametrize("each", REPLACED, ids=lambda each: each.pattern)
def test_what_is_replaced_is_in_the_guide_and_says_why(each) -> None:
    found = [c for page in PAGES for c in commands(f"{page}.md") if re.search(each.pattern, c.text)]
    assert found
    assert each.reason


class Guide:
    """Does what the pages say between their commands, too."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.summary = ""
        self.password = ""
        self.key = ""
        self.stages: list[tuple[str, float]] = []
        self._deeds: list[Command | Block] = []

    def follow(self, page: str) -> None:
        self.reader.cwd = self.reader.project.folder
        self._deeds = deeds(OPERATIONS / f"{page}.md")
        for number, each in enumerate(self._deeds):
            if isinstance(each, Block):
                if each.language == "ini":
                    self.reader.configure(each.body)
                continue
            after = [do for start, do in _AFTER.items() if re.search(start, each.text)]
            (do,) = after or [Guide._only]
            began = time.monotonic()
            do(self, each, number)
            self.stages.append((each.where, time.monotonic() - began))

    def _only(self, command: Command, _: int) -> None:
        self.reader.perform(command)

    # Between the commands of set-up.md.

    def _look_up(self, command: Command, _: int) -> None:
        digest, archive = self.reader.perform(command).split()
        name = archive.partition("_")[0]
        assert self.reader.digests[name] == digest
        self.reader.digests[name] = digest

    def _stack(self, command: Command, _: int) -> None:
        """The digests in place of the dots; in updating.md, a newer version. A new pipeline runs at
        once, and fails: there are no variables yet."""
        newer = TYPED["a newer version of Terraform"]
        text = re.sub(r"(TerraformVersion)=\S+", rf"\1={newer}", command.text)
        for name in ("terraform", "trivy"):
            text = text.replace("Sha256=...", f"Sha256={self.reader.digests[name]}", 1)
        self.reader.perform(Command(command.page, command.line, text))
        if command.page == "set-up.md":
            run = self._ended(TERRAFORM, self._runs(TERRAFORM)[-1]["pipelineExecutionId"])
            assert run["status"] == "Failed"
            failed = self._actions(TERRAFORM, run["pipelineExecutionId"])["tfsec"]
            assert failed["status"] == "Failed", "it fails in its tfsec stage"

    def _edit(self, command: Command, number: int) -> None:
        block = next(each for each in self._deeds[number:] if isinstance(each, Block))
        body = block.body.replace('"..."', f'"{self.reader.digests["trivy"]}"')
        self.reader.perform(command, THE_BLOCK=re.sub(r" *#.*", "", body))

    def _infrastructure(self, command: Command, _: int) -> None:
        """A release, read and approved. The first one makes the pipeline of the programs, which
        runs at once."""
        if command.page != "set-up.md" and not WHOLE:
            return
        run = json.loads(self.reader.perform(command))["pipelineExecutionId"]
        self._approve(run)
        assert self._ended(TERRAFORM, run)["status"] == "Succeeded", self._why(TERRAFORM, run)

    def _webhook(self, command: Command, _: int) -> None:
        """Slack's console shows an address: here it is the inbox's."""
        secrets = self.reader.client("secretsmanager")
        inbox = secrets.get_secret_value(SecretId="statuspage-production/slack-webhook")
        self.reader.perform(command, f"{inbox['SecretString']}\n")

    def _alarm(self, command: Command, _: int) -> None:
        self.reader.perform(command)
        eventually(lambda: self._is_in_slack("A test of the way to Slack"), "it is in Slack", 60)

    def _is_in_slack(self, text: str) -> bool:
        return text in self.reader.project.bonkei("slack").stdout

    def _programs(self, command: Command, _: int) -> None:
        """In set-up.md only if the pipeline's own first run has failed; then `bootstrap` is taken
        out. Later the release is of a newer commit."""
        if command.page == "set-up.md":
            run = self._ended(PROGRAMS, self._runs(PROGRAMS)[-1]["pipelineExecutionId"])
            assert run["status"] == "Succeeded", self._why(PROGRAMS, run["pipelineExecutionId"])
            if WHOLE:
                self._take_bootstrap_out()
            return
        if not WHOLE:
            return
        self._push(f"A change for {command.page}")
        self._release_programs(command)

    def _take_bootstrap_out(self) -> None:
        """ "Take bootstrap out of the variables, upload them and release the infrastructure once
        more": by the commands of updating.md, which are these."""
        edit, *_ = [c for c in commands("set-up.md") if "EDITOR" in c.text]
        before, self.reader.cwd = self.reader.cwd, self.reader.project.folder / "infrastructure"
        self.reader.perform(edit, WITHOUT="bootstrap")
        self.reader.cwd = self.reader.project.folder
        upload, release, *_ = commands("updating.md")
        self.reader.perform(upload)
        self._infrastructure(release, 0)
        self.reader.cwd = before
        assert "aws_appautoscaling_target" in self.summary

    def _sign_in(self, command: Command, _: int) -> None:
        """And change the password at once."""
        first, self.password = self.reader.perform(command).strip(), "another password, quite long"
        site = self.reader.project.site
        assert httpx.get(site, timeout=30).status_code == 200
        with httpx.Client(base_url=f"{site}/api/v1", timeout=30) as api:
            signed_in = {"Authorization": f"Bearer {self._token(api, 'admin', first)}"}
            change = {"current_password": first, "new_password": self.password}
            changed = api.put("/administrators/me/password", json=change, headers=signed_in)
            assert changed.status_code == 204, changed.text
            assert self._token(api, "admin", self.password)

    @staticmethod
    def _token(api: httpx.Client, name: str, password: str) -> str:
        answer = api.post("/sessions", json={"username": name, "password": password})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])

    # Of the other pages.

    def _go_back(self, command: Command, _: int) -> None:
        if not WHOLE:
            return
        commits = self._commits()
        text = re.sub(r"\bCOMMIT$", commits[1], command.text)
        built = {each["imageDigest"] for each in self._images()}
        self._release_programs(Command(command.page, command.line, text))
        assert {each["imageDigest"] for each in self._images()} == built, "nothing is built"

    def _images(self) -> list[dict[str, str]]:
        registry = self.reader.client("ecr")
        name = "statuspage-production/frontend"
        return list(registry.describe_images(repositoryName=name)["imageDetails"])

    def _rotate_master(self, command: Command, _: int) -> None:
        (cluster,) = self.reader.client("rds").describe_db_clusters()["DBClusters"]
        arn = cluster["MasterUserSecret"]["SecretArn"]
        vault = FileVault(self.reader.project.home / "secrets")
        before = vault.get(arn)
        self.reader.perform(command)
        assert before
        assert vault.get(arn) != before

    def _people(self, command: Command, _: int) -> None:
        password = f"{TYPED['a password for NAME']} for {command.line}"
        said = self.reader.perform(command, f"{password}\n{password}\n")
        with httpx.Client(base_url=f"{self.reader.project.site}/api/v1", timeout=30) as api:
            if "list" in command.text:
                assert "admin" in said
            elif "make" in command.text or "reset" in command.text:
                assert self._token(api, TYPED["NAME"], password)

    def _report(self, command: Command, _: int) -> None:
        site = f"{self.reader.project.site}/api/v1"
        with httpx.Client(base_url=site, timeout=30) as api:
            token = self._token(api, "admin", self.password)
            signed_in = {"Authorization": f"Bearer {token}"}
            asked = {"name": "alarms", "scopes": ["incidents:draft"]}
            key = api.post("/api-keys", json=asked, headers=signed_in).json()["token"]
        first = self.reader.perform(command, KEY=key, ALARM_EVENT_ID="event-1")
        again = self.reader.perform(command, KEY=key, ALARM_EVENT_ID="event-1")
        assert json.loads(first)["id"] == json.loads(again)["id"], "one draft"

    def _shell(self, command: Command, _: int) -> None:
        assert "Python 3" in self.reader.perform(command)

    # What the pipelines do.

    def _runs(self, pipeline: str) -> list[dict[str, str]]:
        found = self.reader.client("codepipeline").list_pipeline_executions(pipelineName=pipeline)
        return list(found["pipelineExecutionSummaries"])

    def _ended(self, pipeline: str, run: str) -> dict[str, str]:
        def ended() -> dict[str, str] | None:
            found = [r for r in self._runs(pipeline) if r["pipelineExecutionId"] == run]
            return found[0] if found and found[0]["status"] != "InProgress" else None

        found: dict[str, str] = eventually(ended, f"{pipeline} has ended", PATIENCE)
        return found

    def _actions(self, pipeline: str, run: str) -> dict[str, dict[str, str]]:
        listed = self.reader.client("codepipeline").list_action_executions(
            pipelineName=pipeline, filter={"pipelineExecutionId": run}
        )
        return {each["actionName"]: each for each in listed["actionExecutionDetails"]}

    def _approve(self, run: str) -> None:
        pipelines = self.reader.client("codepipeline")

        def waiting() -> dict[str, str] | None:
            stages = pipelines.get_pipeline_state(name=TERRAFORM)["stageStates"]
            stage = next(each for each in stages if each["stageName"] == "Approve")
            latest = stage.get("latestExecution", {})
            is_it = (latest.get("pipelineExecutionId"), latest.get("status")) == (run, "InProgress")
            state: dict[str, str] = stage["actionStates"][0]["latestExecution"] if is_it else {}
            if not state and self._is_over(TERRAFORM, run):
                return {"summary": "it is over", "token": ""}
            return state if state.get("token") else None

        found = eventually(waiting, "the plan waits for its approval", PATIENCE)
        if not found["token"]:
            return  # without a change there is nothing to approve; or it has failed
        self.summary = found["summary"]
        pipelines.put_approval_result(
            pipelineName=TERRAFORM, stageName="Approve", actionName="Approve",
            token=found["token"], result={"status": "Approved", "summary": "read"},
        )  # fmt: skip

    def _is_over(self, pipeline: str, run: str) -> bool:
        found = [r for r in self._runs(pipeline) if r["pipelineExecutionId"] == run]
        return bool(found) and found[0]["status"] != "InProgress"

    def _why(self, pipeline: str, run: str) -> str:
        failed = [n for n, a in self._actions(pipeline, run).items() if a["status"] == "Failed"]
        logs = [self.reader.project.bonkei("pipeline", "logs", run, name).stdout for name in failed]
        return f"{pipeline} has failed in {failed}:\n" + "\n".join(log[-3000:] for log in logs)

    def _release_programs(self, command: Command) -> None:
        run = json.loads(self.reader.perform(command))["pipelineExecutionId"]
        assert self._ended(PROGRAMS, run)["status"] == "Succeeded", self._why(PROGRAMS, run)

    def _push(self, title: str) -> None:
        """A new title of the page, committed, and pushed as set-up.md does."""
        project = self.reader.project
        template = project.folder / "program/frontend/frontend/templates/base.html"
        template.write_text(f"{template.read_text()}<!-- {title} -->\n")
        push = next(c for c in commands("set-up.md") if c.text.startswith("git push"))
        commit = Command(push.page, push.line, f"git commit -qam '{title}'")
        for each in (commit, push):
            self.reader.perform(each)

    def _commits(self) -> list[str]:
        said = self.reader.perform(Command("", 0, "git log --format=%H"))
        return said.split()


_AFTER: dict[str, Callable[[Guide, Command, int], None]] = {
    r"^grep ": Guide._look_up,
    r"^aws cloudformation deploy": Guide._stack,
    r"EDITOR": Guide._edit,
    rf"start-pipeline-execution .*--name {TERRAFORM}": Guide._infrastructure,
    r"^read -rs WEBHOOK": Guide._webhook,
    r"^aws cloudwatch set-alarm-state": Guide._alarm,
    rf"start-pipeline-execution .*--name {PROGRAMS}$": Guide._programs,
    r"--secret-id statuspage-production/administrator": Guide._sign_in,
    r"--source-revisions": Guide._go_back,
    r"--rotate-master-user-password": Guide._rotate_master,
    r"^python -m backend": Guide._people,
    r"^curl -s https://SITE": Guide._report,
    r"^aws ecs execute-command": Guide._shell,
}


@pytest.fixture(scope="module")
def guide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guide]:
    """A home with nothing in it, beside a fresh clone of this repository."""
    folder = tmp_path_factory.mktemp("guide")
    project = Project(copy_of_this_project(folder / "project"), folder / "home", is_first=True)
    shutil.copytree(NOTHING, project.folder / "nothing")
    settings = 'definitions = "nothing"\n\n[slack]\nsecret = "slack-webhook"\n'
    (project.folder / "bonkei.toml").write_text(settings)
    reader = Reader(project, folder / "person")
    outcome = project.bonkei("up", "--detach")
    assert "Started, but the definitions have nothing" in outcome.stdout, outcome.stderr
    reader.begin()
    for words in ("git init -q -b main", "git add -Af", "git commit -qm 'A fresh clone'"):
        reader.perform(Command("", 0, words))
    yield Guide(reader)
    project.bonkei("down")
    remove(project)


@pytest.mark.parametrize("page", PAGES)
def test_the_guide_is_executed(guide: Guide, page: str) -> None:
    """In the guide's order: each page begins with what those before it have left."""
    guide.follow(page)
    for where, seconds in guide.stages:
        if seconds > 2:
            print(f"{seconds:6.1f} s  {where[:110]}")
    guide.stages.clear()
