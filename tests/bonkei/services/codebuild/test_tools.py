"""The tools that a build finds on its machine, and its downloads."""

from __future__ import annotations

import asyncio
import hashlib
import re
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from unittest.mock import Mock

import pytest
from builds import ROOT, Rig, log, spec
from miniatures import eventually

from bonkei.services.codebuild.running.log import BuildLog
from bonkei.services.codebuild.tools.archives import HOSTS, archive_digests, find
from bonkei.services.codebuild.tools.certificates import make_authority
from bonkei.services.codebuild.tools.commands import STAND_INS
from bonkei.services.codebuild.tools.gate import Gate, Guest

# Constants, because users copy them into parameters.
DIGESTS = {
    "terraform": "55e8119b34add942b91069fca5bfc71c55c08f6eaa1b1435b34ecf884393cf72",
    "trivy": "eabd2ce9581062d2c4230c7df19bf947aa7aa6dc284e121aac375996403cd941",
}


def test_the_digests_are_constants() -> None:
    assert archive_digests() == DIGESTS
    page = (ROOT / "docs" / "pipelines.md").read_text(encoding="utf-8")
    assert [name for name, digest in DIGESTS.items() if f"`{digest}`" not in page] == []


def test_each_archive_holds_a_script_that_names_itself_a_substitute() -> None:
    terraform = find("releases.hashicorp.com", "/terraform/1.2.3/terraform_1.2.3_linux_arm64.zip")
    trivy = find(
        "github.com",
        "/aquasecurity/trivy/releases/download/v0.76.0/trivy_0.76.0_Linux-ARM64.tar.gz",
    )
    assert terraform is not None
    assert trivy is not None
    assert (terraform.version, trivy.version) == ("1.2.3", "0.76.0")
    texts = [
        zipfile.ZipFile(BytesIO(terraform.content)).read("terraform").decode(),
        _unpacked(trivy.content),
    ]
    for text, name in zip(texts, ("terraform", "trivy"), strict=True):
        assert "not the vendor's program" in text
        assert text.endswith(f'/{name}" "$@"\n')


def _unpacked(content: bytes) -> str:
    with tarfile.open(fileobj=BytesIO(content)) as archive:
        return archive.extractfile("trivy").read().decode()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("releases.hashicorp.com", "/terraform/1.2.3/terraform_1.2.4_linux_arm64.zip"),
        ("releases.hashicorp.com", "/terraform/1.2.3/terraform_1.2.3_SHA256SUMS"),
        ("github.com", "/terraform/1.2.3/terraform_1.2.3_linux_arm64.zip"),
        ("github.com", "/aquasecurity/trivy/releases/download/v0.76.0/trivy_0.76.0_checksums.txt"),
        ("example.com", "/"),
    ],
)
def test_no_other_download_is_replaced(host: str, path: str) -> None:
    assert find(host, path) is None


DOWNLOAD = (
    "curl -fsSL --retry 0 -o t.zip "
    "https://releases.hashicorp.com/terraform/9.9.9/terraform_9.9.9_linux_arm64.zip"
)


async def test_real_curl_gets_the_archive_and_the_digest_matches(rig: Rig) -> None:
    rig.world.commands = {"terraform": (sys.executable, "-c", "print('Terraform itself')")}
    result = await rig.run(
        spec(
            DOWNLOAD,
            f"sha256sum --check --strict <<<'{DIGESTS['terraform']}  t.zip'",
            'unzip -q -o t.zip terraform -d "$HOME"',
            '"$HOME/terraform" version',
        )
    )
    assert result.status == "SUCCEEDED", log(result)
    assert "\nTerraform itself\n" in log(result)
    assert "releases.hashicorp.com is answered by the miniature" in log(result)


async def test_another_digest_fails_the_build(rig: Rig) -> None:
    result = await rig.run(spec(DOWNLOAD, f"sha256sum -c <<<'{'0' * 64}  t.zip'"))
    assert "Reason: exit status 1" in result.error


async def test_without_a_route_to_the_internet_nothing_is_downloaded(rig: Rig) -> None:
    rig.world.obstacle = "aws_subnet.a has no route to the internet"
    result = await rig.run(spec(f"! {DOWNLOAD}", "! curl -sf http://example.com/"))
    assert result.status == "SUCCEEDED", log(result)
    said = log(result)
    assert "No way to releases.hashicorp.com: aws_subnet.a has no route to the internet" in said
    assert "No way to example.com" in said


async def test_loopback_works_without_the_gate_and_does_not_bypass_it(rig: Rig) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnear")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    result = await rig.run(
        spec(
            f'test "$(curl -sf http://127.0.0.1:{port}/)" = near',
            f"! curl -sf --noproxy '' -x \"$HTTP_PROXY\" http://127.0.0.1:{port}/",
            f"! curl -sf --noproxy '' -x \"$HTTP_PROXY\" -p http://localhost:{port}/",
        )
    )
    server.close()
    assert result.status == "SUCCEEDED", log(result)


@pytest.fixture
def gate(tmp_path: Path):
    made_at = datetime.now(UTC) + timedelta(hours=23)  # the clock has been set back since then
    made = Gate(make_authority(tmp_path, HOSTS, made_at))
    made.start()
    yield made
    made.stop()


def _ask(gate: Gate, token: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["curl", "-s", "-o", "/dev/null", "-w", "%{http_connect} %{http_code}", *words],
        env={**gate.variables(token), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
        timeout=60,
    )


URL = "https://releases.hashicorp.com/terraform/1.2.3/terraform_1.2.3_linux_arm64.zip"


def test_only_a_running_build_may_use_the_gate(gate: Gate) -> None:
    token = gate.admit(Guest("", lambda _: None))
    assert _ask(gate, token, URL).stdout == b"200 200"
    assert _ask(gate, token, "-I", URL).stdout == b"200 200"
    gate.dismiss(token)
    assert _ask(gate, token, URL).stdout.startswith(b"407")
    assert _ask(gate, "guessed", URL).stdout.startswith(b"407")


def test_a_malformed_request_ends_only_its_connection(gate: Gate) -> None:
    import socket

    token = gate.admit(Guest("", lambda _: None))
    port = int(re.search(r":(\d+)$", gate.variables(token)["HTTP_PROXY"])[1])  # type: ignore[index]
    for noise in (b"\x16\x03\x01\r\n\r\n", b"GET\r\n\r\n", b"x" * 100_000, b""):
        # The gate may have closed the connection already.
        with socket.create_connection(("127.0.0.1", port), timeout=60) as one, suppress(OSError):
            one.sendall(noise)
            one.shutdown(socket.SHUT_WR)
    assert _ask(gate, token, URL).stdout == b"200 200"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how often a thread has slept")
def test_the_gate_sleeps_until_somebody_comes(gate: Gate) -> None:
    token = gate.admit(Guest("", lambda _: None))
    assert _ask(gate, token, URL).stdout == b"200 200"
    thread = [each for each in threading.enumerate() if each.name == "gate"][-1]  # the newest
    status = Path(f"/proc/self/task/{thread.native_id}/status")

    def slept() -> list[str]:
        return re.findall(r"(?m)^voluntary_ctxt_switches:.*", status.read_text())

    def sleeps() -> bool:
        before = slept()
        time.sleep(0.7)
        return slept() == before

    eventually(sleeps, "it sleeps")
    gate.stop()
    assert not thread.is_alive()


def test_what_the_gate_says_after_a_builds_end_is_no_fault(tmp_path: Path) -> None:
    """It answers in threads of its own: a last client may still be there."""
    heard: list[str] = []
    ended = BuildLog(tmp_path / "log", lambda _at, line: heard.append(line))
    ended.say("during")
    ended.close()
    ended.say("after")
    assert [line.split()[-1] for line in heard] == ["during", "after"]
    assert (tmp_path / "log").read_text().count("\n") == 1


def test_the_lines_of_a_piece_of_output_reach_the_file_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "log"
    log = BuildLog(file, lambda *_: None)
    written = Mock(wraps=log._file)
    monkeypatch.setattr(log, "_file", written)
    log.feed(b"one\n" * 1_000 + b"tw")
    assert file.read_text() == "one\n" * 1_000
    assert written.flush.call_count == 1
    log.feed(b"o\n")
    assert file.read_text().endswith("one\ntwo\n")
    assert log.recent.endswith("one\ntwo\n")
    log.close()


def test_the_authoritys_key_is_not_on_disk(tmp_path: Path) -> None:
    make_authority(tmp_path, HOSTS, datetime.now(UTC))
    assert [file.name for file in tmp_path.iterdir()] == ["authorities.pem"]
    assert b"PRIVATE" not in (tmp_path / "authorities.pem").read_bytes()


def _stand_in(*words: str, folder: Path, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-S", str(STAND_INS), *words],
        cwd=folder,
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


def test_substitutes_do_what_the_commands_do(tmp_path: Path) -> None:
    served = find("releases.hashicorp.com", "/terraform/1.2.3/terraform_1.2.3_linux_arm64.zip")
    assert served is not None
    (tmp_path / "t.zip").write_bytes(served.content)
    digest = hashlib.sha256(served.content).hexdigest()
    checked = _stand_in(
        "sha256sum", "--check", "--strict", folder=tmp_path, given=f"{digest}  t.zip\n"
    )
    assert (checked.returncode, checked.stdout) == (0, "t.zip: OK\n")
    assert _stand_in("sha256sum", "t.zip", folder=tmp_path).stdout == f"{digest}  t.zip\n"
    wrong = _stand_in("sha256sum", "-c", folder=tmp_path, given=f"{'0' * 64}  t.zip\n")
    assert wrong.returncode == 1
    assert _stand_in("sha256sum", "-c", folder=tmp_path, given="").returncode == 1
    done = _stand_in("unzip", "-q", "-o", "t.zip", "terraform", "-d", "x", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "x" / "terraform").stat().st_mode & 0o100
    for words in (("unzip", "-l", "t.zip"), ("curl", "--insecure", "x"), ("sha256sum", "-b", "x")):
        refused = _stand_in(*words, folder=tmp_path)
        assert refused.returncode == 1
        assert "does not know" in refused.stderr


@pytest.mark.parametrize(("privileged", "status"), [(True, "SUCCEEDED"), (False, "FAILED")])
async def test_docker_needs_a_privileged_project(rig: Rig, privileged: bool, status: str) -> None:
    rig.world.commands = {"docker": (sys.executable, "-c", "print('built')")}
    rig.project(spec("docker build ."), privileged=privileged)
    result = await rig.run()
    assert result.status == status, log(result)
    assert ("Cannot connect to the Docker daemon" in log(result)) != privileged


async def test_the_first_builds_may_start_together(rig: Rig) -> None:
    """A release builds its images side by side, and all of them trust one authority."""
    rig.project(spec('curl -fsS -o "$HOME/t" https://releases.hashicorp.com/terraform/1.2.3/'
                      'terraform_1.2.3_linux_arm64.zip'))  # fmt: skip
    results = await asyncio.gather(*(rig.run() for _ in range(3)))
    assert [result.status for result in results] == ["SUCCEEDED"] * 3, [log(r) for r in results]
