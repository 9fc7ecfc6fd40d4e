"""Which policies are for a container or node, told by its labels.

From KubeArmor's matching of identities: all of `matchLabels` must be there; of the values of
`matchExpressions` one of those with `In` must be there, and none of those with `NotIn`.  A policy
of containers is for its own namespace, a cluster policy for the namespaces of its expressions, for
all without any.  `kubearmor.io/container.name` lists names of containers in brackets.
"""

from __future__ import annotations

from typing import NamedTuple

from lsmc.engine.verdict import FieldTypeError, RequestError
from lsmc.modules.kubearmor.policy import Policy, PolicySet, Selector
from lsmc.modules.kubearmor.posture import Posture, with_postures

#: The subject that every policy selects.
ALL = "*"
#: The word that begins the subject of a node.
HOST = "host"
_CONTAINER = "kubearmor.io/container.name"


class Workload(NamedTuple):
    """A container or node: its namespace and labels; `all` is one that every policy selects."""

    all: bool
    host: bool
    namespace: str
    labels: frozenset[tuple[str, str]]


def read_subject(subject: object) -> Workload:
    """The workload of a question: `namespace=ns1,app=web`, `host,KEY=VALUE`, or `*`.

    Raises `RequestError` for a text that is none, `FieldTypeError` for another type.
    """
    if not isinstance(subject, str):
        raise FieldTypeError("subject", "a text", subject)
    if subject == ALL:
        return Workload(True, False, "", frozenset())
    parts = [part.strip() for part in subject.split(",")]
    host = parts[0] == HOST
    pairs = [part.partition("=") for part in parts[host:]]
    for (name, equals, _), part in zip(pairs, parts[host:], strict=True):
        if not name or not equals:
            raise RequestError(
                f"`{part}` is no label: a subject is `namespace=NAME,LABEL=VALUE`,"
                f" `{HOST},LABEL=VALUE` for a node, or `{ALL}`"
            )
    labels = {name: value for name, _, value in pairs}
    namespace = labels.pop("namespace", "" if host else "default")
    return Workload(False, host, namespace, frozenset(labels.items()))


def selected(policies: PolicySet, workload: Workload) -> tuple[Policy, ...]:
    """The policies that are for a workload, in order."""
    return tuple(one for one in policies.policies if workload.all or _selects(one, workload))


def subject_of(policy: Policy) -> str:
    """A subject that a policy selects, of as few labels as its selector tells; else `*`."""
    selector = policy.selector
    labels = [f"{name}={_one(name, value)}" for name, value in selector.labels]
    namespace = policy.namespace or "default"
    if policy.kind == "KubeArmorClusterPolicy":
        wanted, unwanted = _values(selector, "namespace")
        namespace = min(wanted) if wanted else "default"
        while namespace in unwanted:
            namespace += "-other"
        labels = []
    head = HOST if policy.host else f"namespace={namespace}"
    wanted, unwanted = _values(selector, "label")
    known = set(labels)
    if not unwanted and wanted and known.isdisjoint(wanted):
        labels.append(min(wanted))
    subject = ",".join([head, *labels])
    try:
        return subject if _selects(policy, read_subject(subject)) else ALL
    except RequestError:
        return ALL


def _one(name: str, value: str) -> str:
    """A value that a label of a selector takes: of several containers the first."""
    return (
        value[1:-1].split(",", maxsplit=1)[0].strip()
        if name == _CONTAINER and len(value) > 2
        else value
    )


def posture_of(policies: PolicySet, workload: Workload) -> Posture:
    """The posture that the annotations of the workload's namespace set, else the default.

    For `*`, the namespace is that of the policies if they have one in common.
    """
    namespace = workload.namespace
    if workload.all:
        names = {one.namespace or "default" for one in policies.policies if not one.host}
        namespace = names.pop() if len(names) == 1 else ""
    posture = Posture()
    for one in policies.namespaces:
        if one.name == namespace and not workload.host:
            posture = with_postures(posture, one.postures)
    return posture


def _selects(policy: Policy, workload: Workload) -> bool:
    if policy.host != workload.host:
        return False
    selector = policy.selector
    if policy.kind == "KubeArmorClusterPolicy":
        found = _namespace(selector, workload.namespace)
        return found and _expressions(selector, workload)
    if not policy.host and (policy.namespace or "default") != workload.namespace:
        return False
    return _labels(selector, workload) and _expressions(selector, workload)


def _labels(selector: Selector, workload: Workload) -> bool:
    known = dict(workload.labels)
    for name, value in selector.labels:
        if name == _CONTAINER:
            wanted = [one.strip() for one in value[1:-1].split(",")] if len(value) > 2 else []
            if any(wanted) and known.get(name) not in wanted:
                return False
        elif known.get(name) != value:
            return False
    return True


def _expressions(selector: Selector, workload: Workload) -> bool:
    known = {f"{name}={value}" for name, value in workload.labels}
    wanted, unwanted = _values(selector, "label")
    if not wanted and not unwanted:
        return True
    if unwanted:
        return known.isdisjoint(unwanted)
    return not known.isdisjoint(wanted)


def _namespace(selector: Selector, namespace: str) -> bool:
    wanted, unwanted = _values(selector, "namespace")
    return namespace in wanted if wanted else namespace not in unwanted


def _values(selector: Selector, key: str) -> tuple[set[str], set[str]]:
    """The values with `In` and with `NotIn`; after an `In` no `NotIn` counts."""
    wanted: set[str] = set()
    unwanted: set[str] = set()
    for one in selector.expressions:
        if one.key == key and one.operator == "In":
            wanted.update(one.values)
        elif one.key == key and one.operator == "NotIn" and not wanted:
            unwanted.update(one.values)
    return wanted, unwanted
