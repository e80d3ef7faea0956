"""Creates, changes and removes log groups in the store, as the definitions declare them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bonkei.blueprint import Blueprint
from bonkei.blueprint.logs.log_group import LogGroup as DeclaredGroup
from bonkei.services.logs.api.subscriptions import is_function
from bonkei.services.logs.store.documents import GroupDocument, ResourcePolicy, Subscription
from bonkei.services.logs.store.log_store import LogStore


def follow(store: LogStore, blueprint: Blueprint) -> tuple[str, ...]:
    """Make the store equal to the definitions. Groups that the definitions never declared stay. The
    notes name the settings that are not simulated."""
    wanted = {group.name: group for group in blueprint.log_groups}
    for name, group in store.groups.items():
        if group.document.declared and name not in wanted:
            store.delete_group(name)
    for name, declared in wanted.items():
        document = _document(store, declared, blueprint)
        if not store.has_group(name):
            store.create_group(document)
        elif store.group(name).document != document:
            store.group(name).change(document)
    _streams(store, blueprint)
    _policies(store, blueprint)
    return tuple(_notes(blueprint))


def _document(store: LogStore, declared: DeclaredGroup, blueprint: Blueprint) -> GroupDocument:
    found = store.group(declared.name).document if store.has_group(declared.name) else None
    before = {each.name: each for each in found.subscriptions} if found else {}
    subscriptions = tuple(
        Subscription(
            name=each.name,
            pattern=each.pattern,
            destination_arn=each.destination_arn,
            role_arn=each.role_arn,
            distribution=each.distribution,
            created=before[each.name].created if each.name in before else store.now,
            declared=True,
        )
        for each in blueprint.subscription_filters
        if each.log_group_name == declared.name and is_function(each.destination_arn)
    )
    named = {each.name for each in subscriptions}
    others = tuple(e for e in before.values() if not e.declared and e.name not in named)
    return GroupDocument(
        name=declared.name,
        created=found.created if found else store.now,
        retention=declared.retention,
        kms_key_id=declared.kms_key_id,
        log_class=declared.log_class,
        deletion_protected=declared.deletion_protected,
        declared=True,
        tags=dict(declared.tags),
        subscriptions=(*subscriptions, *others),
    )


def _streams(store: LogStore, blueprint: Blueprint) -> None:
    wanted = {(each.log_group_name, each.name) for each in blueprint.log_streams}
    for group in store.groups.values():
        for name, stream in tuple(group.streams.items()) if group.document.declared else ():
            if stream.document.declared and (group.name, name) not in wanted:
                store.delete_stream(group.name, name)
    for group_name, name in sorted(wanted):
        if store.has_group(group_name) and name not in store.group(group_name).streams:
            store.group(group_name).create_stream(name, store.now, declared=True)


def _policies(store: LogStore, blueprint: Blueprint) -> None:
    kept = {name: policy for name, policy in store.policies.items() if not policy.declared}
    for each in blueprint.log_resource_policies:
        name = each.name or each.address
        before = store.policies.get(name)
        policy = ResourcePolicy(name, each.document, store.now, declared=True)
        same = before is not None and before.document == policy.document
        kept[name] = replace(policy, updated=before.updated) if before and same else policy
    if kept != store.policies:
        store.set_policies(kept)


def _notes(blueprint: Blueprint) -> Iterator[str]:
    for each in blueprint.subscription_filters:
        if not is_function(each.destination_arn):
            yield f"{each.address}: {each.destination_arn} is not simulated: nothing is passed on"
