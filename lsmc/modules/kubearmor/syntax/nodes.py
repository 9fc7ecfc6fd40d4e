"""YAML as nodes with their places, read within bounds.

The events of PyYAML are composed here, without recursion and without constructing values: each node
knows its place, an alias is the node that it stands for, and depth, number and expanded size are
bounded, so that a document that would grow without end is an error.  PyYAML is imported when the
first text is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from lsmc.base.diagnostics import Diagnostic, Label, PolicyError
from lsmc.base.source import Source, Span

if TYPE_CHECKING:
    from yaml.events import Event

Kind = Literal["object", "array", "string", "boolean", "integer", "number", "null"]
#: Levels of nesting; a policy has eight.
MAX_DEPTH = 64
#: Nodes of a document after each alias is replaced by what it stands for.
MAX_SIZE = 200_000

_MISSING = (
    "PyYAML is needed to read policy of KubeArmor and is not installed; install it with"
    " `pip install 'lsmc[kubearmor]'`"
)
#: The kinds of the tags that PyYAML's safe loader gives to plain scalars.
_KINDS: dict[str, Kind] = {
    "tag:yaml.org,2002:bool": "boolean",
    "tag:yaml.org,2002:int": "integer",
    "tag:yaml.org,2002:float": "number",
    "tag:yaml.org,2002:null": "null",
}
_TRUE = frozenset({"yes", "true", "on"})


@dataclass(slots=True, eq=False)
class Node:
    """A value of YAML and its place.

    Attributes:
        kind: what JSON calls its type.
        span: where it is written.
        text: the scalar's characters, empty for objects and arrays.
        items: the members of an array.
        members: the pairs of an object in order, a key is a node too.
        size: how many nodes there are in it, each alias replaced.
    """

    kind: Kind
    span: Span
    text: str
    items: list[Node]
    members: list[tuple[Node, Node]]
    size: int = 1

    def get(self, key: str) -> Node | None:
        """The value of a key of an object; None when it has none, or is no object."""
        return next((value for name, value in self.members if name.text == key), None)

    @property
    def truth(self) -> bool:
        """The value of a boolean."""
        return self.text.lower() in _TRUE


@dataclass(slots=True)
class _Open:
    """An object or array whose end has not been read, and the key that waits for its value."""

    node: Node
    anchor: str | None
    keys: dict[str, Node]
    key: Node | None = None


def fault(
    message: str, span: Span | None, help: str = "", related: Label | None = None
) -> Diagnostic:
    """The error of a text that is not YAML, or not within the bounds."""
    labels = () if related is None else (related,)
    return Diagnostic("LSM801", "yaml", "error", message, span, help, related=labels)


def documents(source: Source, scalars: list[tuple[int, int]] | None = None) -> Iterator[Node]:
    """The documents of a text, in order; raises `PolicyError` at the first fault.

    An empty document is a null.  `scalars` takes the ranges of all scalars, which hold no comments.
    """
    try:
        import yaml
    except ImportError:
        raise PolicyError([fault(_MISSING, None)]) from None
    try:
        text = source.text.encode("latin-1").decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = Span(source, error.start, error.start + 1)
        raise PolicyError([fault("not UTF-8", place, "write the file in UTF-8")]) from None
    composer = _Composer(source, text, scalars)
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if (document := composer.take(event)) is not None:
                yield document
    except yaml.YAMLError as error:
        raise PolicyError([_not_yaml(error, composer)]) from None


def _not_yaml(error: Any, composer: _Composer) -> Diagnostic:
    """What is wrong with a text by PyYAML, and where."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    at = mark.index if mark is not None else getattr(error, "position", None)
    reasons = (getattr(error, name, None) for name in ("problem", "context", "reason"))
    reason = next(filter(None, reasons), "unreadable")
    return fault(f"not YAML: {reason}", composer.span(at, at) if isinstance(at, int) else None)


class _Composer:
    """Makes nodes of events; one document at a time."""

    def __init__(
        self, source: Source, text: str, scalars: list[tuple[int, int]] | None = None
    ) -> None:
        from yaml.resolver import Resolver

        self.source = source
        self.text = text
        self.scalars = scalars
        self.plain = text.isascii()
        self.skip = _bom(source)
        self.resolve: Any = Resolver().resolve
        self.stack: list[_Open] = []
        self.anchors: dict[str, Node] = {}
        self.marks: list[int] = []

    def span(self, start: int, end: int) -> Span:
        """The span between two characters."""
        return Span(self.source, self._offset(start), self._offset(end))

    def _offset(self, at: int) -> int:
        """The byte offset of a character."""
        if self.plain:
            return at + self.skip
        if not self.marks:
            step, offset = 1024, self.skip
            for first in range(0, len(self.text) + 1, step):
                self.marks.append(offset)
                offset += len(self.text[first : first + step].encode("utf-8"))
        first = at // 1024
        return self.marks[first] + len(self.text[first * 1024 : at].encode("utf-8"))

    def take(self, event: Event) -> Node | None:
        """Take an event; returns the document that it completes."""
        from yaml import events

        if isinstance(event, events.DocumentStartEvent):
            self.anchors = {}
        elif isinstance(event, events.ScalarEvent):
            return self._add(self._scalar(event), event.anchor)
        elif isinstance(event, events.AliasEvent):
            span = self._span(event)
            known = self.anchors.get(event.anchor)
            if known is None:
                raise PolicyError([fault(f"no anchor `&{event.anchor}` stands before", span)])
            return self._add(known, None)
        elif isinstance(event, (events.MappingStartEvent, events.SequenceStartEvent)):
            kind: Kind = "object" if isinstance(event, events.MappingStartEvent) else "array"
            span = self._span(event)
            if len(self.stack) >= MAX_DEPTH:
                raise PolicyError([fault(f"more than {MAX_DEPTH} levels of nesting", span)])
            self.stack.append(_Open(Node(kind, span, "", [], []), event.anchor, {}))
        elif isinstance(event, (events.MappingEndEvent, events.SequenceEndEvent)):
            done = self.stack.pop()
            done.node.span = done.node.span.to(self._end(done.node, event))
            _merge(done)
            return self._add(done.node, done.anchor)
        return None

    def _end(self, node: Node, event: Event) -> Span:
        """Where an object or array ends: that of a block does at the end of its last member."""
        span = self._span(event)
        if span.end > span.start:
            return span
        last = node.items[-1:] or [value for _, value in node.members[-1:]]
        return last[0].span if last and last[0].span.end > node.span.start else span

    def _span(self, event: Event) -> Span:
        return self.span(event.start_mark.index, event.end_mark.index)

    def _scalar(self, event: Any) -> Node:
        from yaml.nodes import ScalarNode

        kind: Kind = "string"
        if event.style is None and event.tag in (None, "!"):
            tag = self.resolve(ScalarNode, event.value, event.implicit)
            kind = _KINDS.get(tag, "string")
        elif event.tag is not None:
            kind = _KINDS.get(event.tag, "string")
        span = self._span(event)
        if self.scalars is not None:
            self.scalars.append((span.start, span.end))
        return Node(kind, span, event.value, [], [])

    def _add(self, node: Node, anchor: str | None) -> Node | None:
        if anchor is not None:
            self.anchors[anchor] = node
        if not self.stack:
            return node
        parent = self.stack[-1]
        whole = parent.node
        whole.size += node.size
        if whole.size > MAX_SIZE:
            more = f"more than {MAX_SIZE} values, with each alias written out"
            raise PolicyError([fault(more, whole.span)])
        if whole.kind == "array":
            whole.items.append(node)
        elif parent.key is None:
            self._key(parent, node)
        else:
            whole.members.append((parent.key, node))
            parent.key = None
        return None

    def _key(self, parent: _Open, key: Node) -> None:
        if key.kind in ("object", "array"):
            raise PolicyError([fault("a key is a text", key.span)])
        first = parent.keys.setdefault(key.text, key)
        if first is not key:
            label = Label(first.span, "first here")
            message = f"the key `{key.text}` stands twice"
            raise PolicyError([fault(message, key.span, "remove one of them", label)])
        parent.key = key


def _merge(done: _Open) -> None:
    """Put what a merge key (`<<`) names in its place: members that the object itself lacks."""
    key = done.keys.get("<<")
    if key is None or key.kind != "string":
        return
    node = done.node
    merged = next(value for name, value in node.members if name is key)
    node.members = [(name, value) for name, value in node.members if name is not key]
    for one in merged.items if merged.kind == "array" else [merged]:
        if one.kind != "object":
            raise PolicyError([fault("`<<` names an object, or a list of objects", key.span)])
        for name, value in one.members:
            if done.keys.setdefault(name.text, name) is name:
                node.members.append((name, value))


def _bom(source: Source) -> int:
    """The bytes of the byte order mark that a source may begin with."""
    return 3 if source.text.startswith("\xef\xbb\xbf") else 0
