"""docs/operations, executed: from an account with nothing in it to a served page, an administrator
who has signed in, and the releases, rotations and people after that.

The whole of infrastructure/ and program/ goes through both pipelines with their own buildspecs.
`guide_replaced` lists what is not done as the pages say.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import guide_steps
import httpx
import pytest
from guide_pages import OPERATIONS, PAGES, commands, variables
from guide_reader import Reader
from guide_replaced import HURRIED, REPLACED
from guide_steps import Guide
from guide_variables import rounds
from guides import Block, Command, deeds
from miniatures import ANSWER, Project, copy_of_this_project, removed

NOTHING = Path(__file__).with_name("nothing")
pytestmark = pytest.mark.timeout(2400)


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


def test_two_rounds_of_releases_carry_all_variables_in_the_pages_order() -> None:
    first, second = rounds(variables())
    assert [each for each in variables() if each in first] == first
    assert [each for each in variables() if each in second] == second
    assert len(first) + len(second) == len(variables())


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
    monkeypatch.setattr(guide_steps, "deeds", lambda _: [command])
    with pytest.raises(AssertionError) as caught:
        guide.follow("people")
    assert caught.value.__notes__ == [f"in {command.where}"]


@pytest.fixture(scope="module")
def guide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guide]:
    """An empty home, beside a fresh clone of this repository."""
    folder = tmp_path_factory.mktemp("guide")
    project = Project(copy_of_this_project(folder / "project"), folder / "home")
    shutil.copytree(NOTHING, project.folder / "nothing")
    settings = 'definitions = "nothing"\n\n[slack]\nsecret = "slack-webhook"\n'
    (project.folder / "bonkei.toml").write_text(settings)
    for each in HURRIED:
        project.edit(each.file, each.before, each.after)
    reader = Reader(project, folder / "person")
    with removed(project):
        began = time.monotonic()
        outcome = project.bonkei("up", "--detach")
        assert "Started, but the definitions have nothing" in outcome.stdout, outcome.stderr
        print(f"\nAn empty miniature is up after {time.monotonic() - began:.1f} s")
        reader.begin()
        for words in ("git init -q -b main", "git add -Af", "git commit -qm 'A fresh clone'"):
            reader.perform(Command("", 0, words))
        yield Guide(reader)


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
    if page == PAGES[-1]:
        assert [c.where for c in guide.postponed if c.text not in guide.performed] == []
    guide.stages.clear()
    guide.releases.clear()


def test_the_environment_is_taken_down_and_made_again(guide: Guide) -> None:
    """taking-down.md from its first step to its last, and set-up.md under the same names."""
    project, client = guide.reader.project, guide.reader.client
    guide.take_down()
    assert client("cloudformation").describe_stacks()["Stacks"] == []
    assert client("s3").list_buckets()["Buckets"] == []
    assert client("rds").describe_db_clusters()["DBClusters"] == []
    assert client("ecs").list_clusters()["clusterArns"] == []
    assert client("secretsmanager").list_secrets()["SecretList"] == []
    guide.make_again()
    assert httpx.get(project.site, timeout=ANSWER).status_code == 200
    print(*guide.releases, sep="\n")
