"""The common parts of RDS's clusters and instances: names, windows, keys, secrets.

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Mapping

from bonkei.definitions.provider.aws.shared.checks import Check, Rule, at, lacks, length, matches
from bonkei.definitions.provider.aws.shared.formats import arn
from bonkei.definitions.provider.aws.shared.naming import Mint
from bonkei.definitions.provider.aws.shared.seeds import LOWER, UPPER, scatter
from bonkei.definitions.provider.behaviour import Context, Problem, Refused
from bonkei.definitions.provider.values import Object, Value, given

PORTS = {"postgres": 5432, "mysql": 3306, "mariadb": 3306, "oracle": 1521, "sqlserver": 1433}


CLUSTER_ENGINES = ("aurora-mysql", "aurora-postgresql", "mysql", "postgres", "neptune")


IDENTIFIER: tuple[Check, ...] = (
    length(1, 63),
    matches(r"[0-9a-z-]+", "lower-case letters, digits and hyphens"),
    matches(r"[a-z].*", "a letter first"),
    lacks("--|-$", "have two hyphens in a row or one at its end"),
)


def database_domain(mint: Mint) -> str:
    """`c9akciq32rgw.us-east-1.rds.amazonaws.com`. The first part depends on the account and the
    region."""
    own = scatter(f"rds/{mint.account}/{mint.region}", 11, LOWER)
    return f"c{own}.{mint.region}.rds.{mint.suffix}"


def default_port(engine: str) -> int:
    return next((port for name, port in PORTS.items() if name in engine), 3306)


def resource_id(mint: Mint, prefix: str) -> str:
    """26 capitals and digits, as of a cluster or an instance."""
    return f"{prefix}-{mint.random(26, UPPER, prefix)}"


def window(mint: Mint, label: str) -> str:
    """Half an hour, as RDS would choose it. It stays the same for the life of the resource."""
    start = int(mint.random(6, label=label), 16) % 48
    end = (start + 1) % 48
    return "-".join(f"{point // 2:02}:{point % 2 * 30:02}" for point in (start, end))


def maintenance_window(mint: Mint) -> str:
    day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][
        int(mint.random(6, label="day"), 16) % 7
    ]
    start, end = window(mint, "maintenance").split("-")
    after = {"mon": "tue", "tue": "wed", "wed": "thu", "thu": "fri", "fri": "sat", "sat": "sun"}
    return f"{day}:{start}-{after.get(day, 'mon') if end < start else day}:{end}"


def default_key(mint: Mint, service: str) -> str:
    """The key that AWS manages for a service in this account and region."""
    digits = scatter(f"alias/aws/{service}/{mint.account}/{mint.region}", 32, "0123456789abcdef")
    parts = (digits[:8], digits[8:12], f"4{digits[13:16]}", f"a{digits[17:20]}", digits[20:])
    return mint.arn("kms", f"key/{'-'.join(parts)}")


def actual(version: str) -> str:
    """The version that runs: the newest minor version of a major one."""
    newest = {"14": "14.18", "15": "15.13", "16": "16.9", "17": "17.5", "18": "18.1"}
    return newest.get(version, version)


def family(engine: str, version: str) -> str:
    """A default parameter group's family: `aurora-postgresql17`, `aurora-mysql8.0`, `mysql8.0`."""
    if "postgres" in engine:
        return f"{engine}{version.partition('.')[0]}"
    return f"{engine}{'.'.join(version.split('.')[:2])}"


_SURE_FAMILY = re.compile(r"(aurora-postgresql|postgres)\d{2}|(aurora-mysql|mysql|mariadb)\d+\.\d+")
"""How `family` spells those that it knows by the version alone."""


def group_fits(mint: Mint, kind: str, argument: str, engine: str, version: str) -> None:
    """A declared parameter group is of the engine's own family. Raises Refused."""
    name, wanted = mint.given(argument), family(engine, version)
    groups = (each for each in mint.context.peers(kind) if each.get("name") == name)
    found = str(next(groups, {}).get("family") or wanted)
    if _SURE_FAMILY.fullmatch(wanted) and found != wanted:
        raise Refused(
            f"InvalidParameterCombination: The Parameter Group {name} with DBParameterGroupFamily"
            f" {found} can't be used for this instance. Please use a Parameter Group with"
            f" DBParameterGroupFamily {wanted}",
            f"The engine is {engine} {version}.",
            (argument,),
        )


def may_upgrade(mint: Mint, kind: str, argument: str, engine: str, version: str) -> None:
    """Another major version needs a flag, and is a newer one. Raises Refused.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBCluster.html
    """
    if mint.context.generation == 1:
        return
    own = (each for each in mint.context.peers(kind) if each.get(argument) == mint.given(argument))
    before = str(next(own, {}).get("engine_version") or version)
    majors = [each.partition(".")[0] for each in (before, version)]
    if "postgres" not in engine or majors[0] == majors[1]:
        return
    said = (
        "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version."
    )
    if all(map(str.isdecimal, majors)) and int(majors[0]) > int(majors[1]):
        said = f"Cannot upgrade {engine} from {before} to {version}"
    elif mint.given("allow_major_version_upgrade") is True:
        return
    raise Refused(f"InvalidParameterCombination: {said}", "", ("engine_version",))


def master_secret(mint: Mint) -> list[Mapping[str, Value]]:
    """Secrets Manager's secret of a cluster whose password RDS manages.

    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html
    """
    if mint.given("manage_master_user_password") is not True:
        return []
    name = f"rds!cluster-{mint.uuid('master')}"
    tail = mint.random(6, UPPER + LOWER, "master")
    return [
        {
            "secret_arn": mint.arn("secretsmanager", f"secret:{name}-{tail}"),
            "kms_key_id": mint.given("master_user_secret_kms_key_id")
            or default_key(mint, "secretsmanager"),
            "secret_status": "active",
        }
    ]


def keep_master(config: Object, state: Object, context: Context) -> None:
    """The database gets the password of the definitions, if they have one: so do programs. Another
    is made at the first apply for each secret that RDS manages, also without a server here."""
    names = ("master_password", "master_password_wo", "password", "password_wo")
    password = next((config.get(name) for name in names if given(config.get(name))), None)
    kept = {str(state["arn"]): password} if password and given(state.get("arn")) else {}
    for each in _managed(state):
        if context.vault.get(each) is None and not context.vault.withheld(each):
            kept[each] = secrets.token_urlsafe(24)
    user = state.get("master_username") or state.get("username")
    for each, made in kept.items():
        context.vault.put(each, json.dumps({"username": user, "password": made}))


def forget_master(state: Object, context: Context) -> None:
    if given(state.get("arn")):
        context.vault.delete(str(state["arn"]))
    for each in _managed(state):
        context.vault.delete(each)


def _managed(state: Object) -> Iterator[str]:
    for secret in state.get("master_user_secret") or ():
        if isinstance(secret, Mapping) and given(secret.get("secret_arn")):
            yield str(secret["secret_arn"])


def _weekly_window(value: Value) -> str | None:
    days = "mon|tue|wed|thu|fri|sat|sun"
    time = r"([01]\d|2[0-3]):[0-5]\d"
    if re.fullmatch(f"({days}):{time}-({days}):{time}", str(value).lower()):
        return None
    return f'"{value}" is not a weekly window, such as sun:18:00-sun:18:30 (UTC).'


_DAILY_WINDOW = matches(
    r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d", "a daily window, such as 16:00-16:30 (UTC)"
)


def windows_apart(backup: str, maintenance: str) -> Rule:
    """RDS: "The backup window and maintenance window must not overlap"."""

    def check(config: Object) -> Iterator[Problem]:
        daily, weekly = config.get(backup), config.get(maintenance)
        if not given(daily) or not given(weekly):
            return
        times = re.findall(r"(\d\d):(\d\d)", f"{daily} {weekly}")
        if len(times) == 4:
            first, end, other, last = (int(hour) * 60 + int(minute) for hour, minute in times)
            if (other - first) % _DAY < (end - first) % _DAY or (first - other) % _DAY < (
                last - other
            ) % _DAY:
                detail = f"It overlaps the backups at {daily}, which RDS refuses."
                yield Problem((maintenance,), "Overlapping windows", detail)

    return check


_DAY = 24 * 60


# Rules for the monitoring and windows of clusters and their instances.
OPERATION: tuple[Rule, ...] = (
    at("monitoring_role_arn", arn("iam")),
    at("preferred_backup_window", _DAILY_WINDOW),
    at("preferred_maintenance_window", _weekly_window),
    windows_apart("preferred_backup_window", "preferred_maintenance_window"),
)
