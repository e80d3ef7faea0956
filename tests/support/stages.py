"""The stages of both pipelines on a machine with doubles of all tools.

The archives are real, with the digests that the stage gets: a stage installs their content.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from buildspecs import Machine

VERSION = "version-1"
REPOSITORY = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/statuspage-production/backend"
STAGES = (
    *("terraform_scan", "terraform_plan", "terraform_apply"),
    *("program_build", "program_migrate", "program_deploy", "program_verify"),
)

AWS = f"""\
case "$1 $2" in
  "s3api get-object") : >"${{@: -1}}"; echo "${{TFVARS_IN_BUCKET-{VERSION}}}" ;;
  "ecr get-login-password") echo password ;;
  "ecr batch-get-image") echo "${{PUSHED_BEFORE:-0}}" ;;
esac
"""
_CURL = """\
while [ "$1" != -o ]; do shift; done
case "$2" in
  *.tar.gz) exec {cp} {tools}/trivy.tar.gz "$2" ;;
  *) exec {cp} {tools}/terraform.zip "$2" ;;
esac
"""
# Not every machine has a program that unpacks zip archives.
_UNZIP = 'exec {cp} {tools}/terraform "$6/terraform"'
# A report of a scan that has seen everything.
REPORT = {
    "ArtifactType": "container_image",
    "Metadata": {"OS": {"Family": "debian", "Name": "13.1"}},
    "Results": [
        {"Class": "os-pkgs", "Target": "image", "Packages": [{"Name": "bash"}]},
        *(
            {"Class": "config", "Target": target, "MisconfSummary": {"Successes": 9, "Failures": 0}}
            for target in ("alone/one", "alone/two", "alone/three")
        ),
    ],
}
TRIVY = """\
while [ "$#" -gt 0 ] && [ "$1" != --output ]; do shift; done
[ "$#" = 0 ] || echo "$REPORT" >"$2"
"""
# No changes by default.
TERRAFORM = """\
case "$1" in
  plan) echo plan >tfplan; exit "${PLANNED:-0}" ;;
  show) echo '{}' ;;
esac
"""
# plan_programs.py writes a file.
PYTHON = 'echo summary; [ "$2" != plan ] || : >"$4"'


class Stages:
    """A machine with this project's layout, and the variables that the stacks give each stage."""

    def __init__(self, directory: Path, *, trivy: str = TRIVY, terraform: str = TERRAFORM) -> None:
        self._tools = directory / "tools"
        self.machine = Machine(directory)
        self._tools.mkdir()
        self.trivy_digest = self._archive("trivy", trivy)
        self.terraform_digest = self._archive("terraform", terraform)
        self.plan = directory / "plan"
        self.plan.mkdir()
        self._commands()
        self._lay_out()

    def variables(self, **others: str) -> Mapping[str, str]:
        """The defaults of a stage's variables, with some replaced."""
        return {
            "TRIVY_VERSION": "0.76.0",
            "TRIVY_SHA256": self.trivy_digest,
            "TRIVY_PLATFORM": "Linux-ARM64",
            "TERRAFORM_VERSION": "1.15.5",
            "TERRAFORM_SHA256": self.terraform_digest,
            "TFVARS_BUCKET": "tfvars",
            "TFVARS_KEY": "statuspage/production/terraform.tfvars",
            "TFVARS_VERSION": VERSION,
            "STATE_BUCKET": "state",
            "STATE_KMS_KEY": "arn:aws:kms:ap-northeast-1:123456789012:key/0f2a",
            "LOCK_TABLE": "lock",
            "SERVICE_NAME": "statuspage",
            "ENVIRONMENT_IDENTIFIER": "production",
            "PERMISSIONS_BOUNDARY_ARN": "arn:aws:iam::123456789012:policy/boundary",
            "CODEBUILD_SRC_DIR_Plan": str(self.plan),
            "PLAN_SHA256": digest(self.plan / "plan.sha256"),
            "PROGRAM": "backend",
            "REPOSITORY": REPOSITORY,
            "IMAGE_TAG": "commit-1",
            "RELEASE": "{}",
            "REPORT": json.dumps(REPORT),
            **others,
        }

    def _archive(self, name: str, body: str) -> str:
        """Write an archive with a double in it. Returns its digest."""
        tool = self.machine.stand_in(name, body, at=self._tools / name)
        if name == "trivy":
            archive = self._tools / "trivy.tar.gz"
            with tarfile.open(archive, "w:gz") as packed:
                packed.add(tool, arcname=name)
        else:
            archive = self._tools / "terraform.zip"
            with zipfile.ZipFile(archive, "w") as zipped:
                zipped.write(tool, arcname=name)
        return digest(archive)

    def _commands(self) -> None:
        machine = self.machine
        machine.stand_in("aws", AWS)
        machine.stand_in("curl", _CURL.format(cp=shutil.which("cp"), tools=self._tools))
        machine.stand_in("unzip", _UNZIP.format(cp=shutil.which("cp"), tools=self._tools))
        machine.stand_in("docker", '[ "$1" != login ] || read -r password')
        machine.stand_in("python3", PYTHON)

    def _lay_out(self) -> None:
        for part in ("modules/one", "modules/two", "modules/three"):
            (self.machine.source / "infrastructure" / part).mkdir(parents=True)
            (self.machine.source / "infrastructure" / part / "main.tf").touch()
        (self.machine.source / "infrastructure" / ".terraform.lock.hcl").touch()
        (self.machine.source / "environment").mkdir()
        (self.plan / "tfplan").write_text("plan")
        (self.plan / "plan.sha256").write_text(f"{digest(self.plan / 'tfplan')}  tfplan\n")
        (self.plan / "build").mkdir()


def digest(file: Path) -> str:
    """The SHA-256 of a file, as `sha256sum` writes it."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
