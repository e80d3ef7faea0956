"""Tells MiniStack the protocols of the services that it answers for the miniature.

It looks them up for the type of each answer, in botocore's models: for two facts of each service it
would load 10 MiB, and half a second at the first call.

Source: the models' `metadata`; `tests/bonkei/services/endpoint/test_protocols.py` compares them.
"""

from types import SimpleNamespace

PROTOCOLS = {
    "s3": {"protocol": "rest-xml"},
    "sqs": {"protocol": "json", "jsonVersion": "1.0"},
    "dynamodb": {"protocol": "json", "jsonVersion": "1.0"},
    "dynamodbstreams": {"protocol": "json", "jsonVersion": "1.0"},
    "ssm": {"protocol": "json", "jsonVersion": "1.1"},
    "kms": {"protocol": "json", "jsonVersion": "1.1"},
}


def install():
    """Other services are looked up as before."""
    from ministack.core import responses  # noqa: PLC0415 - the table is for tests, too

    usual = responses._service_model
    known = {name: SimpleNamespace(metadata=given) for name, given in PROTOCOLS.items()}
    responses._service_model = lambda service: known.get(service) or usual(service)
