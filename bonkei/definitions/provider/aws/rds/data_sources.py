"""Databases of this stack, and versions of engines."""

from __future__ import annotations

from collections.abc import Mapping

from bonkei.definitions.provider.aws.rds.databases import family
from bonkei.definitions.provider.aws.shared.own import by_own_names, own
from bonkei.definitions.provider.behaviour import Context, DataSource, Refused
from bonkei.definitions.provider.values import Object


def _engine_version(config: Object, _: Context) -> Object:
    """The requested version, or the first of the preferred ones. The newest version is not
    known."""
    engine = str(config.get("engine"))
    preferred = config.get("preferred_versions") or []
    version = str(config.get("version") or (preferred[0] if preferred else ""))
    if not version:
        raise Refused(
            "the newest version of a database is not known here",
            'Set "version" or "preferred_versions".',
        )
    return {
        "id": version,
        "engine": engine,
        "version": version,
        "version_actual": version,
        "parameter_group_family": config.get("parameter_group_family") or family(engine, version),
        "status": "available",
    }


DATA_SOURCES: Mapping[str, DataSource] = {
    **by_own_names("aws_db_parameter_group aws_db_proxy aws_db_subnet_group aws_rds_cluster"),
    "aws_db_instance": own("aws_db_instance", db_instance_identifier="identifier"),
    "aws_rds_engine_version": DataSource(read=_engine_version),
}
