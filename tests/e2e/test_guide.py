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
from itertools import zip_longest
from pathlib import Path

import httpx
import pytest
from guide_pipelines import PROGRAMS, TERRAFORM, Pipelines
from guide_reader import Reader
from guide_replaced import REPLACED, TYPED
from guide_rotations import Rotations
from guides import Block, Command, deeds, section
from miniatures import ROOT, Project, copy_of_this_project, eventually, remove
from rotations import connects, database_environment

from bonkei.vault import FileVault

PAGES = ("set-up", "updating", "rotating", "people")
OPERATIONS = ROOT / "docs" / "operations"
NOTHING = Path(__file__).with_name("nothing")
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

    for one, other in zip_longest(english, japanese):
        assert one, f"only in the Japanese page: {other.where}"
        assert other, f"only in the English page: {one.where}"
        assert text(one) == text(other), f"they differ:\n{one.where}\n{other.where}"


@pytest.mark.parametrize("each", REPLACED, ids=lambda each: each.pattern)
def test_what_is_replaced_is_in_the_guide_and_says_why(each) -> None:
    found = [c for page in PAGES for c in commands(f"{page}.md") if re.search(each.pattern, c.text)]
    assert found
    assert each.reason


class Guide:
    """Does what the pages say between their commands, too."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.pipelines = Pipelines(reader)
        self.summary = ""  # of the last plan
        self.password = ""
        self.rotations = Rotations(reader.project)
        self.stages: list[tuple[str, float]] = []  # the part of a page, and its seconds
        self.releases: list[str] = []  # rows of a table
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

    def _only(self, command: Command, _: int) -> None:
        self.reader.perform(command)

    def _do(self, each: Command | Block, number: int) -> None:
        if isinstance(each, Block):
            self._block(each)
            return
        after = [do for start, do in _AFTER.items() if re.search(start, each.text)]
        (do,) = after or [Guide._only]
        do(self, each, number)

    def _block(self, block: Block) -> None:
        """What goes into a file. set-up.md has its variables edited by a command."""
        if block.language == "ini":
            self.reader.configure(block.body)
        elif block.page != "set-up.md" and WHOLE:
            (do,) = [do for start, do in _BLOCKS.items() if re.match(start, block.body)]
            do(self, block)

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
            run = self.pipelines.ended(
                TERRAFORM, self.pipelines.runs(TERRAFORM)[-1]["pipelineExecutionId"]
            )
            assert run["status"] == "Failed"
            failed = self.pipelines.actions(TERRAFORM, run["pipelineExecutionId"])["tfsec"]
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
        self.summary = self.pipelines.approve(run)
        self._succeeds(TERRAFORM, run)

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
            self._succeeds(PROGRAMS, self.pipelines.runs(PROGRAMS)[-1]["pipelineExecutionId"])
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
        self._release_variables(WITHOUT="bootstrap")
        assert "aws_appautoscaling_target" in self.summary

    def _release_variables(self, **edited: str) -> None:
        edit, *_ = [c for c in commands("set-up.md") if "EDITOR" in c.text]
        before, self.reader.cwd = self.reader.cwd, self.reader.project.folder / "infrastructure"
        self.reader.perform(edit, **edited)
        self.reader.cwd = self.reader.project.folder
        upload, release, *_ = commands("updating.md")
        self.reader.perform(upload)
        self._infrastructure(release, 0)
        self.reader.cwd = before

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

        def master() -> dict[str, str]:
            sign_in = json.loads(vault.get(arn) or "{}")
            return {
                **database_environment(self.reader.project),
                **{f"DATABASE_MASTER_{name.upper()}": value for name, value in sign_in.items()},
            }

        old = master()
        assert connects(old, "DATABASE_MASTER")
        self.reader.perform(command)
        signs_in = [connects(each, "DATABASE_MASTER") for each in (old, master())]
        assert signs_in == [False, True]

    def _rotate(self, block: Block) -> None:
        def variables() -> None:
            self._release_variables(THE_BLOCK=block.body)

        def programs() -> None:
            self._release_programs(commands("rotating.md")[0])

        self.rotations.follow(block, variables, programs, self.password)

    def _variables(self, block: Block) -> None:
        """A release succeeds with them."""
        self._release_variables(THE_BLOCK=re.sub(r" *#.*", "", block.body))

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

    def _release_programs(self, command: Command) -> None:
        run = json.loads(self.reader.perform(command))["pipelineExecutionId"]
        self._succeeds(PROGRAMS, run)

    def _succeeds(self, pipeline: str, run: str) -> None:
        status = self.pipelines.ended(pipeline, run)["status"]
        assert status == "Succeeded", self.pipelines.why(pipeline, run)
        changes = self.summary.partition(":")[0] or "no change"
        name = f"infrastructure: {changes}" if pipeline == TERRAFORM else "programs"
        self.releases.append(f"| {name} | {self.pipelines.row(pipeline, run)}")

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


_BLOCKS: dict[str, Callable[[Guide, Block], None]] = {
    r"origin_header = |session_secret_version = |database = .*application_password": Guide._rotate,
    r"database = .*engine_version|operators = ": Guide._variables,
}


def test_a_command_that_fails_is_named_with_its_page_and_line(tmp_path: Path) -> None:
    reader = Reader(Project(tmp_path, tmp_path / "home"), tmp_path / "person")
    command = Command("set-up.md", 7, "echo heard; cat no-such-file")
    with pytest.raises(pytest.fail.Exception) as caught:
        reader.perform(command)
    said = str(caught.value)
    assert said.startswith("docs/operations/set-up.md:7: echo heard; cat no-such-file\n")
    assert "heard" in said
    assert "No such file" in said


def test_a_check_that_fails_after_a_command_is_named_with_its_page_and_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guide = Guide(Reader(Project(tmp_path, tmp_path / "home"), tmp_path / "person"))
    monkeypatch.setattr(guide.reader, "perform", lambda *_, **__: "Python 2")
    command = Command("people.md", 9, "aws ecs execute-command --command /bin/sh")
    monkeypatch.setitem(Guide.follow.__globals__, "deeds", lambda _: [command])
    with pytest.raises(AssertionError) as caught:
        guide.follow("people")
    assert caught.value.__notes__ == [f"in {command.where}"]


@pytest.fixture(scope="module")
def guide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guide]:
    """A home with nothing in it, beside a fresh clone of this repository."""
    folder = tmp_path_factory.mktemp("guide")
    project = Project(copy_of_this_project(folder / "project"), folder / "home", is_first=True)
    shutil.copytree(NOTHING, project.folder / "nothing")
    settings = 'definitions = "nothing"\n\n[slack]\nsecret = "slack-webhook"\n'
    (project.folder / "bonkei.toml").write_text(settings)
    reader = Reader(project, folder / "person")
    try:  # also when it is interrupted before the first page
        began = time.monotonic()
        outcome = project.bonkei("up", "--detach")
        assert "Started, but the definitions have nothing" in outcome.stdout, outcome.stderr
        print(f"\nAn empty miniature is up after {time.monotonic() - began:.1f} s")
        reader.begin()
        for words in ("git init -q -b main", "git add -Af", "git commit -qm 'A fresh clone'"):
            reader.perform(Command("", 0, words))
        yield Guide(reader)
    finally:
        project.bonkei("down")
        remove(project)


@pytest.mark.parametrize("page", PAGES)
def test_the_guide_is_executed(guide: Guide, page: str) -> None:
    """In the guide's order: each page begins with what those before it have left."""
    began = time.monotonic()
    guide.follow(page)
    print(f"\n| {page}.md | |\n|---|---|")
    for part in dict.fromkeys(part for part, _ in guide.stages):
        print(f"| {part} | {sum(took for each, took in guide.stages if each == part):.1f} s |")
    print(f"| **in all** | **{time.monotonic() - began:.1f} s** |")
    print("\n| release | its stages | in all |\n|---|---|---|", *guide.releases, sep="\n")
    guide.stages.clear()
    guide.releases.clear()
