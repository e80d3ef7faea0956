"""From the blueprint to the wanted things."""

from __future__ import annotations

from collections import Counter

from bonkei.base.arn import Arn
from bonkei.blueprint import Blueprint
from bonkei.services.endpoint.provision.buckets import buckets, late_settings, stored_object
from bonkei.services.endpoint.provision.keys import keys
from bonkei.services.endpoint.provision.parameters import parameters
from bonkei.services.endpoint.provision.queues import queues
from bonkei.services.endpoint.provision.step import Thing
from bonkei.services.endpoint.provision.tables import tables

FALLBACK_REGION = "us-east-1"


def wanted(blueprint: Blueprint, region: str) -> tuple[Thing, ...]:
    """All declared things of the store, in a possible order of creation. Topics belong to another
    service."""
    return (
        *keys(blueprint.keys),
        *buckets(blueprint.buckets, region),
        *queues(blueprint.queues),
        *late_settings(blueprint.buckets, region),
        *(stored_object(stored, region) for stored in blueprint.objects),
        *tables(blueprint.tables),
        *parameters(blueprint.parameters),
    )


def find_region(blueprint: Blueprint) -> str:
    """The region of most declared resources."""
    regions = Counter(region for arn in blueprint.arns if (region := Arn.of(arn).region))
    return regions.most_common(1)[0][0] if regions else FALLBACK_REGION
