"""The key of an artifact in the artifact bucket."""

from __future__ import annotations

_PIPELINE, _ARTIFACT, _RANDOM = 20, 10, 7


def artifact_key(pipeline: str, artifact: str, random: str) -> str:
    """A key with names shortened as CodePipeline does: `PipelineName20/Artifact10/random7`."""
    return f"{pipeline[:_PIPELINE]}/{artifact[:_ARTIFACT]}/{random[:_RANDOM]}"
