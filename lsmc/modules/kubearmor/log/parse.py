"""One line of a log as an alert of KubeArmor: a JSON object, perhaps behind a prefix."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from lsmc.logs.envelope import Envelope
from lsmc.logs.record import LogError, LogPlace
from lsmc.modules.kubearmor.log.record import Record, Type
from lsmc.modules.kubearmor.log.request import operation_of
from lsmc.modules.kubearmor.selectors import HOST

#: What every alert and log of KubeArmor has, and nothing else.
SIGN = '"hostPPid"'
#: Bytes of a value that are kept.
_LONGEST = 4096
_UPPER = re.compile(r"(?<=[a-z0-9])([A-Z])")
#: The names of an alert's fields that are attributes of a record under another name, or its own.
_ATTRIBUTES = {
    "operation": "category",
    "resource": "resource",
    "data": "data",
    "enforcer": "enforcer",
    "policyName": "policy_name",
    "action": "action",
    "result": "result",
    "processName": "process_name",
    "parentProcessName": "parent_process_name",
    "source": "command",
    "podName": "pod_name",
    "containerName": "container_name",
    "hostName": "host_name",
    "severity": "severity",
}
_NUMBERS = {"hostPid": "pid", "uid": "uid", "timestamp": "epoch"}
_KNOWN = _ATTRIBUTES.keys() | _NUMBERS.keys()
_LABELS = ("namespaceName", "labels")


def read_message(message: Envelope, source: LogPlace | None = None) -> Record | None:
    """The record of a message; None where it is somebody else's.

    Raises `LogError` for a record that cannot be read.
    """
    text = message.text
    if SIGN not in text:
        return None
    try:
        alert = json.loads(text[max(text.find("{"), 0) :])
    except (ValueError, RecursionError):
        raise LogError("the alert is no JSON object: the line is cut off", Record()) from None
    if not isinstance(alert, dict):
        return None
    record = _record(alert)
    if record.category is None:
        raise LogError("the alert names no `operation`", record)
    return record._replace(source=source)


def _record(alert: Mapping[str, Any]) -> Record:
    own: dict[str, Any] = {name: _text(alert.get(key)) for key, name in _ATTRIBUTES.items()}
    own |= {name: _number(alert.get(key)) for key, name in _NUMBERS.items()}
    rest = [(_UPPER.sub(r"_\1", key).lower(), _value(alert[key])) for key in alert.keys() - _KNOWN]
    fields = tuple(sorted((name, value) for name, value in rest if value is not None))
    record = Record(event_type=_type(alert), subject=_subject(alert), fields=fields, **own)
    return record._replace(operation=operation_of(record))


def _type(alert: Mapping[str, Any]) -> Type:
    if not str(alert.get("type", "")).startswith("Matched"):
        return "LOGGED"
    if alert.get("result") != "Passed":
        return "DENIED"
    return "AUDITED" if str(alert.get("action", "")).startswith("Audit") else "ALLOWED"


def _subject(alert: Mapping[str, Any]) -> str:
    """The container by namespace and labels; the node where there is no container."""
    namespace, labels = (_text(alert.get(name)) or "" for name in _LABELS)
    if not namespace and not _text(alert.get("containerName")):
        return HOST
    pairs = [part.strip() for part in labels.split(",") if part.strip().find("=") > 0]
    return ",".join([f"namespace={namespace or 'default'}", *sorted(pairs)])


def _text(value: object) -> str | None:
    return value[:_LONGEST] if isinstance(value, str) and value else None


def _number(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 62:
        return value
    return None


def _value(value: object) -> str | int | None:
    return _text(value) if isinstance(value, str) else _number(value)
