"""The provider's vocabularies of WAF are those of its API."""

from __future__ import annotations

import botocore.session
import pytest

from bonkei.blueprint.wafv2 import (
    AGGREGATES,
    COMPARISONS,
    POSITIONAL_CONSTRAINTS,
    TEXT_TRANSFORMATIONS,
)
from bonkei.definitions.provider.aws.wafv2.statements import statement_problems
from bonkei.services.edge.waf.transformation import TRANSFORMATIONS

SHAPES = botocore.session.get_session().get_service_model("wafv2")


@pytest.mark.parametrize(
    ("shape", "vocabulary"),
    [
        ("PositionalConstraint", POSITIONAL_CONSTRAINTS),
        ("ComparisonOperator", COMPARISONS),
        ("RateBasedStatementAggregateKeyType", AGGREGATES),
        ("TextTransformationType", TEXT_TRANSFORMATIONS),
    ],
)
def test_a_vocabulary_equals_the_apis(shape: str, vocabulary: tuple[str, ...]) -> None:
    """AWS WAFV2 API Reference, from botocore's service model."""
    assert sorted(vocabulary) == sorted(SHAPES.shape_for(shape).enum)


@pytest.mark.parametrize("name", sorted(TRANSFORMATIONS))
def test_every_transformation_of_the_edge_can_be_defined(name: str) -> None:
    """https://docs.aws.amazon.com/waf/latest/APIReference/API_TextTransformation.html"""
    match = {
        "positional_constraint": "EXACTLY",
        "search_string": "x",
        "field_to_match": [{"uri_path": [{}]}],
        "text_transformation": [{"priority": 0, "type": name}],
    }
    assert list(statement_problems([{"byte_match_statement": [match]}])) == []
