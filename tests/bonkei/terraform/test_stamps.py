"""What a state depends on, beside the definitions."""

from __future__ import annotations

from pathlib import Path

import bonkei
from bonkei.terraform.inputs.stamps import sources


def test_another_version_of_the_provider_or_its_schemas_applies_again() -> None:
    package = Path(bonkei.__file__).parent
    found = {str(file.relative_to(package)) for file in sources()}
    assert {
        "provider/plan.py",
        "provider/aws/ec2/data_sources.py",
        "provider/data/aws-schema.json.gz",
        "terraform/workspace.py",
    } <= found
