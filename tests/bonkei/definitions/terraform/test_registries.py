"""Modules of a private registry: a real one on this machine, which wants a token."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bonkei.definitions.terraform.errors import TerraformError
from bonkei.definitions.terraform.fetched import Fetcher
from bonkei.definitions.terraform.inputs.elsewhere import Elsewhere
from bonkei.definitions.terraform.workspace import Workspace
from tests.bonkei.definitions.terraform.project import Project

VERSIONS = b'{"modules": [{"versions": [{"version": "0.14.0"}]}]}'
ADDRESS = "registry.test/team/store/aws"
CONFIGURATION = """\
provider_installation {{
  network_mirror {{ url = "https://mirror.test/" }}
}}
host "registry.test" {{
  services = {{ "modules.v1" = "http://127.0.0.1:{port}/" }}
}}
"""


class Registry(ThreadingHTTPServer):
    module: Path


class _Handler(BaseHTTPRequestHandler):
    server: Registry

    def do_GET(self) -> None:
        if self.headers["Authorization"] != "Bearer sesame":
            self.send_error(401)
            return
        is_download = self.path.endswith("/download")
        self.send_response(204 if is_download else 200)
        self.send_header("X-Terraform-Get", self.server.module.as_uri())
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        if not is_download:
            self.wfile.write(VERSIONS)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with Registry(("127.0.0.1", 0), _Handler) as server:
        server.module = tmp_path / "module"
        server.module.mkdir()
        (server.module / "main.tf").write_text('output "it" {\n  value = "stored"\n}\n')
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.usefixtures("forked_providers")
@pytest.mark.parametrize("way", ["a variable", "the configuration", "neither"])
def test_a_private_registry_gets_the_users_token(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Their mirror of providers is not asked, and no file keeps the token."""
    text = CONFIGURATION.format(port=registry.server_address[1])
    if way == "the configuration":
        text += 'credentials "registry.test" {\n  token = "sesame"\n}\n'
    if way == "a variable":
        monkeypatch.setenv("TF_TOKEN_registry_test", "sesame")
    (tmp_path / ".terraformrc").write_text(text)
    monkeypatch.setenv("HOME", str(tmp_path))
    project = Project(tmp_path / "project")
    project.write(
        "infrastructure/main.tf",
        f'module "store" {{\n  source = "{ADDRESS}"\n}}\n'
        'output "it" {\n  value = module.store.it\n}\n',
    )
    workspace = project.workspace()
    fetcher = Fetcher(tmp_path / "fetched", modules={"a/b/aws": project.root})
    if way == "neither":
        with pytest.raises(TerraformError, match=r"401|nauthorized"):
            workspace.apply()
        with pytest.raises(TerraformError, match=r"401|nauthorized"):
            fetcher.fetch(f"tfr://{ADDRESS}?version=0.14.0")
        return
    if way == "a variable":
        _, folder = fetcher.fetch(f"tfr://{ADDRESS}?version=0.14.0")  # as Terragrunt writes it
        assert "stored" in (folder / "main.tf").read_text()
        own = fetcher.fetch("tfr:///a/b/aws//infrastructure?version=1.0.0")
        assert own == (project.root, project.root / "infrastructure")
    workspace.apply()
    assert workspace.outputs()["it"]["value"] == "stored"
    files = [each for each in project.home.rglob("*") if each.is_file()]
    assert not any(b"sesame" in each.read_bytes() for each in files)


STACK = """
module "outer" {
  source  = "team/outer/aws"
  version = "~> 5.1, != 5.1.0"
}
module "inner" {
  source = "registry.terraform.io/team/outer/aws//modules/inner"
}
output "it" {
  value = [module.outer.it, module.inner.it]
}
"""
OUTER = """
module "inner" {
  source = "./modules/inner"
}
module "another" {
  source  = "team/another/aws"
  version = ">= 0.13, < 1"
}
output "it" {
  value = "${module.inner.it} ${module.another.it}"
}
"""


@pytest.mark.usefixtures("forked_providers")
def test_folders_take_the_place_of_modules(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of a part, and of one that a module calls; a change of it counts. The others come from
    where the user's Terraform has the public registry."""
    url = f"http://127.0.0.1:{registry.server_address[1]}/"
    (tmp_path / ".terraformrc").write_text(
        f'host "registry.terraform.io" {{\n  services = {{ "modules.v1" = "{url}" }}\n}}\n'
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TF_TOKEN_registry_terraform_io", "sesame")
    project = Project(tmp_path / "project")
    project.write("infrastructure/main.tf", STACK)
    project.write("vendor/outer/main.tf", OUTER)
    inner = project.write("vendor/outer/modules/inner/main.tf", 'output "it" { value = "in" }')
    outer = {"team/outer/aws": project.root / "vendor" / "outer"}
    elsewhere = Elsewhere(modules=outer)
    workspace = Workspace(project.definitions, project.home, elsewhere=elsewhere)
    workspace.apply()
    assert workspace.outputs()["it"]["value"] == ["in stored", "in"]
    assert workspace.is_current()
    inner.write_text('output "it" { value = "within" }')
    assert not workspace.is_current()
    workspace.apply()
    assert workspace.outputs()["it"]["value"] == ["within stored", "within"]
