"""Documents of brackets without an end: JSON's reader raises RecursionError for them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bonkei.base.aws_service import AwsServiceError
from bonkei.base.vault import MemoryVault
from bonkei.definitions.provider.aws.shared.policy_document import PolicyDocumentError, render
from bonkei.grammar.dockerfile.copies import exec_form
from bonkei.miniature.console.metrics import parse
from bonkei.services.codepipeline.actions.codebuild import _environment
from bonkei.services.console import ConsoleError
from bonkei.services.rds.master import master_password
from tests.bonkei.services.rds.conftest import SECRET, cluster

DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("read", "error", "said"),
    [
        (_environment, AwsServiceError, "is not a JSON array of variables"),
        (parse, ConsoleError, "this is not a metric"),
        (lambda text: render({"source_policy_documents": [text]}), PolicyDocumentError, "JSON"),
    ],
)
def test_they_are_refused_as_any_other_text_that_is_not_a_document(
    read: Callable[[str], object], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        read(DEEP)


def test_a_command_of_them_is_one_for_the_shell() -> None:
    assert exec_form(DEEP) is None


def test_a_password_of_them_is_a_password() -> None:
    assert master_password(cluster(), MemoryVault({SECRET: DEEP})) == DEEP
