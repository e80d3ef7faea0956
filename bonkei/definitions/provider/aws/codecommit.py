"""AWS CodeCommit: repositories.

https://docs.aws.amazon.com/codecommit/latest/APIReference/API_CreateRepository.html
"""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.shared.checks import at, length, matches
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.own import by_own_names
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.behaviour import ResourceBehaviour
from bonkei.definitions.provider.values import Value


def _repository(mint: Mint) -> Mapping[str, Value]:
    name = mint.given("repository_name")
    host = f"git-codecommit.{mint.region}.{mint.suffix}"
    return {
        "id": name,
        "arn": mint.arn("codecommit", str(name)),
        "repository_id": mint.uuid(),
        "clone_url_http": f"https://{host}/v1/repos/{name}",
        "clone_url_ssh": f"ssh://{host}/v1/repos/{name}",
    }


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_codecommit_repository": resource(
        _repository,
        at("repository_name", length(1, 100), matches(r"[\w.-]+", "letters, digits and ._-")),
        import_="repository_name",
    ),
}

DATA_SOURCES = by_own_names("aws_codecommit_repository")
