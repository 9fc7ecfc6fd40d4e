"""What a security module gives to an editor of its policy, beside lint and layout.

What an editor asks is answered by functions of a snapshot: a module's own view of one file, as it
and all files around it are at one moment.  Offsets are those of the snapshot's source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from lsmc.base.errors import Error

if TYPE_CHECKING:
    from lsmc.base.diagnostics import Edit
    from lsmc.base.source import Span
    from lsmc.compiler.inputs import DiskFiles

#: What a name stands for.
SymbolKind = Literal["profile", "hat", "variable", "boolean", "block", "type", "entry", "file"]
CompletionKind = Literal[
    "keyword", "variable", "file", "folder", "value", "permission", "profile", "flag"
]
TokenKind = Literal[
    "comment",
    "keyword",
    "modifier",
    "variable",
    "string",
    "operator",
    "class",
    "number",
    "property",
]


class Refusal(Error):
    """What an editor asks for cannot be done; the text says why."""


class Scope(NamedTuple):
    """The files that are judged with a file, so that findings in it are right.

    `texts` are those of files that are not there; what is found in these is not told.
    """

    paths: tuple[str, ...]
    texts: Mapping[str, bytes] = {}


class Hover(NamedTuple):
    """What is told of a place, as Markdown, and what it is told of."""

    text: str
    span: Span


class Completion(NamedTuple):
    """A text that may stand at a place instead of `span`.

    `snippet` says that `insert` has places to fill in (`$0`); it is the label where it is empty.
    """

    label: str
    kind: CompletionKind
    span: Span
    detail: str = ""
    documentation: str = ""
    insert: str = ""
    snippet: bool = False


class Symbol(NamedTuple):
    """A named part of a file; `name_span` is where its name stands."""

    name: str
    kind: SymbolKind
    span: Span
    name_span: Span
    detail: str = ""
    children: tuple[Symbol, ...] = ()


class Occurrence(NamedTuple):
    """A place where a name stands; `defines` where it gets its meaning."""

    span: Span
    defines: bool = False


class Link(NamedTuple):
    """A text that leads to a file."""

    span: Span
    path: str


class Lens(NamedTuple):
    """A remark above a line; `places` are what it counts, `test` a file of tests that it runs."""

    span: Span
    title: str
    places: tuple[Span, ...] = ()
    test: str = ""


class Hint(NamedTuple):
    """A remark inside of a line, behind a place; `tooltip` says it at length."""

    span: Span
    text: str
    tooltip: str = ""


class Token(NamedTuple):
    """A text of one kind, for colours."""

    span: Span
    kind: TokenKind
    defines: bool = False


class Call(NamedTuple):
    """A transition from or to a symbol, with the places that allow it."""

    symbol: Symbol
    spans: tuple[Span, ...]


class Editing(NamedTuple):
    """What a module gives to an editor; None for what it does not give.

    Attributes:
        base: the directory of the includes of a file, by where the file lies; None where that
            does not tell it.
        snapshot: a file at this moment: (what rereads its policy, file system, path).
        scope: what is judged with a file; None where it is judged alone.
        comment: what begins a comment that silences a finding; empty without comments.
        comments_behind: whether comments may stand behind other text.
        hover: what is told of a place.
        complete: what may stand at a place.
        definitions: where the name at a place gets its meaning.
        occurrences: the places of the name at a place in all files.
        renamed: the edits that give the name at a place another name; raises `Refusal`.
        symbols: the named parts of the file.
        workspace: the named parts of all files whose names hold a text.
        links: the texts that lead to files.
        lenses: remarks above lines.
        hints: remarks inside of lines between two offsets.
        tokens: the texts of the file for colours, in order.
        callees: the symbols at a place that tasks can come to, or leave.
        incoming: from which others tasks can come to a symbol, by its name.
        outgoing: to which others tasks can come from a symbol, by its name.
        warm: prepares answers about all files; is given what to call between steps.
    """

    base: Callable[[str, DiskFiles], str | None] | None = None
    snapshot: Callable[[Any, DiskFiles, str], Any] | None = None
    scope: Callable[[Any], Scope] | None = None
    comment: str = "#"
    comments_behind: bool = True
    hover: Callable[[Any, int], Hover | None] | None = None
    complete: Callable[[Any, int], Sequence[Completion]] | None = None
    definitions: Callable[[Any, int], Sequence[Span]] | None = None
    occurrences: Callable[[Any, int], Sequence[Occurrence]] | None = None
    renamed: Callable[[Any, int, str], Sequence[Edit]] | None = None
    symbols: Callable[[Any], Sequence[Symbol]] | None = None
    workspace: Callable[[Any, str], Sequence[Symbol]] | None = None
    links: Callable[[Any], Sequence[Link]] | None = None
    lenses: Callable[[Any], Sequence[Lens]] | None = None
    hints: Callable[[Any, int, int], Sequence[Hint]] | None = None
    tokens: Callable[[Any], Sequence[Token]] | None = None
    callees: Callable[[Any, int], Sequence[Symbol]] | None = None
    incoming: Callable[[Any, str], Sequence[Call]] | None = None
    outgoing: Callable[[Any, str], Sequence[Call]] | None = None
    warm: Callable[[Any, DiskFiles, Callable[[], None]], None] | None = None
