"""Write the models of the AWS services that Bonkei answers itself, as data, from botocore's.

    python -m scripts.extract_service_models

botocore (Apache-2.0) is in the development environment. Only the documentation is left
out of a model, so an operation that Bonkei answers later needs no new data. `service-models.json`
lists the files with their sources. A file is read when its service is first called.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import botocore
from botocore.loaders import Loader

OUTPUT = Path(__file__).parent.parent / "bonkei/services/endpoint/wire/data"
SERVICES = (
    "application-autoscaling", "cloudformation", "cloudwatch", "codebuild", "codecommit",
    "codepipeline", "ecr", "ecs", "elbv2", "events", "iam", "lambda", "logs", "rds", "scheduler",
    "secretsmanager", "service-quotas", "servicediscovery", "sns", "sts",
)  # fmt: skip
"""By botocore's names. To carry another service, add it here and run this."""

_TOLD = {"documentation", "documentationUrl"}

Json = Any


def main() -> None:
    """Write a file for each service, and the list of them; say how much there is."""
    OUTPUT.mkdir(exist_ok=True)
    listed: dict[str, Json] = {}
    for name in SERVICES:
        model = extract(Loader().load_service_model(name, "service-2"))
        text = json.dumps(model, sort_keys=True, separators=(",", ":"))
        (OUTPUT / f"{name}.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))
        metadata = model["metadata"]
        listed[name] = {
            "signed_as": metadata.get("signingName", metadata["endpointPrefix"]),
            "version": metadata["apiVersion"],
        }
    source = f"botocore {botocore.__version__} (Apache-2.0)"
    document = {"source": source, "services": listed}
    (OUTPUT / "service-models.json").write_text(json.dumps(document, indent=1) + "\n")
    size = sum(file.stat().st_size for file in OUTPUT.iterdir())
    print(f"{source}: {len(listed)} services, {size // 1000} kB")  # the command's answer


def extract(model: Json) -> Json:
    """The model without the parts for people. A member may be called `documentation`: that one
    stays.
    """
    shapes = {}
    for name, shape in model["shapes"].items():
        kept = _without(shape)
        if "members" in kept:
            kept["members"] = {one: _without(ref) for one, ref in shape["members"].items()}
        for part in ("member", "key", "value"):
            if part in kept:
                kept[part] = _without(shape[part])
        shapes[name] = kept
    operations = {}
    for name, operation in model["operations"].items():
        kept = _without(operation)
        for part in ("input", "output"):
            if part in kept:
                kept[part] = _without(operation[part])
        kept["errors"] = [_without(error) for error in operation.get("errors", ())]
        operations[name] = kept
    return {"metadata": model["metadata"], "operations": operations, "shapes": shapes}


def _without(part: Json) -> Json:
    return {name: value for name, value in part.items() if name not in _TOLD}


if __name__ == "__main__":
    main()
