"""`bonkei watch`: changed files, and the actions that follow."""

from __future__ import annotations

import asyncio
import errno
import io
import json
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bonkei import config as configuration
from bonkei.base.errors import BonkeiError
from bonkei.base.processes import Keeper
from bonkei.blueprint import Blueprint
from bonkei.blueprint.ecs import Container, Service, TaskDefinition
from bonkei.cli.context import Context
from bonkei.cli.watching import command, triggers
from bonkei.cli.watching.command import Rounds
from bonkei.cli.watching.follower import Follower
from bonkei.cli.watching.meaning import Round, Watched, meaning, watched
from bonkei.cli.watching.screen import Screen
from bonkei.config import FolderProgram
from bonkei.miniature.home import MiniatureError
from bonkei.services.ecs.execution.folders import make_ready
from tests.bonkei.cli.watching.until import until

ROOT = Path("/project")
WATCHED = Watched(
    (ROOT / "infrastructure", ROOT / "functions/alarm", ROOT / "dev.tfvars"),
    {
        ROOT / "web": ("web",),
        ROOT / "router": ("web", "api"),
        ROOT / "infrastructure/api": ("api",),
    },
    ROOT / "bonkei.toml",
    (ROOT / "web/templates",),
)


@pytest.mark.parametrize(
    ("files", "services", "definitions"),
    [
        (["web/a.py"], ("web",), False),
        (["web/README.md"], (), False),
        (["router/router.yaml"], ("web", "api"), False),
        (["infrastructure/main.tf"], (), True),
        (["functions/alarm/handler.py", "dev.tfvars"], (), True),
        (["infrastructure/api/a.py", "web/b.html"], ("api", "web"), True),
        (["webb/a.py", "other"], (), False),
    ],
)
def test_changed_files_and_their_actions(
    files: list[str], services: tuple[str, ...], definitions: bool
) -> None:
    found = meaning([ROOT / name for name in files], WATCHED)
    assert (found.services, found.definitions) == (services, definitions)
    assert bool(found) == bool(services or definitions)
    assert meaning([ROOT / "bonkei.toml"], WATCHED).settings


@pytest.mark.parametrize(
    ("files", "services", "refreshed"),
    [
        (["web/templates/a.html"], (), ("web",)),
        (["web/templates/a.html", "web/a.py"], ("web",), ()),  # a new task reads the file anyway
        (["web/templates/a.html", "infrastructure/api/a.py"], ("api",), ("web",)),
        (["web/templates/README.md"], (), ()),
    ],
)
def test_a_file_that_its_program_reloads_restarts_nothing(
    files: list[str], services: tuple[str, ...], refreshed: tuple[str, ...]
) -> None:
    found = meaning([ROOT / name for name in files], WATCHED)
    assert (found.services, found.refreshed) == (services, refreshed)
    assert bool(found) == bool(services or refreshed)


def test_services_are_found_by_their_containers(tmp_path: Path) -> None:
    containers = tuple(Container(name, name) for name in ("web", "router"))
    blueprint = Blueprint(
        services=(Service("s", "arn", "shop-web", "c", "td", 1),
                  Service("t", "arn2", "shop-gone", "c", "nobody", 1)),
        task_definitions=(TaskDefinition("d", "td", "web", 1, 1, 1, containers),),
    )  # fmt: skip
    router = FolderProgram(tmp_path / "router", ("run",), prepare=("make",))
    settings = configuration.Config(
        tmp_path / "bonkei.toml", tmp_path, tmp_path / "infra", tmp_path / ".bonkei",
        containers={"web": tmp_path / "web", "router": router, "else": tmp_path},
        read_again={"web": (tmp_path / "web/pages",)},
    )  # fmt: skip
    found = watched(blueprint, settings, [tmp_path / "infra"])
    assert found.read_again == (tmp_path / "web/pages",)
    assert found.prepared == (router,)
    assert found.programs == {
        tmp_path / "web": ("shop-web",), tmp_path / "router": ("shop-web",)
    }  # fmt: skip


async def test_what_a_preparation_writes_restarts_nothing(tmp_path: Path) -> None:
    """Else each restart would be followed by another one."""
    folder, home = tmp_path / "shop", tmp_path / "home"
    folder.mkdir()
    program = FolderProgram(folder, ("./shop",), prepare=("/bin/sh", "-c", "echo built > shop"))
    found = Watched((), {folder: ("shop",)}, tmp_path / "bonkei.toml", prepared=(program,))
    written = frozenset({folder / "shop", tmp_path / "main.tf"})
    assert command.saved(written, found, home) == written
    await make_ready(program, home, Keeper(home / "ledger"), print, is_confined=False)
    assert command.saved(written, found, home) == {tmp_path / "main.tf"}
    (folder / "main.go").touch()
    assert command.saved(written, found, home) == written


def test_no_folder_is_watched_twice(tmp_path: Path) -> None:
    for name in ("infra/api", "web"):
        (tmp_path / name).mkdir(parents=True)
    inputs = (tmp_path / "infra", tmp_path / "infra/dev.tfvars", tmp_path / "prod.tfvars")
    programs = {tmp_path / "infra/api": ("api",), tmp_path / "web": ("web",)}
    found = Watched(inputs, programs, tmp_path / "bonkei.toml")
    assert found.folders == {tmp_path / "infra", tmp_path / "web"}
    assert found.files == {tmp_path / "prod.tfvars", tmp_path / "bonkei.toml"}


@dataclass
class ThePlan:
    text: str

    @property
    def is_empty(self) -> bool:
        return not self.text

    def render(self) -> str:
        return self.text

    def as_dict(self) -> Mapping[str, Any]:
        return {"text": self.text}


@dataclass
class System:
    """A miniature in memory. `broken` names the actions that fail."""

    plan_text: str = "~ x"
    broken: set[str] = field(default_factory=set)
    done: list[str] = field(default_factory=list)
    current: bool = False
    other_variables: bool = False
    unreadable: OSError | None = None
    goes_on: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.goes_on.set()

    def restart(self, service: str, report: Callable[[str], None]) -> None:
        self.done.append(service)
        self.goes_on.wait(120)
        self._fail(service)

    def refresh(self, service: str) -> None:
        self.done.append(f"refresh {service}")
        self._fail(service)

    def reread(self) -> bool:
        self._fail("settings")
        return self.other_variables

    def is_current(self) -> bool:
        if self.unreadable is not None:
            raise self.unreadable
        return self.current

    def plan(self) -> ThePlan:
        self._fail("plan")
        return ThePlan(self.plan_text)

    def apply(self) -> str:
        self.done.append("apply")
        self.goes_on.wait(120)
        self._fail("apply")
        self.current = True
        return "1 changed"

    def follow(self, report: Callable[[str], None]) -> None:
        self.done.append("follow")
        self._fail("follow")

    def _fail(self, what: str) -> None:
        if what in self.broken:
            raise MiniatureError(f"{what} is broken, main.tf:3", remedy="mend it")


def follower(system: System, screen: Screen, applies: bool = False) -> Follower:
    return Follower(system, screen, applies=applies, has_keys=True)


@pytest.fixture
def screen() -> Screen:
    return Screen(as_json=False, root=ROOT)


async def test_a_failure_stays_until_it_is_repaired(
    screen: Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    system = System(broken={"web"})
    subject = follower(system, screen)
    await subject.follow(Round(("web",), files=(ROOT / "web/a.py",)))
    assert "✗ web: web is broken, main.tf:3\n  mend it" in capsys.readouterr().out
    # Another file: the failed action is tried again, and shown.
    await subject.follow(Round(("api",)))
    assert "✗ web" in capsys.readouterr().out
    system.broken.clear()
    await subject.follow(Round(("api",)))
    assert system.done == ["web", "web", "api", "web", "api"]
    assert "✗" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "main.tf"),
         "✗ definitions: main.tf: Permission denied\n  see who owns it"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "main.tf"),
         "✗ definitions: [Errno 2] No such file or directory: 'main.tf'\n"),
    ],
)  # fmt: skip
async def test_a_file_that_cannot_be_read_ends_nothing(
    screen: Screen, capsys: pytest.CaptureFixture[str], error: OSError, said: str
) -> None:
    system = System(unreadable=error)
    subject = follower(system, screen)
    await subject.follow(Round(definitions=True))
    assert said in capsys.readouterr().out
    system.unreadable = None
    await subject.follow(Round(("web",)))
    assert subject.waits


async def test_files_with_errors_stay_on_the_screen(
    screen: Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    system = System(broken={"web"})
    subject = follower(system, screen)
    await subject.follow(Round(refreshed=("web",)))
    assert "✗ web: web is broken" in capsys.readouterr().out
    system.broken.clear()
    await subject.follow(Round(("api",)))
    assert "✗" not in capsys.readouterr().out
    assert system.done == ["refresh web", "api", "refresh web"]
    system.broken = {"web"}
    await subject.follow(Round(refreshed=("web",)))
    await subject.follow(Round(("web",)))  # a restart reads everything
    assert system.done[3:] == ["refresh web", "web"]


async def test_a_plan_waits_for_the_key(screen: Screen, capsys: pytest.CaptureFixture[str]) -> None:
    system = System()
    subject = follower(system, screen)
    assert not await subject.follow(Round(definitions=True))
    assert subject.waits
    assert "~ x\n  Press a to apply it." in capsys.readouterr().out
    assert await subject.apply()
    assert (system.done, subject.waits) == (["apply", "follow"], False)
    assert not await subject.follow(Round(definitions=True))
    assert "have no effective change" in capsys.readouterr().out


async def test_changed_settings_are_planned_with(
    screen: Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    system = System(broken={"settings"})
    subject = follower(system, screen)
    await subject.follow(Round(settings=True))
    assert "✗ bonkei.toml: settings is broken" in capsys.readouterr().out
    system.broken.clear()
    await subject.follow(Round(settings=True))
    said = capsys.readouterr().out
    assert "at the next apply" in said
    assert "~ x" not in said
    system.other_variables = True
    await subject.follow(Round(settings=True))
    assert "~ x\n  Press a to apply it." in capsys.readouterr().out


def test_settings_are_read_again_for_the_same_home(tmp_path: Path) -> None:
    file = tmp_path / "bonkei.toml"
    for name in ("infrastructure", "web", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "dev.tfvars").touch()
    file.write_text('[containers.web]\ndirectory = "web"\n')
    context = Context(lambda: configuration.load(file, {}))
    miniature, home = command._Miniature(context), context.config.home
    file.write_text('workspace = "x"\n[containers.web]\ndirectory = "other"\n')
    assert not miniature.reread()
    now = miniature._context.config
    assert now.containers == {"web": tmp_path / "other"}
    assert (now.home, now.workspace) == (home, "default")
    file.write_text('variables = ["dev.tfvars"]\n')
    assert miniature.reread()
    file.write_text('variables = ["dev.tfvars"]\n[modules]\n"a/b/aws" = "other"\n')
    assert miniature.reread()
    assert tmp_path / "other" in miniature._context.workspace.read_places()
    file.write_text("variables = 1\n")
    with pytest.raises(BonkeiError):
        miniature.reread()
    assert miniature._context.config.variable_files == (tmp_path / "dev.tfvars",)


@pytest.mark.parametrize("applies", [False, True])
async def test_an_apply_that_fails_is_tried_again(screen: Screen, applies: bool) -> None:
    system = System(broken={"apply"})
    subject = follower(system, screen, applies)
    await subject.follow(Round(definitions=True))
    if not applies:
        assert not await subject.apply()
    assert not subject.waits
    system.broken.clear()
    await subject.follow(Round(("web",)))
    if not applies:
        assert subject.waits  # the plan is shown again
        await subject.apply()
    assert system.done[-1 if not applies else -2] == "follow"


async def test_what_is_applied_is_followed_once_a_program_is_repaired(
    screen: Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    system = System(broken={"follow"})
    subject = follower(system, screen, applies=True)
    for round_ in (Round(definitions=True), Round(("web",)), Round(definitions=True)):
        assert not await subject.follow(round_)
        assert "✗ definitions: follow is broken" in capsys.readouterr().out
    system.broken.clear()
    assert await subject.follow(Round(("web",)))
    assert "✗" not in capsys.readouterr().out
    assert system.done == ["apply", "follow", "web", "follow", "follow", "web", "follow"]
    await subject.follow(Round(("web",)))
    assert system.done[-1] == "web"


async def test_an_equivalent_definition_needs_no_key(screen: Screen) -> None:
    subject = follower(System(plan_text=""), screen)
    assert not await subject.follow(Round(definitions=True))
    assert not subject.waits


async def test_apply_without_a_question_and_a_failed_plan(
    screen: Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    system = System(broken={"plan"})
    subject = follower(system, screen, applies=True)
    assert not await subject.follow(Round(definitions=True))
    assert "✗ definitions: plan is broken, main.tf:3" in capsys.readouterr().out
    system.broken.clear()
    assert await subject.follow(Round(("web",)))  # the plan is tried again too
    assert system.done == ["apply", "follow", "web"]


async def test_json_has_an_object_for_each_event(capsys: pytest.CaptureFixture[str]) -> None:
    system = System(broken={"web"})
    subject = follower(system, Screen(as_json=True, root=ROOT), applies=True)
    await subject.follow(Round(("web", "api"), True, files=(ROOT / "web/a.py",)))
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == [
        "changed", "planned", "applied", "failed", "restarted",
    ]  # fmt: skip
    assert events[0]["files"] == ["web/a.py"]
    assert events[3]["message"] == "web is broken, main.tf:3"


async def test_ctrl_c_waits_for_no_tasks(screen: Screen) -> None:
    """Python would wait for each thread of its own pool."""
    system = System()
    system.goes_on.clear()
    following = asyncio.create_task(follower(system, screen).follow(Round(("web",))))
    await until(lambda: bool(system.done))
    following.cancel()
    with suppress(asyncio.CancelledError):
        await following
    async with asyncio.timeout(60):
        await asyncio.get_running_loop().shutdown_default_executor()
    assert not system.goes_on.is_set()  # it still runs
    system.goes_on.set()


async def test_ctrl_c_lets_terraform_end_and_the_miniature_follow(screen: Screen) -> None:
    system = System()
    system.goes_on.clear()
    applying = asyncio.create_task(follower(system, screen).apply())
    await until(lambda: bool(system.done))
    applying.cancel()
    await asyncio.sleep(0)
    system.goes_on.set()
    with pytest.raises(asyncio.CancelledError):
        await applying
    assert system.done == ["apply", "follow"]


async def test_a_key_from_before_a_plan_does_not_mean_it(screen: Screen) -> None:
    pressed: asyncio.Queue[str] = asyncio.Queue()
    subject = Follower(
        System(), screen, applies=False, has_keys=True, forget_keys=lambda: triggers.empty(pressed)
    )
    pressed.put_nowait("a")  # for the plan before this one
    await subject.follow(Round(definitions=True))
    assert subject.waits
    assert pressed.empty()


async def test_no_change_after_the_begin_is_missed(tmp_path: Path) -> None:
    programs = {tmp_path: ("web",)}
    watched = Watched((), programs, tmp_path / "bonkei.toml")
    async with Rounds(watched, asyncio.Queue()) as rounds:
        (tmp_path / "a.py").touch()
        async with asyncio.timeout(60):
            found = [changed async for changed in _changes(rounds)]
    assert found == [{tmp_path / "a.py"}]


async def _changes(rounds: Rounds) -> AsyncIterator[frozenset[Path]]:
    """The first."""
    async for changed, _ in rounds:
        if changed:
            yield changed
            return


class Here(System):
    """With folders, and a new one after an apply."""

    def look(self) -> Watched:
        programs = {self.root / "web": ("web",)}
        if "apply" in self.done:
            programs |= {self.root / "new": ("new",)}
        return Watched((self.root / "infra",), programs, self.root / "bonkei.toml")

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root = root


async def test_what_is_saved_during_an_apply_is_the_next_round(
    tmp_path: Path,
    screen: Screen,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("infra", "web", "new"):
        (tmp_path / name).mkdir()
    system = Here(tmp_path)
    monkeypatch.setattr(command, "_Miniature", lambda _context: system)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    context = Context(lambda: SimpleNamespace(root=tmp_path))  # type: ignore[arg-type,return-value]
    watching = asyncio.create_task(command._watch(context, screen, applies=True))
    system.goes_on.clear()
    await until(lambda: "Watching" in capsys.readouterr().out)
    (tmp_path / "infra/main.tf").touch()
    await until(lambda: "apply" in system.done)
    (tmp_path / "web/a.py").touch()
    await asyncio.sleep(0.2)  # it is a round of its own by now
    system.goes_on.set()
    await until(lambda: "web" in system.done)
    (tmp_path / "new/b.py").touch()
    await until(lambda: "new" in system.done)
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
