"""An alert of KubeArmor as data: which container did what, and which policy it matched.

The fields are those of the alerts that `karmor logs --json` and the relay write, under their own
names in small letters.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from lsmc.logs.record import LogPlace, Outcome

#: Refused; let through by an Audit or by an audit posture; let through by an Allow; a plain log.
Type = Literal["DENIED", "AUDITED", "ALLOWED", "LOGGED", "INVALID"]
_OUTCOMES: dict[Type, Outcome] = {
    "DENIED": "refused",
    "AUDITED": "complained",
    "ALLOWED": "allowed",
    "LOGGED": "allowed",
}
#: What `policyName` says where no entry matched.
POSTURE = "DefaultPosture"


class Record(NamedTuple):
    """One alert; None means that it says nothing of a field.

    Attributes:
        event_type: how the access ended.
        epoch: when, in seconds since 1970.
        subject: the container by its namespace and labels, as questions name it.
        category: File, Process, Network, Capabilities, Syscall: the alert's `operation`.
        operation: what was done, as questions name it.
        resource: what was accessed, as the alert writes it.
        data: the hook or the system call.
        enforcer: what reported it: AppArmor, BPFLSM, or the monitor.
        policy_name: the policy that matched.
        action: what the policy asks for.
        result: how the access ended, in words.
        process_name: the program that asked.
        parent_process_name: the program of its parent.
        command: what was run.
        pid: the process on the host.
        uid: its user.
        pod_name: the pod.
        container_name: the container.
        host_name: the node.
        severity: how bad the policy calls it.
        fields: whatever else the alert names, by name.
        source: where it stands.
    """

    event_type: Type = "INVALID"
    epoch: int | None = None
    subject: str | None = None
    category: str | None = None
    operation: str | None = None
    resource: str | None = None
    data: str | None = None
    enforcer: str | None = None
    policy_name: str | None = None
    action: str | None = None
    result: str | None = None
    process_name: str | None = None
    parent_process_name: str | None = None
    command: str | None = None
    pid: int | None = None
    uid: int | None = None
    pod_name: str | None = None
    container_name: str | None = None
    host_name: str | None = None
    severity: str | None = None
    fields: tuple[tuple[str, str | int], ...] = ()
    source: LogPlace | None = None

    @property
    def kind(self) -> str:
        """What happened, in a word."""
        return self.event_type

    @property
    def outcome(self) -> Outcome:
        """What happened, in the words that all modules share."""
        return _OUTCOMES.get(self.event_type, "none")

    @property
    def remark(self) -> str:
        """What is to be known of the record, for people."""
        if self.policy_name == POSTURE:
            return "no entry matched: the default posture decided"
        if self.action is not None and self.action.startswith("Audit ("):
            return "the node has no enforcer for it: what is to be blocked is only logged"
        return ""

    @property
    def bare(self) -> bool:
        """Whether no field is set but the kind and the place."""
        return not any(self[1:-1])

    def at(self, source: LogPlace) -> Record:
        """The same record, at a place."""
        return self._replace(source=source)

    def to_json(self) -> dict[str, Any]:
        """The fields that are set, in a fixed order, ready for `json.dumps`."""
        found: dict[str, Any] = {
            name: value
            for name, value in zip(_JSON_NAMES, self[:_FIRST], strict=True)
            if value is not None
        }
        for name, value in self.fields:
            found.setdefault(name, value)
        if self.source is not None:
            found["source"] = self.source._asdict()
        return found


#: The place of the first attribute that is no field of its own in JSON, and those before it.
_FIRST = Record._fields.index("fields")
_RENAMED = {"category": "operation", "operation": "op"}
_JSON_NAMES = tuple(_RENAMED.get(name, name) for name in Record._fields[:_FIRST])
