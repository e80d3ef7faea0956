"""What a state depends on, beside the definitions."""

from __future__ import annotations

from pathlib import Path

import bonkei
from bonkei.definitions.terraform.inputs.stamps import initialization, sources


def test_another_version_of_the_provider_or_its_schemas_applies_again() -> None:
    package = Path(bonkei.__file__).parent
    found = {str(file.relative_to(package)) for file in sources()}
    assert {
        "definitions/provider/plan.py",
        "definitions/provider/aws/ec2/data_sources.py",
        "definitions/provider/data/aws-schema.json.gz",
        "definitions/terraform/workspace.py",
    } <= found


def test_only_what_an_init_reads_needs_another_one(tmp_path: Path) -> None:
    """Module calls, required providers, and runs of tests, whose modules an init finds by the
    runs' names."""
    (tmp_path / "main.tf").write_text('module "a" {\n  source = "./a"\n}\n', encoding="utf-8")
    before = initialization(tmp_path, {})
    more = tmp_path / "more.tf"
    more.write_text('resource "aws_eip" "this" {\n  domain = "vpc"\n}\n', encoding="utf-8")
    assert initialization(tmp_path, {}) == before
    for text in (
        'module "b" {}', "  required_version = 1", 'backend "s3" {}', "  source = 1", 'run "a" {'
    ):  # fmt: skip
        more.write_text(f"{text}\n", encoding="utf-8")
        assert initialization(tmp_path, {}) != before
    (tmp_path / "main.tf").rename(more)
    assert initialization(tmp_path, {}) != before
