"""From texts to policy: the documents of KubeArmor's kinds, with inherited fields filled in.

From `CreateSecurityPolicy` of KubeArmor: action, severity, tags and message of an entry are its
own, else those of its section, else those of the policy; only the policy's action is read in either
case.  A list of protocols, capabilities or domains is split at commas if its first entry holds one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from lsmc.base.diagnostics import Diagnostic, PolicyError
from lsmc.base.source import Source, Span
from lsmc.modules.kubearmor.policy import (
    BLOCK,
    Entry,
    Expression,
    Match,
    Namespace,
    Place,
    Policy,
    PolicyKind,
    PolicySet,
    Section,
    Selector,
)
from lsmc.modules.kubearmor.posture import CLASSES
from lsmc.modules.kubearmor.syntax.nodes import Node, documents
from lsmc.modules.kubearmor.syntax.schema import API, KINDS, OUTSIDE
from lsmc.modules.kubearmor.syntax.validate import validate

#: The lists of entries: section, list, and which fields name what of an access.
_LISTS: tuple[tuple[Section, str, tuple[Match, ...]], ...] = (
    ("process", "matchPaths", ("execname", "path")),
    ("process", "matchDirectories", ("dir",)),
    ("process", "matchPatterns", ("pattern",)),
    ("file", "matchPaths", ("path",)),
    ("file", "matchDirectories", ("dir",)),
    ("file", "matchPatterns", ("pattern",)),
    ("network", "matchProtocols", ("protocol",)),
    ("network", "matchDNSQueries", ("domain",)),
    ("capabilities", "matchCapabilities", ("capability",)),
    ("syscalls", "matchSyscalls", ("syscall",)),
    ("syscalls", "matchPaths", ("syscall",)),
    ("device", "matchDevice", ("class",)),
)
_FOLDED = {"allow": "Allow", "audit": "Audit", "block": "Block", "": BLOCK}
_POSTURE = "kubearmor-{}-posture"


class Reading(NamedTuple):
    """The policy of some texts, and what is to be said of it.

    `scalars` are the ranges of the scalars of each text, by its path: there are no comments there.
    """

    policies: PolicySet
    diagnostics: tuple[Diagnostic, ...]
    scalars: Mapping[str, list[tuple[int, int]]]


def read(sources: Sequence[Source]) -> Reading:
    """The policy of some texts, in order; errors are among the diagnostics."""
    policies: list[Policy] = []
    namespaces: list[Namespace] = []
    found: list[Diagnostic] = []
    scalars: dict[str, list[tuple[int, int]]] = {source.path: [] for source in sources}
    for source in sources:
        try:
            for document in documents(source, scalars[source.path]):
                kind = _text(document.get("kind"))
                if kind == "Namespace" and document.kind == "object":
                    namespaces.append(_namespace(document))
                elif _is_policy(document):
                    found += _document(document, kind, policies)
        except PolicyError as fault:
            found += fault.diagnostics
    return Reading(PolicySet(tuple(policies), tuple(namespaces)), tuple(found), scalars)


def _is_policy(document: Node) -> bool:
    """Whether a document is KubeArmor's; one without `apiVersion` is, by its kind."""
    version = _text(document.get("apiVersion"))
    return version.startswith(API) if version else _text(document.get("kind")) in KINDS


def _document(document: Node, kind: str, policies: list[Policy]) -> Iterator[Diagnostic]:
    if kind in OUTSIDE:
        message = f"`{kind}` is left out: {OUTSIDE[kind]}"
        yield Diagnostic("LSM812", "outside", "info", message, _kind_span(document))
        return
    allowed = KINDS.get(kind)
    if allowed is None:
        said = f"`{kind}` is no kind of policy" if kind else "the document has no `kind`"
        message = f"{said}; known are {', '.join(KINDS)}"
        yield Diagnostic("LSM804", "kind", "error", message, _kind_span(document))
        return
    faults = list(validate(document, allowed, kind))
    yield from faults
    if all(one.severity != "error" for one in faults):
        policies.append(_policy(document, kind))  # type: ignore[arg-type]  # a key of KINDS


def _kind_span(document: Node) -> Span:
    return (document.get("kind") or document).span


def _namespace(document: Node) -> Namespace:
    metadata = document.get("metadata")
    annotations = metadata.get("annotations") if metadata is not None else None
    postures = []
    for name in CLASSES:
        value = annotations.get(_POSTURE.format(name)) if annotations is not None else None
        if value is not None:
            postures.append((name, value.text))
    return Namespace(_text(metadata.get("name") if metadata else None), tuple(postures))


def _policy(document: Node, kind: PolicyKind) -> Policy:
    metadata = document.get("metadata")
    spec = document.get("spec") or Node("object", document.span, "", [], [])
    assert metadata is not None  # as validated
    selector = spec.get("nodeSelector" if kind == "KubeArmorHostPolicy" else "selector")
    return Policy(
        kind=kind,
        namespace=_text(metadata.get("namespace")),
        name=_text(metadata.get("name")),
        file=document.span.source.path,
        selector=_selector(selector),
        apparmor=_text(spec.get("apparmor")),
        presets=tuple(
            (_text(one.get("name")), _text(one.get("action") or spec.get("action")))
            for one in _items(spec.get("presets"))
        ),
        entries=tuple(_entries(spec)),
        place=_place(document.span),
    )


def _selector(node: Node | None) -> Selector:
    labels = node.get("matchLabels") if node is not None else None
    pairs = [(key.text, value.text) for key, value in labels.members] if labels else []
    expressions = _items(node.get("matchExpressions")) if node is not None else []
    return Selector(
        tuple(pairs),
        tuple(
            Expression(
                _text(one.get("key")),
                _text(one.get("operator")),
                tuple(value.text for value in _items(one.get("values"))),
            )
            for one in expressions
        ),
    )


def _entries(spec: Node) -> Iterator[Entry]:
    action = _text(spec.get("action"))
    for name, list_name, matches in _LISTS:
        section = spec.get(name)
        entries = _items(section.get(list_name)) if section is not None else []
        split = bool(entries) and "," in _text(entries[0].get(matches[-1]))
        for entry in entries:
            match, value = _named(entry, matches)
            values = [value]
            if split and match in ("protocol", "capability", "domain"):
                values = value.replace(" ", "").split(",")
            for one in values:
                yield _entry(name, match, one, (entry, section, spec), _FOLDED.get(action, action))


def _named(entry: Node, matches: tuple[Match, ...]) -> tuple[Match, str]:
    for match in matches:
        node = entry.get(match)
        value = ",".join(one.text for one in node.items) if node and node.items else _text(node)
        if value:
            return match, value
    return matches[-1], ""


def _entry(
    section: Section,
    match: Match,
    value: str,
    nodes: tuple[Node, Node | None, Node],
    default: str,
) -> Entry:
    entry, parent, spec = nodes
    written = [node for node in (entry, parent) if node is not None]
    action = next((text for node in written if (text := _text(node.get("action")))), default)
    severity = next((one for node in (*written, spec) if (one := _text(node.get("severity")))), "0")
    tags = next((some for node in (*written, spec) if (some := _items(node.get("tags")))), [])
    message = next((one for node in (*written, spec) if (one := _text(node.get("message")))), "")
    pts = entry.get("pts")
    return Entry(
        section=section,
        match=match,
        value=value,
        action=action,
        sources=tuple(_sources(entry)),
        owner_only=_flag(entry, "ownerOnly"),
        read_only=_flag(entry, "readOnly"),
        recursive=_flag(entry, "recursive"),
        pts=pts.truth if pts is not None and pts.kind == "boolean" else None,
        args=tuple(one.text for one in _items(entry.get("allowedArgs"))),
        severity=int(severity[:9]) if severity.isdecimal() else 0,
        tags=tuple(one.text for one in tags),
        message=message,
        place=_place(entry.span),
    )


def _sources(entry: Node) -> Iterator[str]:
    for one in _items(entry.get("fromSource")):
        path = _text(one.get("path")) or _text(one.get("dir"))
        if path:
            yield path


def _place(span: Span) -> Place:
    position = span.source.position
    return Place(*position(span.start), *position(span.end), span.start, span.end)


def _flag(node: Node, name: str) -> bool:
    value = node.get(name)
    return value is not None and value.kind == "boolean" and value.truth


def _items(node: Node | None) -> list[Node]:
    return node.items if node is not None else []


def _text(node: Node | None) -> str:
    return node.text if node is not None and node.kind != "null" else ""
