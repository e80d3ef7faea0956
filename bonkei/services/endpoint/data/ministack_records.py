"""The journal's entries for each service: how a change is recorded and replayed."""

import copy

from ministack.services import dynamodb, kms, s3, sqs, ssm

_READS = ("BatchGet", "Describe", "Get", "List", "Query", "Scan", "Select")
_RECORDED = {
    "sqs": {"SendMessage", "SendMessageBatch", "DeleteMessage", "DeleteMessageBatch", "PurgeQueue",
            "ReceiveMessage", "ChangeMessageVisibility", "ChangeMessageVisibilityBatch"},
    "dynamodb": {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems",
                 "ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"},
    "kms": {"Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext",
            "GenerateDataKeyPair", "GenerateRandom", "Sign", "Verify", "GenerateMac", "VerifyMac"},
}  # fmt: skip
"""Operations that change nothing, or only things with their own records."""
_STORES = {
    "ssm": (ssm, "_parameters _parameter_history _tags _commands _service_settings"),
    "kms": (kms, "_keys _aliases _alias_dates _grants"),
}
SERVICES = frozenset({"s3", "sqs", "dynamodb", *_STORES})


def items(add):
    """Let `add` receive each written or deleted item."""
    put, remove = dynamodb._set_item, dynamodb._remove_item

    def set_item(table, pk, sk, item):
        add("item", table["TableArn"], pk, sk, item)
        return put(table, pk, sk, item)

    def remove_item(table, pk, sk):
        add("item", table["TableArn"], pk, sk, None)
        return remove(table, pk, sk)

    dynamodb._set_item, dynamodb._remove_item = set_item, remove_item


def messages(add):
    """Call `add` for each message that is sent or deleted, by any client."""

    def sends(module, name, queue_of):
        operation = getattr(module, name)

        def send(*values, **named):
            queue = queue_of(*values)
            before = len(queue["messages"]) if queue else 0
            answer = operation(*values, **named)
            for message in queue["messages"][before:] if queue else ():
                key = message.get("dedup_cache_key")
                known = queue["dedup_cache"].get(key) if key else None
                add("sent", queue["attributes"]["QueueArn"], message, key, known)
            return answer

        setattr(module, name, send)
        return send

    def deletes(name, handles_of):
        operation = sqs._HANDLERS[name]

        def delete(data, url):
            handles = set(handles_of(data))
            queue = sqs._get_q(data.get("QueueUrl", url))
            gone = [each["id"] for each in queue["messages"] if each["receipt_handle"] in handles]
            answer = operation(data, url)
            add("gone", gone)
            return answer

        sqs._HANDLERS[name] = delete

    sqs._HANDLERS["SendMessage"] = sends(
        sqs, "_act_send_message", lambda data, url: sqs._get_q(data.get("QueueUrl", url))
    )
    sends(s3, "_deliver_event_to_sqs", lambda arn, *_: sqs._queue_by_arn(arn))
    deletes("DeleteMessage", lambda data: [data.get("ReceiptHandle")])
    deletes(
        "DeleteMessageBatch",
        lambda data: [each.get("ReceiptHandle") for each in data.get("Entries", ())],
    )
    purge = sqs._HANDLERS["PurgeQueue"]

    def purged(data, url):
        queue = sqs._get_q(data.get("QueueUrl", url))
        gone = [each["id"] for each in queue["messages"]]
        answer = purge(data, url)
        add("gone", gone)
        return answer

    sqs._HANDLERS["PurgeQueue"] = purged


def state(service):
    """The service's state, without the parts that have their own records."""
    if service == "s3":
        return s3.get_state()
    if service == "dynamodb":
        return _without(dynamodb, "_tables", "items", "_index_members")
    if service == "sqs":
        return _without(sqs, "_queues", "messages", "dedup_cache")
    return _STORES[service][0].get_state()


def _without(module, name, *parts):
    """The module's state, created without a copy of its largest parts."""
    store = getattr(module, name)
    light = type(store)()
    light._data = {
        key: {part: value for part, value in each.items() if part not in parts}
        for key, each in store._data.items()
    }
    setattr(module, name, light)
    try:
        return module.get_state()
    finally:
        setattr(module, name, store)


def changes(service, method, path, headers, body):
    """Whether a call may have changed state that has no records of its own."""
    if service == "s3":
        return method in ("PUT", "POST", "DELETE") and "/" not in path.strip("/")
    operation = _operation(headers, body)
    return not operation.startswith(_READS) and operation not in _RECORDED.get(service, ())


def reads(service, method, headers, body):
    """Whether a call writes nothing to disk."""
    if service == "s3":
        return method in ("GET", "HEAD")
    return _operation(headers, body).startswith((*_READS, "Receive"))


def _operation(headers, body):
    if target := headers.get("x-amz-target", ""):
        return target.rpartition(".")[2]
    parts = bytes(body).decode("latin-1").split("&")
    return next((part[7:] for part in parts if part.startswith("Action=")), "")


def _again_item(arn, pk, sk, item):
    _, _, _, region, account, resource = arn.split(":", 5)
    table = dynamodb._tables.get_scoped(account, region, resource.partition("/")[2])
    if table is not None and item is None:
        dynamodb._remove_item(table, pk, sk)
    elif table is not None:
        dynamodb._set_item(table, pk, sk, item)


def _again_sent(arn, message, key, known):
    queue = sqs._queue_by_arn(arn)
    if queue is None or any(each["id"] == message["id"] for each in queue["messages"][-1000:]):
        return
    queue["messages"].append(message)
    if key and known:
        queue["dedup_cache"][key] = known
    if message.get("seq"):
        queue["fifo_seq"] = max(queue["fifo_seq"], int(message["seq"]))


def _again_gone(ids):
    """Delete messages from the queue that holds them now. They may have moved to a dead-letter
    queue."""
    gone = set(ids)
    for queue in sqs._queues._data.values():
        if any(each["id"] in gone for each in queue["messages"]):
            queue["messages"] = [each for each in queue["messages"] if each["id"] not in gone]


def _again_state(service, state):
    if service == "s3":
        for name in set(s3._buckets._data) - set(state["buckets_meta"]._data):
            del s3._buckets._data[name]
        _clear(s3._PERSISTED_BUCKET_DICTS.values())
        s3.load_persisted_state(state)
    elif service == "dynamodb":
        _merge(dynamodb._tables, state.pop("tables"), {"items": {}})
        _clear(getattr(dynamodb, f"_{name}") for name in state)
        dynamodb.load_persisted_state({"tables": type(dynamodb._tables)(), **state})
    elif service == "sqs":
        _merge(sqs._queues, state["queues"], {"messages": [], "dedup_cache": {}})
        sqs._restore_state({"queues": {}})
    elif service in _STORES:  # an older home's journal may name SNS
        module, names = _STORES[service]
        _clear(getattr(module, name) for name in names.split())
        module.load_persisted_state(state)


def _merge(store, state, empty):
    for key in set(store._data) - set(state._data):
        del store._data[key]
    for key, each in state._data.items():
        store._data.setdefault(key, copy.deepcopy(empty)).update(each)
        store._data[key].pop("_index_members", None)


def _clear(stores):
    for store in stores:
        store._data.clear()


AGAIN = {"item": _again_item, "sent": _again_sent, "gone": _again_gone, "state": _again_state}
