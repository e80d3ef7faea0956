"""AWS CodeCommit: repositories."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.cloudformation.resources.kind import Kind, Made, Request, plain


def _repository(request: Request) -> Made:
    given, place = request.properties, request.place
    name = str(given["RepositoryName"])
    arn = place.arn("codecommit", name)
    host = f"git-codecommit.{place.region}.{place.suffix}/v1/repos/{name}"
    identifier = request.uuid()
    state = {
        "id": name,
        "repository_name": name,
        "repository_id": identifier,
        "arn": arn,
        **plain(given, "KmsKeyId", description="RepositoryDescription"),
        "clone_url_http": f"https://{host}",
        "clone_url_ssh": f"ssh://{host}",
        "tags": request.all_tags(),
    }
    attributes = {
        "Arn": arn,
        "Name": name,
        "CloneUrlHttp": f"https://{host}",
        "CloneUrlSsh": f"ssh://{host}",
    }
    return Made(identifier, attributes, (("aws_codecommit_repository", state),))


KINDS: Mapping[str, Kind] = {
    "AWS::CodeCommit::Repository": Kind(
        _repository,
        named_by="RepositoryName",
        unserved={
            "Code": "a repository begins empty: push to it",
            "Triggers": "a push triggers pipelines only",
        },
    ),
}
