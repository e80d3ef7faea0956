"""Root modules of a repository, by its files alone."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from bonkei.definitions.survey.roots import RootModule, root_modules, with_earlier
from bonkei.definitions.survey.tree import read_tree

SERVICE = 'resource "aws_ecs_service" "web" {}'
CALL = 'module "web" {\n  source = "PLACE"\n}\n'
VARIABLES = 'variable "a" {\n  type = number\n}\nvariable "b" {\n  default = {}\n}\n'
SHORT = 'variable "d" { type = bool }\nvariable "e" {}\n'
STATE = "locals { x = data.terraform_remote_state.net.outputs.vpc_id }"


def roots(files: dict[str, str]) -> list[RootModule]:
    return root_modules({PurePosixPath(path): text for path, text in files.items()})


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"main.tf": SERVICE}, ["."]),
        ({"infra/main.tf": CALL.replace("PLACE", "../modules/web"), "modules/web/a.tf": SERVICE},
         ["infra"]),
        ({"network/a.tf": "", "app/a.tf": SERVICE}, ["app", "network"]),
        ({"envs/prod/a.tf": CALL.replace("PLACE", "../.."), "b.tf": SERVICE}, ["envs/prod"]),
        # What has a backend is a root, whoever calls it.
        ({"a.tf": 'terraform {\n  backend "s3" {}\n}', "x/b.tf": CALL.replace("PLACE", "../")},
         [".", "x"]),
        ({"examples/web/a.tf": SERVICE, "live/deep/er/a.tf": SERVICE},
         ["live/deep/er", "examples/web"]),
        ({"app.py": ""}, []),
    ],
)  # fmt: skip
def test_the_likeliest_root_module_comes_first(files: dict[str, str], found: list[str]) -> None:
    assert [str(one.folder) for one in roots(files)] == found


def test_variable_files_fit_and_the_nearest_environment_comes_first() -> None:
    (root,) = roots(
        {
            "infra/main.tf": VARIABLES + SHORT + SERVICE + STATE,
            "infra/terraform.tfvars": "a = 1\n",  # Terraform reads it by itself
            "infra/envs/prod.tfvars": "a = 1\n",
            "envs/dev.tfvars": "a = 2\nb = {}\ne = 3\n",
            "envs/other.tfvars": "c = 1\n",
            "empty.tfvars": "",
            "network/main.tf": VARIABLES,
            "network/dev.tfvars": "a = 1\n",
        }
    )[:1]
    assert [*map(str, root.variable_files)] == ["envs/dev.tfvars", "infra/envs/prod.tfvars"]
    assert root.types == {"a": "number", "b": "string", "d": "bool", "e": "string"}
    assert root.remote_states == {"net": ("vpc_id",)}


def test_the_roots_whose_outputs_are_read_come_before(tmp_path: Path) -> None:
    """Also those behind them. What no root has stays for the settings."""
    state = 'data "terraform_remote_state" "NAME" {\n  config = { key = "live/NAME.tfstate" }\n}\n'
    data, network = (state.replace("NAME", name) for name in ("data", "network"))
    text = {
        "app": SERVICE + "\n" + data + network + state.replace("NAME", "mail"),
        "live/data": network,
        "live/network": 'output "id" { value = 1 }\n',
        "other": network,
    }
    for folder, written in text.items():
        (tmp_path / folder).mkdir(parents=True)
        read = "locals { x = data.terraform_remote_state.mail.outputs.host }\n"
        (tmp_path / folder / "a.tf").write_text(written + (read if folder == "app" else ""))
    found = root_modules(read_tree(tmp_path))
    order = with_earlier(found[0], found, tmp_path)
    assert [str(one.folder) for one in order] == ["live/network", "live/data", "app"]
    assert order[-1].remote_states == {"mail": ("host",)}


def test_a_tree_has_what_is_ones_own(tmp_path: Path) -> None:
    for name in ("a.tf", "x/Dockerfile", ".github/workflows/ci.yml", "node_modules/a/Dockerfile",
                 ".terraform/modules/a/a.tf", "x/app.py", ".hidden/a.tf"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("text")
    (tmp_path / "large.sh").write_bytes(b"x" * 300_001)
    (tmp_path / "gone.tf").symlink_to(tmp_path / "nowhere")
    found = sorted(str(path) for path, text in read_tree(tmp_path).items() if text)
    assert found == [".github/workflows/ci.yml", "a.tf", "x/Dockerfile"]
