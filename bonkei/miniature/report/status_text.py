"""The text of `bonkei status`, from its plain value. Each part with content has a section."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bonkei.miniature.report.functions import function_rows, topic_rows


def render(status: Mapping[str, Any], *, everything: bool = False) -> str:
    """The status as text: the running parts, and the number of features that are not simulated.
    `everything`: each of these features, with the reason."""
    sections = (
        _console(status["console"]),
        _faults(status["faults"]),
        _listeners(status["edge"]),
        _cloud(status["cloud"]),
        _stacks(status["stacks"]),
        _pipelines(status["pipelines"]),
        _builds(status["builds"]),
        _functions(status["functions"]),
        _messages(status["functions"]),
        _logs(status["logs"]),
        _services(status["tasks"]),
        _tasks(status["tasks"]),
        _failed_tasks(status["tasks"]),
        _targets(status["edge"]),
        _network(status["network"]),
        _databases(status["databases"]),
        _caches(status["caches"]),
        _web_acls(status["edge"]),
        _alarms(status["monitor"]),
        _notes(status),
        _not_simulated(status["not_simulated"]) if everything else _counted(status),
    )
    head = [status["state"]]
    head += [f"  {one['name']}: {one['reason']}" for one in status["unhealthy"]]
    return "\n\n".join(
        ["\n".join(head), *("\n".join(lines) for lines in map(list, sections) if lines)]
    )


def _console(console: Mapping[str, Any] | None) -> Iterator[str]:
    if console:
        pages = f"{console['open']} open" if console["open"] else ""
        yield from _table("CONSOLE", [(console["url"], pages)])
        if console["note"]:
            yield f"  {console['note']}"


def _listeners(edge: Mapping[str, Any]) -> Iterator[str]:
    rows = [
        (listener["name"], listener["url"], f"{listener['requests']} requests")
        for listener in edge["listeners"]
    ]
    yield from _table("LISTENERS", rows)
    full = [one for one in edge["capacities"] if one["refused"] or one["displaced"]]
    for one in full:
        yield (
            f"  {one['open']} of at most {one['limit']} connections ({one['name']}); "
            f"{one['refused']} refused, {one['displaced']} idle ones closed: {one['why']}"
        )
    if exhausted := max((one["exhausted"] for one in edge["capacities"]), default=0):
        yield f"  {exhausted} times no file was left for a connection to a target (`ulimit -n`)"


def _cloud(cloud: Mapping[str, Any] | None) -> Iterator[str]:
    if cloud:
        rows = [(cloud["url"], cloud["region"], f"store {cloud['store']}")]
        yield from _table("AWS ENDPOINT", rows)
        if cloud["ca_file"]:
            yield f"  with TLS on the same port, for clients that trust {cloud['ca_file']}"
        yield from (f"  {note}" for note in cloud["notes"])


def _faults(faults: Mapping[str, Any] | None) -> Iterator[str]:
    """The current faults. Other problems may be their effect."""
    rows = [
        (each["id"], each["words"], f"{each['left']:.0f} s left", ", ".join(each["touches"]))
        for each in (faults or {}).get("active", ())
    ]
    yield from _table("FAULTS, on purpose: `bonkei fault end --all` ends them", rows)


def _stacks(stacks: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    rows = [
        (stack["name"], stack["status"], f"{stack['resources']} resources", stack["reason"])
        for stack in stacks
    ]
    yield from _table("STACKS", rows)


def _pipelines(pipelines: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    rows = [(each["name"], each["status"], each["detail"]) for each in pipelines]
    yield from _table("PIPELINES", rows)


def _builds(builds: Mapping[str, Any] | None) -> Iterator[str]:
    """The running builds, and the last one of each project."""
    if builds:
        rows = [(name, "IN_PROGRESS", phase) for name, phase in builds["running"]]
        yield from _table("BUILDS", [*rows, *builds["last"]])
        yield from (f"  {note}" for note in builds["notes"])


def _alarms(monitor: Mapping[str, Any] | None) -> Iterator[str]:
    """The alarms in ALARM by name, and those that are not measured or evaluated."""
    if not monitor or not monitor["alarms"]:
        return
    alarms = monitor["alarms"]
    count = Counter(alarm["state"] for alarm in alarms)
    counted = ", ".join(f"{count[state]} {state}" for state in _STATES if count[state])
    factor = monitor["compression"]
    pace = f"a minute takes {60 / factor:g} s" if factor > 1 else ""
    yield from _table("ALARMS", [(f"{len(alarms)} alarms", counted, pace)])
    for alarm in alarms:
        if alarm["problem"]:
            yield f"  {alarm['name']} is not evaluated: {alarm['problem']}"
        elif alarm["state"] == "ALARM":
            by = f" (acknowledged by {who})" if (who := alarm["acknowledged_by"]) else ""
            yield f"  {alarm['name']}{by}: {alarm['reason']}"
    if monitor["not_measured"]:
        yield f"  no part measures {', '.join(monitor['not_measured'])}"
    yield from (f"  {note}" for note in monitor["notes"])
    if failed := monitor["failed_actions"]:
        yield f"  {failed} actions of alarms have failed (`bonkei alarm history` shows them)"


_STATES = ("ALARM", "OK", "INSUFFICIENT_DATA")


def _functions(functions: Mapping[str, Any] | None) -> Iterator[str]:
    if functions:
        yield from _table("FUNCTIONS", list(function_rows(functions)))


def _messages(functions: Mapping[str, Any] | None) -> Iterator[str]:
    if functions:
        yield from _table("MESSAGES", list(topic_rows(functions)))


def _logs(logs: Mapping[str, Any] | None) -> Iterator[str]:
    if logs and logs["groups"]:
        size = f"{logs['stored'] / 1e6:.1f} of {logs['limit'] / 1e6:.0f} MB"
        yield from _table("LOG GROUPS", [(f"{logs['groups']} groups", size)])
        yield from (f"  {note}" for note in logs["notes"])


def _services(tasks: Mapping[str, Any] | None) -> Iterator[str]:
    rows = [
        (
            service["name"],
            f"{service['healthy_count']} of {service['desired_count']} healthy",
            f"{service['pending_count']} pending",
            ", ".join(map(_deployment, service["deployments"])),
            " ".join(_because(d) for d in service["deployments"] if d["reason"]),
        )
        for service in (tasks or {}).get("services", ())
    ]
    yield from _table("SERVICES", rows)


def _deployment(deployment: Mapping[str, Any]) -> str:
    state = f"{deployment['task_definition']} {deployment['rollout_state']}"
    return f"{state} ({deployment['traffic']})" if deployment["traffic"] else state


def _because(deployment: Mapping[str, Any]) -> str:
    """The reason. For a COMPLETED deployment, it is an old failure of a task, so it is left out."""
    over = deployment["rollout_state"] == "COMPLETED"
    return f"(earlier: {deployment['reason']})" if over else str(deployment["reason"])


def _tasks(tasks: Mapping[str, Any] | None) -> Iterator[str]:
    rows = [
        (
            task["id"][:8],
            task["task_definition"],
            task["last_status"],
            task["health"],
            task["endpoint"],
            f"{task['cpu_percent']:.1f} % CPU",
            f"{task['memory'] / 2**20:.0f} MiB",
            task["reason"],
        )
        for task in (tasks or {}).get("tasks", ())
    ]
    yield from _table("TASKS", rows)


def _failed_tasks(tasks: Mapping[str, Any] | None) -> Iterator[str]:
    """Of what no service replaces, such as a schedule's: the last ones, if they failed."""
    last = {
        task["started_by"] or task["task_definition"]: task
        for task in (tasks or {}).get("stopped", ())
        if not task["group"].startswith("service:")
    }
    rows = [
        (task["id"][:8], task["task_definition"], task["started_by"], task["reason"])
        for task in last.values()
        if task["failed"]
    ]
    yield from _table("FAILED TASKS", rows)


def _targets(edge: Mapping[str, Any]) -> Iterator[str]:
    rows = [
        (
            group["name"],
            target["task_id"][:8],
            f"{target['host']}:{target['port']}",
            target["state"],
            target["reason"],
        )
        for group in edge["target_groups"]
        for target in group["targets"]
    ]
    yield from _table("TARGETS", rows)
    for group in edge["target_groups"]:
        if group["obstacle"]:
            yield f"  {group['name']} cannot be reached: {group['obstacle']}"


def _network(network: Mapping[str, Any] | None) -> Iterator[str]:
    """The closed ways, each with its obstacle, and what one address means."""
    if network:
        yield from network["at_one_address"]
    if network and network["obstacles"]:
        does = "are closed" if network["enforce"] == "on" else "would be closed"
        yield f"NETWORK: these connections {does}"
        for each in network["obstacles"]:
            yield f"  {each['source']} → {each['target']}: {each['why']}"


def _databases(databases: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    rows = [
        (
            database["identifier"],
            database["status"],
            database["server"],
            database["endpoint"],
            f"{database['cpu_percent']:.1f} % CPU",
            f"{database['memory'] / 2**20:.0f} MiB",
        )
        for database in databases
    ]
    yield from _table("DATABASES", rows)


def _caches(caches: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    rows = [
        (
            cache["identifier"],
            cache["status"],
            cache["server"],
            cache["endpoint"],
            f"{cache['memory'] / 2**20:.0f} MiB",
        )
        for cache in caches
    ]
    yield from _table("CACHES", rows)


def _web_acls(edge: Mapping[str, Any]) -> Iterator[str]:
    rows = [
        (acl["name"], rule["name"], f"{rule['allowed']} allowed", f"{rule['blocked']} blocked")
        for acl in edge["web_acls"]
        for rule in acl["rules"]
    ]
    yield from _table("WEB ACLS", rows)


def _notes(status: Mapping[str, Any]) -> Iterator[str]:
    notes = [*((status["tasks"] or {}).get("notes", ()))]
    rows = [(note["subject"], note["text"]) for note in notes]
    for store in (*status["databases"], *status["caches"]):
        rows += [(store["identifier"], text) for text in store.get("notes", ())]
    yield from _table("NOT AS DEFINED", rows)
    changed = [(one["address"], one["text"]) for one in status.get("outside", ())]
    yield from _table("CHANGED OUTSIDE OF TERRAFORM: see `bonkei plan`", changed)


_CATEGORIES = {
    "missing": "NOT SIMULATED",
    "unknown": "NOT KNOWN TO BONKEI",
    "declarative": "NOTHING TO RUN HERE: AWS enforces it",
}


_COUNTED = {
    "missing": "not simulated",
    "unknown": "not known to Bonkei",
    "declarative": "nothing to run here: AWS enforces them",
}


def _counted(status: Mapping[str, Any]) -> Iterator[str]:
    parts = status["not_simulated"]
    kinds = {
        category: len({part["kind"] for part in parts if part["category"] == category})
        for category in _COUNTED
    }
    rows = [(f"{n} kind{'s' * (n != 1)} of things", _COUNTED[key]) for key, n in kinds.items() if n]
    yield from _table("NOT RUN: `bonkei status --all` lists each, with the reason", rows)


def _not_simulated(parts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """One line for each reason and kind, with the count. Features that could run here come
    first."""
    for category, title in _CATEGORIES.items():
        counts: dict[tuple[str, str], int] = {}
        for part in parts:
            if part["category"] == category:
                key = (part["kind"], part["reason"])
                counts[key] = counts.get(key, 0) + int(part["count"])
        yield from _table(title, [(kind, f"×{n}", why) for (kind, why), n in counts.items()])


def _table(title: str, rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The rows in columns, below a title; nothing without rows."""
    if not rows:
        return
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    yield title
    for row in rows:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()
