"""Labels of objects: of new ones, of files by their path, of ports and of file systems."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from lsmc.base.text import encode
from lsmc.engine.label import Label
from lsmc.engine.verdict import RequestError, RuleRef, UnknownName, Verdict
from lsmc.modules.selinux.context.context import format_context
from lsmc.modules.selinux.decide.new_labels import KINDS, NewLabels
from lsmc.modules.selinux.filecon.labels import FileLabels
from lsmc.modules.selinux.questions import PROTOCOLS, InvalidContext, booleans_of
from lsmc.modules.selinux.tables.layout import FILE_KINDS, NOTHING

if TYPE_CHECKING:
    from lsmc.modules.selinux.engine import Engine

#: What there is beside `KINDS`.
OTHER_KINDS = ("port", "genfs", "fs", "sid", "context")
#: Other words for kinds of files.
_FILE_WORDS = {"fifo": "pipe", "link": "symlink"}
_CLASSES = {
    "file": "file",
    "dir": "dir",
    "chr_file": "char",
    "blk_file": "block",
    "sock_file": "socket",
    "fifo_file": "pipe",
    "lnk_file": "symlink",
}
_PORTS = range(1 << 16)


def kind_of_class(cls: str) -> str | None:
    """The kind of file that objects of a class are, as file contexts call it."""
    return _CLASSES.get(cls)


class Labeller:
    """Labels objects by a policy."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tables = engine.tables

    def label(
        self,
        kind: str,
        subject: str,
        obj: str,
        cls: str,
        name: str | None,
        booleans: Mapping[str, bool],
    ) -> Label | None:
        """The label of an object; `UnknownName`, `RequestError`.

        `kind` is one of `KINDS` with all arguments, or of `OTHER_KINDS` with an object alone.
        """
        if kind in KINDS:
            return self._new(kind, subject, obj, cls, name, booleans)
        if kind == "port":
            return self.port_label(obj)
        if kind == "genfs":
            fs, colon, path = obj.partition(":")
            if not colon or not path.startswith("/"):
                raise RequestError(f"`{obj}` is not FILESYSTEM:PATH, such as proc:/sys/kernel")
            return self.genfs(fs, path, _CLASSES.get(cls) if cls else None)
        if kind == "fs":
            return self._fs(obj)
        if kind == "sid":
            return self._sid(obj)
        if kind == "context":
            return self._canonical(obj)
        raise UnknownName("kind of label", kind, (*KINDS, *OTHER_KINDS))

    def validate_transition(self, old: str, new: str, task: str, cls: str) -> Verdict:
        """Whether a task may change the label of an object; `UnknownName`."""
        engine, tables = self._engine, self._tables
        wanted = ("relabel",)
        number = tables.names.class_numbers.get(cls)
        if number is None:
            raise UnknownName("class", cls, tables.names.classes)
        try:
            before, after = engine.context(old), engine.context(new)
            changer = engine.context(task)
        except InvalidContext as fault:
            denied = Verdict.deny(wanted, explicit=False, audited=True, note=str(fault))
            return denied._replace(decision="invalid-context")
        unmet = engine.vectors.unmet(before, after, changer, number)
        if not unmet:
            return Verdict.allow(wanted)
        profile = tables.names.types[changer.type]
        rules = tuple(
            ref
            for one in unmet
            for ref in engine.references.constraint(tables.constraints[one], profile)
        )
        note = "a constraint on changes of labels forbids it"
        return Verdict.deny(wanted, explicit=False, audited=True, rules=rules, note=note)

    # --- new objects -------------------------------------------------------------------------

    @cached_property
    def new_labels(self) -> NewLabels:
        """What computes the labels of new objects."""
        return NewLabels(self._tables)

    def _new(
        self,
        kind: str,
        subject: str,
        obj: str,
        cls: str,
        name: str | None,
        booleans: Mapping[str, bool],
    ) -> Label | None:
        engine = self._engine
        names = self._tables.names
        number = names.class_numbers.get(cls)
        if number is None:
            raise UnknownName("class", cls, names.classes)
        state = engine.state(booleans_of(booleans, names))
        source, target = engine.context(subject), engine.context(obj)
        way = next(one for one in KINDS if one == kind)
        found = self.new_labels.compute(state, way, source, target, number, name)
        if found.context is None:
            raise RequestError(f"there is no such label: {found.fault}")
        rules = tuple(
            ref
            for reason in found.reasons
            for ref in engine.references.refs(names.types[source.type], reason.text, reason.place)
        )
        text = format_context(found.context, self._tables.grammar)
        return Label(text, valid=found.fault is None, rules=rules, note=found.fault or "")

    def _canonical(self, text: str) -> Label | None:
        context = self._engine.context(text)
        return Label(format_context(context, self._tables.grammar))

    # --- files, ports, file systems ----------------------------------------------------------

    @cached_property
    def _files(self) -> FileLabels:
        texts = self._tables.names.texts
        return FileLabels(
            [(texts[one.path], FILE_KINDS[one.kind]) for one in self._tables.file_contexts]
        )

    def file_label(self, path: str, kind: str | None) -> Label | None:
        """The label of a path; None where the policy says that it has none, or says nothing.

        `kind` is what the path is, as `FILE_KINDS` or `_FILE_WORDS` say; None for anything.
        """
        if not path.startswith("/"):
            raise RequestError(f"`{path}` is not an absolute path")
        if kind is not None:
            kind = _FILE_WORDS.get(kind, kind)
            if kind not in FILE_KINDS:
                raise UnknownName("kind of file", kind, (*FILE_KINDS, *_FILE_WORDS))
        number = self._files.find(encode(path), kind)
        if number is None:
            return None
        entry = self._tables.file_contexts[number]
        if entry.context == NOTHING:
            return None
        text = f'(filecon "{self._tables.names.texts[entry.path]}" {FILE_KINDS[entry.kind]})'
        return self._stated(entry.context, text, entry.place)

    def port_label(self, obj: str) -> Label | None:
        """The label of a port such as `tcp:80`; `RequestError`, `UnknownName`."""
        protocol, colon, port = obj.partition(":")
        texts = self._tables.names.texts
        if not colon or not port.isdecimal() or int(port) not in _PORTS:
            raise RequestError(f"`{obj}` is not PROTOCOL:PORT, such as tcp:80")
        if protocol not in PROTOCOLS:
            raise UnknownName("protocol", protocol, PROTOCOLS)
        for entry in self._tables.ports:
            if texts[entry.protocol] == protocol and entry.low <= int(port) <= entry.high:
                span = str(entry.low)
                if entry.low != entry.high:
                    span = f"({entry.low} {entry.high})"
                return self._stated(entry.context, f"(portcon {protocol} {span})", entry.place)
        return self._sid("port", "no statement names it")

    def genfs(self, fs: str, path: str, kind: str | None) -> Label | None:
        """The label of a path in a file system that stores none; the longest beginning counts."""
        texts = self._tables.names.texts
        while path.startswith("//"):
            path = path[1:]
        for entry in self._tables.fs_contexts:
            own = FILE_KINDS[entry.kind]
            if (
                texts[entry.fs] == fs
                and path.startswith(texts[entry.path])
                and (own == "any" or kind in (None, own))
            ):
                text = f'(genfscon {fs} "{texts[entry.path]}" {own})'
                return self._stated(entry.context, text, entry.place)
        return self._sid("unlabeled", f"no statement names {fs}")

    def _fs(self, fs: str) -> Label | None:
        use = self._tables.fs_uses.get(fs)
        if use is None:
            return self.genfs(fs, "/", "dir")
        how, context, place = use
        return self._stated(context, f"(fsuse {how} {fs})", place)

    def _sid(self, name: str, note: str = "") -> Label | None:
        number = self._tables.sids.get(name)
        if number is None:
            return None
        context = format_context(self._tables.contexts[number], self._tables.grammar)
        known = f"initial sid {name}"
        return Label(context, note=f"{note}: {known}" if note else known)

    def _stated(self, context: int, text: str, place: int) -> Label:
        """A label that a statement gives."""
        found = self._tables.contexts[context]
        label = format_context(found, self._tables.grammar)
        refs: tuple[RuleRef, ...] = tuple(self._engine.references.refs("", text, place))
        return Label(label, rules=refs)
