"""The definitions, evaluated once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import pytest
from claims import claims
from evaluations import DEVELOPMENT, EXAMPLES, INFRASTRUCTURE, PRODUCTION, Evaluation, evaluate
from warm_provider import Forking

CLAIMS = claims()
EXAMPLE = INFRASTRUCTURE / "terraform.tfvars.example"

Evaluate: TypeAlias = Callable[..., Evaluation]

# Other values than the examples' defaults, all at once.
OTHERWISE = """
domain                   = { name = "status.example.com", hosted_zone_id = "Z0123456789ABCDEFGHIJ" }
permissions_boundary_arn = "arn:aws:iam::123456789012:policy/statuspage-production-boundary"
vpc_cidr_block           = "10.32.0.0/19"
cpu_architecture         = "X86_64"
exec_enabled             = false
budget_usd_per_month     = 300
cost_anomaly             = { usd = 50 }
audit                    = { cloudtrail = true, guardduty = true }
canary                   = { minutes = 1 }

database = {
  iam_authentication = true
  backup_copy = {
    vault_arn = "arn:aws:backup:ap-northeast-3:210987654321:backup-vault:copies"
  }
}

runbook_url              = "https://git.example.com/ops/alarms.md"
bootstrap                = true
origin_header            = { current_version = 2, previous_version = 1 }
operators                = { mfa_required = false, identity_center_permission_sets = ["Operators"] }

source_repository = {
  connection_arn = "arn:aws:codeconnections:ap-northeast-1:123456789012:connection/0f2a"
  repository_id  = "example/statuspage"
}
"""

# The values that the pipeline's stack sets.
NAMES = """
service_name           = "statuspage"
environment_identifier = "production"
region                 = "ap-northeast-1"
"""

# Another region than the other examples', in the same account, under the longest name.
ELSEWHERE = """
service_name           = "statuspage"
environment_identifier = "frankfurt-2"
region                 = "eu-central-1"
availability_zones     = ["eu-central-1a", "eu-central-1b"]
"""


@pytest.fixture(scope="module", autouse=True)
def _quick_providers(forked_providers: None) -> None:
    """Those of the evaluations' workspaces, in tests."""


@pytest.fixture(scope="session")
def evaluated(tmp_path_factory: pytest.TempPathFactory, forking: Forking) -> Evaluate:
    def evaluation(
        name: str, definitions: Path, variables: Sequence[Path | str], *, plans: bool = False
    ) -> Evaluation:
        with forking():
            return evaluate(name, tmp_path_factory, definitions, variables, plans=plans)

    return evaluation


@pytest.fixture(scope="session")
def development(evaluated: Evaluate) -> Evaluation:
    """As `bonkei up` applies them. The tests in tests/e2e begin with it, too."""
    return evaluated(*DEVELOPMENT)


@pytest.fixture(scope="session")
def production(evaluated: Evaluate) -> Evaluation:
    return evaluated(*PRODUCTION)


@pytest.fixture(scope="session")
def example(evaluated: Evaluate) -> Evaluation:
    """The file that a user copies first, in another region."""
    return evaluated("example", INFRASTRUCTURE, [EXAMPLE, ELSEWHERE])


@pytest.fixture(scope="session")
def otherwise(evaluated: Evaluate) -> Evaluation:
    """Production with a domain, and with the other value of every switch."""
    variables = [EXAMPLES / "production.tfvars", OTHERWISE]
    return evaluated("otherwise", INFRASTRUCTURE, variables)


@pytest.fixture(scope="session")
def internal(evaluated: Evaluate) -> Evaluation:
    """As `development`, with a load balancer that has no public address, and deployments that shift
    requests."""
    name, definitions, variables = DEVELOPMENT
    chosen = 'internal_load_balancer = true\ndeployment = { strategy = "LINEAR" }\n'
    return evaluated(f"{name}-internal", definitions, [*variables, chosen])


@pytest.fixture(scope="session")
def terraform_backend(evaluated: Evaluate) -> Evaluation:
    definitions = INFRASTRUCTURE / "terraform_backend"
    return evaluated("terraform-backend", definitions, [NAMES], plans=True)


@pytest.fixture
def expected(request: pytest.FixtureRequest) -> object:
    """The expected value of the claim in the test's name."""
    return CLAIMS[request.node.originalname.removeprefix("test_").replace("_", "-")].expected
