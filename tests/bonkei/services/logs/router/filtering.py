"""Records through a pipeline with one filter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bonkei.services.logs.router.configuration.load import load_text
from bonkei.services.logs.router.configuration.validate import validate
from bonkei.services.logs.router.pipeline import Pipeline, make_pipeline


def make(text: str, tmp_path: Path, name: str = "f.conf") -> Pipeline:
    configuration = load_text(text, tmp_path / name, {"HOSTNAME": "fluent"})
    validate(configuration)
    return make_pipeline(configuration)


def run(pipeline: Pipeline, *records: dict[str, Any], tag: str = "test") -> list[Any]:
    """(tag, record) of all output, including records that were held back."""
    batches = pipeline.run(tag, [(n, record) for n, record in enumerate(records)], 0.0)
    batches += pipeline.flush(1.0, everything=True)
    return [(found, record) for found, events in batches for _, record in events]


def records(*found: Any) -> list[Any]:
    return [record for each in found for _, record in each]


FILTER = "[SERVICE]\n    storage.path /b\n[FILTER]\n    Match *\n    Name "
