"""Does what the pages of docs/operations say, between their commands, too."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

import httpx
import over_http
from guide_pages import OPERATIONS, commands, variables
from guide_pipelines import PROGRAMS, TERRAFORM, Pipelines
from guide_reader import Reader
from guide_replaced import TYPED
from guide_rounds import Rounds
from guides import Block, Command, deeds, section
from miniatures import ANSWER, WAIT, eventually
from rotations import connects, database_environment

from bonkei.base.vault import FileVault

SLACK = "statuspage-production/slack-webhook"
_CONCERNED = 30
"""Resources that a round of variables concerns, of 260. The others are as they were released."""


class Guide:
    """Follows the pages in their order, and knows what those before have left."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.pipelines = Pipelines(reader)
        self.password = ""
        self.rounds = Rounds(reader, variables(), lambda: self.password)
        self.performed: set[str] = set()  # the commands' texts
        self.postponed: list[Command] = []  # until another page has the same one
        self.stages: list[tuple[str, float]] = []  # the part of a page, and its seconds
        self.releases: list[str] = []  # rows of a table
        self._summary = ""  # of the last plan
        self._task = ""
        self._deeds: list[Command | Block] = []

    def follow(self, page: str) -> None:
        self.reader.cwd = self.reader.project.folder
        self._deeds = deeds(OPERATIONS / f"{page}.md")
        for number, each in enumerate(self._deeds):
            began = time.monotonic()
            try:
                self._do(each, number)
            except BaseException as error:  # also those by which pytest fails a test
                error.add_note(f"in {each.where}")
                raise
            part = section(OPERATIONS / each.page, each.line)
            self.stages.append((part, time.monotonic() - began))

    def _do(self, each: Command | Block, number: int) -> None:
        if isinstance(each, Block):
            self._block(each)
            return
        after = [do for start, do in _AFTER.items() if re.search(start, each.text)]
        (do,) = after or [Guide._only]
        do(self, each, number)

    def _block(self, block: Block) -> None:
        """Variables are released in rounds."""
        if block.language == "ini":
            self.reader.configure(block.body)
        else:
            assert block in self.rounds.released, f"never released: {block.where}"

    def _perform(self, command: Command, typed: str = "", **variables: str) -> str:
        self.performed.add(command.text)
        return self.reader.perform(command, typed, **variables)

    def _only(self, command: Command, _: int) -> None:
        self._perform(command)

    # The stack of the Terraform pipeline.

    def _set_up(self, command: Command, number: int) -> None:
        """At the end of the first time, the release has begun. What is there stays: the stack is
        deployed without a change, and nothing else is done."""
        said = self._perform(command)
        done = [line[2:] for line in said.splitlines() if line.startswith("$ ")]
        begun = [each for each in done if each.startswith("aws codepipeline start")]
        is_first = all(each.line >= command.line for each in self._deeds[:number])
        assert len(begun) == is_first, said
        assert is_first or [each.split()[:3] for each in done] == [
            ["aws", "cloudformation", "deploy"]
        ], said
        assert ("Slack's webhook is there" in said) != is_first

    def _stack(self, command: Command, _: int) -> None:
        """A newer version, and its digest in place of the dots."""
        newer = TYPED["a newer version of Terraform"]
        text = re.sub(r"(TerraformVersion)=\S+", rf"\1={newer}", command.text)
        text = text.replace("Sha256=...", f"Sha256={self.reader.digests['terraform']}", 1)
        self._perform(Command(command.page, command.line, text))

    # The infrastructure.

    def _edit(self, command: Command, _: int) -> None:
        """With the upload."""

    def _first_release(self, command: Command, _: int) -> None:
        """The approver looks at it, and approves. It makes the pipeline of the programs, which runs
        at once."""
        self._perform(command)
        run = self.pipelines.newest(TERRAFORM)
        self._summary = self.pipelines.approve(run)
        self._succeeds(TERRAFORM, run)
        assert f'"{self.rounds.operators.people.role}"' in self.pipelines.log

    def _upload(self, command: Command, _: int) -> None:
        """After a change of the variables: those of the first round."""
        self._begin_round(0, command)

    def release_again(self, line: str = "") -> None:
        """The infrastructure, as it is, or with a line more in the variables."""
        upload, release = _of_infrastructure()
        if line:
            self._upload_variables(upload, THE_BLOCK=line)
        self._release_infrastructure(release)

    def _begin_round(self, number: int, upload: Command) -> None:
        self.rounds.begin(number)
        self._upload_variables(upload, THE_BLOCK=self.rounds.text(number))

    def _upload_variables(self, upload: Command, **edited: str) -> None:
        edit = next(each for each in commands("updating.md") if "EDITOR" in each.text)
        self.reader.cwd = self.reader.project.folder
        self._perform(edit, **edited)
        self._perform(upload, AWS_PROFILE="tf-operator")

    def _infrastructure(self, command: Command, _: int) -> None:
        """There is a release of the programs now, so the services scale."""
        self._release_variables(0, command)
        assert "aws_appautoscaling_target" in self._summary

    def _release_variables(self, number: int, command: Command) -> None:
        with self.rounds.named(number), self.rounds.visited() as resources_change:
            self._release_infrastructure(command, resources_change)
        counts = re.findall(r"\d+", self._summary.partition(":")[0])
        assert 0 < sum(map(int, counts)) <= _CONCERNED, self._summary
        self.rounds.variables_released(number)

    def _release_infrastructure(
        self, command: Command, resources_change: Callable[[], None] = lambda: None
    ) -> None:
        """Started, read and approved by who may do that."""
        run = self._started(command, AWS_PROFILE="tf-operator")
        self._summary = self.pipelines.approve(run, resources_change)
        self._succeeds(TERRAFORM, run)

    def _started(self, command: Command, **variables: str) -> str:
        return str(json.loads(self._perform(command, **variables))["pipelineExecutionId"])

    def _succeeds(self, pipeline: str, run: str) -> None:
        status = self.pipelines.ended(pipeline, run)["status"]
        assert status == "Succeeded", self.pipelines.why(pipeline, run)
        self.pipelines.read_log(run)
        changes = self._summary.partition(":")[0] or "no change"
        name = f"infrastructure: {changes}" if pipeline == TERRAFORM else "programs"
        self.releases.append(f"| {name} | {self.pipelines.row(pipeline, run)}")

    # The way to Slack.

    def _webhook(self, command: Command, _: int) -> None:
        """Slack's console shows an address: here it is the inbox's."""
        inbox = self.reader.client("secretsmanager").get_secret_value(SecretId=SLACK)
        self._perform(command, f"{inbox['SecretString']}\n")

    def _alarm(self, command: Command, _: int) -> None:
        self._perform(command)
        eventually(
            lambda: self._is_in_slack("A test of the way to Slack"), "it is in Slack", WAIT, 0.5
        )

    def _is_in_slack(self, text: str) -> bool:
        return text in self.reader.project.slack()

    # The programs.

    def _programs(self, command: Command, _: int) -> None:
        """In set-up.md only if the pipeline's own first run has failed. Two other pages have the
        same command: it is performed once."""
        if command.page == "set-up.md":
            self._succeeds(PROGRAMS, self.pipelines.newest(PROGRAMS))
            self.postponed.append(command)
        elif command.text not in self.performed:
            self._push(f"A change for {command.page}")
            self._release_programs(0, command)

    def _release_programs(self, number: int, command: Command) -> None:
        with self.rounds.named(number), self.rounds.visited() as resources_change:
            run = self._started(command, AWS_PROFILE=self.rounds.operators.profile)
            self.pipelines.reached(PROGRAMS, run, "Migrate")
            resources_change()
            self._succeeds(PROGRAMS, run)
        self.rounds.programs_released(number)

    def _go_back(self, command: Command, _: int) -> None:
        """The release of the programs of the second round."""
        upload, release = _of_infrastructure()
        self._begin_round(1, upload)
        self._release_variables(1, release)
        commits = self.reader.perform(Command("", 0, "git log --format=%H")).split()
        text = re.sub(r"\bCOMMIT$", commits[1], command.text)
        built = self._images()
        self._release_programs(1, Command(command.page, command.line, text))
        assert self._images() == built, "nothing is built"

    def _push(self, title: str) -> None:
        """A change of the page, committed, and pushed as the page says."""
        template = self.reader.project.folder / "program/frontend/frontend/templates/base.html"
        template.write_text(f"{template.read_text()}<!-- {title} -->\n")
        push = next(c for c in commands("updating.md") if c.text.startswith("git push"))
        commit = Command(push.page, push.line, f"git commit -qam '{title}'")
        for each in (commit, push):
            self.reader.perform(each)

    def _images(self) -> set[str]:
        registry = self.reader.client("ecr")
        found = registry.describe_images(repositoryName="statuspage-production/frontend")
        return {each["imageDigest"] for each in found["imageDetails"]}

    # The end of it all, and a second beginning.

    def take_down(self) -> None:
        """The protection is given up in a release of its own, and each bucket is emptied."""
        self.release_again("deletion_protection = false")
        self.reader.cwd = self.reader.project.folder
        account, key = self.reader.project.account(), ""
        for each in commands("taking-down.md"):
            part = section(OPERATIONS / each.page, each.line)
            if not part[:1].isdecimal():
                continue  # a copy of the data, which test_restoring.py restores
            if "delete-bucket" in each.text:
                self.reader.empty(each.text.rpartition(" ")[2])
            text = each.text.replace("KEY_ID", key)
            confirmed = "yes\n" if "destroy" in text else ""
            said = self.reader.perform(Command(each.page, each.line, text), confirmed, **account)
            key = said.strip() if "describe-key" in text else key
            if "destroy" in text:
                self.reader.tell_of_terraform()

    def make_again(self) -> None:
        """Under the same names, up to the page: what set-up.md begins with."""
        begin, *_ = commands("set-up.md")
        look = next(c for c in commands("set-up.md") if "get-pipeline-state" in c.text)
        self.reader.cwd = self.reader.project.folder
        self._perform(begin)
        self._first_release(look, 0)
        self._succeeds(PROGRAMS, self.pipelines.newest(PROGRAMS))

    # Passwords and people.

    def _sign_in(self, command: Command, _: int) -> None:
        """And change the password at once."""
        first, self.password = self._perform(command).strip(), "another password, quite long"
        site = self.reader.project.site
        assert over_http.get(site, timeout=ANSWER).status_code == 200
        with self._api() as api:
            signed_in = {"Authorization": f"Bearer {_token(api, 'admin', first)}"}
            change = {"current_password": first, "new_password": self.password}
            changed = api.put("/administrators/me/password", json=change, headers=signed_in)
            assert changed.status_code == 204, changed.text
            assert _token(api, "admin", self.password)

    def _api(self) -> httpx.Client:
        return httpx.Client(base_url=f"{self.reader.project.site}/api/v1", timeout=ANSWER)

    def _rotate_master(self, command: Command, _: int) -> None:
        (cluster,) = self.reader.client("rds").describe_db_clusters()["DBClusters"]
        arn = cluster["MasterUserSecret"]["SecretArn"]
        vault = FileVault(self.reader.project.home / "secrets")

        def master() -> dict[str, str]:
            sign_in = json.loads(vault.get(arn) or "{}")
            return {
                **database_environment(self.reader.project),
                **{f"DATABASE_MASTER_{name.upper()}": value for name, value in sign_in.items()},
            }

        old = master()
        assert connects(old, "DATABASE_MASTER")
        self._perform(command)
        signs_in = [connects(each, "DATABASE_MASTER") for each in (old, master())]
        assert signs_in == [False, True]

    def _administrators(self, command: Command, _: int) -> None:
        password = f"{TYPED['a password for NAME']} for {command.line}"
        said = self._perform(command, f"{password}\n{password}\n")
        with self._api() as api:
            if "list" in command.text:
                assert "admin" in said
            elif "make" in command.text or "reset" in command.text:
                assert _token(api, TYPED["NAME"], password)

    def _report(self, command: Command, _: int) -> None:
        with self._api() as api:
            signed_in = {"Authorization": f"Bearer {_token(api, 'admin', self.password)}"}
            asked = {"name": "alarms", "scopes": ["incidents:draft"]}
            key = api.post("/api-keys", json=asked, headers=signed_in).json()["token"]
        said = [self._perform(command, KEY=key, ALARM_EVENT_ID="event-1") for _ in "12"]
        assert len({json.loads(each)["id"] for each in said}) == 1, "one draft"

    def _tasks(self, command: Command, _: int) -> None:
        listed = self._perform(command, AWS_PROFILE=self.rounds.operators.profile)
        self._task = json.loads(listed)["taskArns"][0].rpartition("/")[2]

    def _shell(self, command: Command, _: int) -> None:
        text = command.text.replace("TASK_ID", self._task)
        shown = Command(command.page, command.line, text)
        profile = self.rounds.operators.profile
        assert "Python 3" in self._perform(shown, "python --version\n", AWS_PROFILE=profile)


def _of_infrastructure() -> tuple[Command, Command]:
    """The upload of variables and the release of updating.md."""
    found = commands("updating.md")
    upload = next(each for each in found if each.text.startswith("aws s3 cp "))
    release = next(each for each in found if each.text.endswith(f"--name {TERRAFORM}"))
    return upload, release


def _token(api: httpx.Client, name: str, password: str) -> str:
    answer = api.post("/sessions", json={"username": name, "password": password})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


_AFTER: dict[str, Callable[[Guide, Command, int], Any]] = {
    r"environment/set_up\.py": Guide._set_up,
    r"^aws codepipeline get-pipeline-state": Guide._first_release,
    r"^aws cloudformation deploy": Guide._stack,
    r"EDITOR": Guide._edit,
    r"^aws s3 cp ": Guide._upload,
    rf"start-pipeline-execution .*--name {TERRAFORM}": Guide._infrastructure,
    r"^read -rs WEBHOOK": Guide._webhook,
    r"^aws cloudwatch set-alarm-state": Guide._alarm,
    rf"start-pipeline-execution .*--name {PROGRAMS}$": Guide._programs,
    r"--secret-id statuspage-production/administrator": Guide._sign_in,
    r"--source-revisions": Guide._go_back,
    r"--rotate-master-user-password": Guide._rotate_master,
    r"^python -m backend": Guide._administrators,
    r"^curl -s https://SITE": Guide._report,
    r"^aws ecs list-tasks": Guide._tasks,
    r"^aws ecs execute-command": Guide._shell,
}
