"""AWS Certificate Manager.

https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bonkei.definitions.provider.aws.shared.checks import at, matches
from bonkei.definitions.provider.aws.shared.formats import arn
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.own import own
from bonkei.definitions.provider.aws.shared.resource import resource
from bonkei.definitions.provider.aws.shared.seeds import HEX, LOWER, scatter
from bonkei.definitions.provider.behaviour import Context, DataSource, Problem, ResourceBehaviour
from bonkei.definitions.provider.values import UNKNOWN, Object, Value, given, known_items

_DOMAIN = matches(r"(\*\.)?([a-zA-Z0-9_-]{1,63}\.)+[a-zA-Z][a-zA-Z0-9-]+", "a domain name")


def _certificate(mint: Mint) -> Mapping[str, Value]:
    identifier = mint.arn("acm", f"certificate/{mint.uuid()}")
    domain = str(mint.given("domain_name") or "imported.example")
    alternatives = [
        str(name) for name in known_items(mint.planned.get("subject_alternative_names"))
    ]
    names = list(dict.fromkeys([domain, *alternatives]))
    by_dns = mint.given("validation_method") == "DNS"
    options = mint.given("domain_validation_options")
    asked = [str(option["domain_name"]) for option in options] if options else names
    imported = mint.given("certificate_body") is not None
    private = mint.given("certificate_authority_arn") is not None
    return {
        "id": identifier,
        "arn": identifier,
        "domain_name": domain,
        "subject_alternative_names": names,
        "domain_validation_options": [_validation(mint, name) for name in asked if by_dns],
        "validation_method": "NONE" if imported or private else "EMAIL",
        "key_algorithm": "RSA_2048",
        "renewal_eligibility": "INELIGIBLE",
        "status": "ISSUED" if imported else "PENDING_VALIDATION",
        "type": "IMPORTED" if imported else "AMAZON_ISSUED",
        "options": [{"export": "DISABLED"}],
    }


def _validation(mint: Mint, name: str) -> Mapping[str, str]:
    """The record that proves control of a name. It depends on the account and the name only, not on
    the certificate or the region. A wildcard shares the record of its parent."""
    base = name.removeprefix("*.")
    key, value = (scatter(f"acm/{mint.account}/{base}/{part}", 32, HEX) for part in "kv")
    zone = scatter(f"acm/{mint.account}/{base}", 10, LOWER)
    return {
        "domain_name": name,
        "resource_record_name": f"_{key}.{base}.",
        "resource_record_type": "CNAME",
        "resource_record_value": f"_{value}.{zone}.acm-validations.aws.",
    }


def _known_options(config: Object) -> Object:
    """A plan knows the names already, so that `for_each` can use them. The records are known after
    the apply."""
    alternatives = config.get("subject_alternative_names")
    names = [config.get("domain_name"), *(alternatives if isinstance(alternatives, list) else [])]
    sure = alternatives is None or isinstance(alternatives, list)
    if config.get("validation_method") != "DNS" or not sure or not all(map(given, names)):
        return {}
    later = ("resource_record_name", "resource_record_type", "resource_record_value")
    options = [
        {"domain_name": name, **dict.fromkeys(later, UNKNOWN)} for name in dict.fromkeys(names)
    ]
    return {"domain_validation_options": options}


def _origin(config: Object) -> Iterator[Problem]:
    """A certificate is requested for a domain name, or imported with its key."""
    body, domain = config.get("certificate_body"), config.get("domain_name")
    if body is None and domain is None:
        detail = 'Give "domain_name", or "certificate_body" with "private_key".'
        yield Problem((), "Missing argument", detail)
    if given(domain) and given(body):
        detail = "An imported certificate already contains its names."
        yield Problem(("domain_name",), "Conflicting arguments", detail)


RESOURCES: Mapping[str, ResourceBehaviour] = {
    "aws_acm_certificate": resource(
        _certificate,
        at("domain_name", _DOMAIN),
        at("subject_alternative_names", _DOMAIN),
        _origin,
        force_new="domain_name subject_alternative_names",
        defaults=_known_options,
    ),
    "aws_acm_certificate_validation": resource(
        lambda mint: {"id": mint.context.now.replace("T", " ").replace("Z", " +0000 UTC")},
        at("certificate_arn", arn("acm")),
    ),
}


def _certificates(context: Context) -> Iterator[Object]:
    """A certificate is waited for until it is issued; here that takes no time."""
    for certificate in context.peers("aws_acm_certificate"):
        yield {
            **certificate,
            "status": "ISSUED",
            "certificate": "",
            "certificate_chain": "",
        }


DATA_SOURCES: Mapping[str, DataSource] = {
    "aws_acm_certificate": own("aws_acm_certificate", _certificates, domain="domain_name"),
}
