"""What each production of the grammar makes: a node of the syntax tree.

The methods are named as the productions are, and take the children of theirs; they run at each
reduction, so no parse tree is ever built.  They keep no state, which lets one builder serve every
thread.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from lsmc.base.source import Span
from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.apparmor.syntax.lexer import Tok, word
from lsmc.modules.apparmor.syntax.rule_builder import Children, Listed, RuleBuilder

_OWNERS = {"owner": "owner", "user": "owner", "other": "other"}


class BracedBody(NamedTuple):
    """A braced body and where its braces stand."""

    items: tuple[ast.Item, ...]
    span: Span


class Prefixed(NamedTuple):
    """A prefix and its first token's place."""

    prefix: ast.Prefix
    span: Span


class HeadName(NamedTuple):
    """Start of a profile head."""

    keyword: str
    word: ast.Word
    span: Span


def _bare(token: Tok) -> str:
    """Name of a variable without its mark and braces."""
    name = str(token)[1:]
    return name[1:-1] if name[0] == "{" else name


def file_name(token: Tok) -> tuple[ast.Word, bool]:
    """Word of an include or abi name, and whether it stands in angle brackets."""
    text = str(token)
    magic = text[0] == "<"
    if magic:
        text = text[1:-1].strip(" \t")
    quoted = text[:1] == '"'
    if quoted:
        text = text[1:-1]
    return ast.Word(text, token.span, quoted), magic


class TreeBuilder(RuleBuilder):
    """Callbacks of the grammar."""

    # Lists and options.

    def nothing(self, _: Children) -> None:
        """An option left out."""

    def empty(self, _: Children) -> Children:
        """The start of a list."""
        return []

    no_items = empty

    def more(self, c: Children) -> Children:
        """A list and a further element."""
        c[0].append(c[1])
        return cast(Children, c[0])

    more_items = more

    def first_word(self, c: Children) -> list[ast.Word]:
        """A list of one word."""
        return [word(c[0])]

    def two_words(self, c: Children) -> list[ast.Word]:
        """A list of two words."""
        return [word(c[0]), word(c[1])]

    def next_word(self, c: Children) -> list[ast.Word]:
        """A list and a further word."""
        words: list[ast.Word] = c[0]
        words.append(word(c[1]))
        return words

    def path(self, c: Children) -> ast.Word:
        """A path of the body."""
        return word(c[0])

    label = word = path

    def first(self, c: Children) -> Any:
        """The first child for the whole: an option, or another name of the same."""
        return c[0]

    pivot_path = opt_word = attachment = operand = first

    def second(self, c: Children) -> Any:
        """The second child for the whole: what stands behind a keyword or within parentheses."""
        return c[1]

    otherwise = group = second

    def listed(self, c: Children) -> Listed:
        """A list in parentheses."""
        return Listed(tuple(c[1]), c[0].span.to(c[2].span))

    def empty_list(self, c: Children) -> Listed:
        """`()`."""
        return Listed((), c[0].span.to(c[1].span))

    # Files and preamble.

    def file(self, c: Children) -> tuple[ast.Item, ...]:
        """All items; the parser adds the comments."""
        return tuple(c[0])

    def include(self, c: Children) -> ast.Include:
        """An include directive."""
        start, name = c
        path, magic = file_name(name)
        directive = str(start)
        return ast.Include(
            path=path,
            magic=magic,
            if_exists="exists" in directive,
            pound=directive[0] == "#",
            span=start.span.to(name.span),
        )

    def abi(self, c: Children) -> ast.Abi:
        """An abi rule."""
        path, magic = file_name(c[1])
        return ast.Abi(path, magic, c[0].span.to(c[2].span))

    def alias(self, c: Children) -> ast.Alias:
        """An alias rule."""
        start, old, _, new, end = c
        return ast.Alias(old, word(new), start.span.to(end.span))

    def assign(self, c: Children) -> ast.Assign:
        """Assignment of a set."""
        name, op, values, _ = c
        return ast.Assign(
            ast.Word(_bare(name), name.span),
            cast(ast.AssignOp, str(op)),
            tuple(values),
            name.span.to(values[-1].span),
        )

    def assign_bool(self, c: Children) -> ast.AssignBool:
        """Assignment of a boolean."""
        name, op, value, _ = c
        return ast.AssignBool(
            ast.Word(_bare(name), name.span),
            cast(ast.AssignOp, str(op)),
            value,
            name.span.to(value.span),
        )

    # Rules and blocks.

    def plain_rule(self, c: Children) -> ast.Rule:
        """A rule without a prefix."""
        (body, start), end = c
        return ast.Rule(ast.NO_PREFIX, body, Span(start[0], start[1], end.span[2]))

    def prefixed_rule(self, c: Children) -> ast.Rule:
        """A rule with a prefix."""
        (prefix, start), (body, _), end = c
        return ast.Rule(prefix, body, start.to(end.span))

    def body(self, c: Children) -> BracedBody:
        """Items in braces."""
        return BracedBody(tuple(c[1]), c[0].span.to(c[2].span))

    def plain_block(self, c: Children) -> ast.Block:
        """A block without a prefix."""
        items, span = c[0]
        return ast.Block(ast.NO_PREFIX, items, span)

    def prefixed_block(self, c: Children) -> ast.Block:
        """A block with a prefix."""
        (prefix, start), (items, span) = c
        return ast.Block(prefix, items, start.to(span))

    def prefix(self, c: Children) -> Prefixed:
        """What stands before a rule."""
        values: dict[str, Any] = {}
        first = c[0]
        for child in c:
            if isinstance(child, Tok):
                text = str(child)
                if child.type == "AUDIT":
                    values["audit"] = True
                elif child.type == "EFFECT":
                    values["effect"] = text
                else:
                    values["owner"] = _OWNERS[text]
            else:
                values["priority"], first = child
        return Prefixed(ast.Prefix(**values), first.span)

    def priority(self, c: Children) -> tuple[int, Tok]:
        """The value of a priority, and its first token; absurd numbers stay out of range."""
        text = str(c[2])
        digits = text.lstrip("+-").lstrip("0")
        value = int(digits[:10] or "0")
        return (-value if text[0] == "-" else value), c[0]

    # Profiles.

    def keyword_name(self, c: Children) -> HeadName:
        """`profile NAME`, `hat NAME`, `^NAME`."""
        keyword, name = c
        return HeadName(str(keyword), word(name), keyword.span.to(name.span))

    def bare_name(self, c: Children) -> HeadName:
        """A profile named by its path, or by a namespace and a name."""
        return HeadName("", word(c[0]), c[0].span)

    def xattrs(self, c: Children) -> Children:
        """Extended attributes of a head."""
        return [*c[3], c[4]]

    def xattr(self, c: Children) -> ast.Xattr:
        """One extended attribute."""
        value = c[3] if len(c) > 3 else c[2] if len(c) > 1 else None
        return ast.Xattr(word(c[0]), word(value) if value is not None else None)

    def identities(self, c: Children) -> Children:
        """Identities so far and a further group; the last element is the closing token."""
        return [*c[0][:-1], *c[5], c[6]]

    def flags(self, c: Children) -> Children:
        """Flags of a head and the closing token."""
        return [*c[-2], c[-1]]

    def profile(self, c: Children) -> ast.Profile:
        """A profile, hat or child."""
        (keyword, name, start), attachment, xattrs, identities, flags, (items, span) = c
        last = (
            flags[-1].span
            if flags
            else identities[-1].span
            if identities
            else xattrs[-1].span
            if xattrs
            else attachment.span
            if attachment
            else start
        )
        return ast.Profile(
            keyword=cast(Any, keyword),
            name=name,
            attachment=attachment,
            xattrs=tuple(xattrs[:-1]) if xattrs else (),
            identities=tuple(identities[:-1]),
            flags=tuple(flags[:-1]),
            body=items,
            head=start.to(last),
            span=start.to(span),
            has_xattrs=xattrs is not None,
        )

    # Conditionals.

    def conditional(self, c: Children) -> ast.If:
        """An `if` with its chain of `else if` and its `else`."""
        start, condition, body, elses, otherwise = c
        orelse: tuple[ast.Item, ...] = otherwise.items if otherwise else ()
        end = (otherwise or (elses[-1][2] if elses else body)).span
        for token, test, branch in reversed(elses):
            orelse = (ast.If(test, branch.items, orelse, token.span.to(end)),)
        return ast.If(condition, body.items, orelse, start.span.to(end))

    def else_if(self, c: Children) -> Children:
        """A further `else if`."""
        c[0].append((c[2], c[3], c[4]))
        return cast(Children, c[0])

    def either(self, c: Children) -> ast.BoolOp:
        """`or`."""
        return ast.BoolOp("or", c[0], c[2], c[0].span.to(c[2].span))

    def both(self, c: Children) -> ast.BoolOp:
        """`and`."""
        return ast.BoolOp("and", c[0], c[2], c[0].span.to(c[2].span))

    def negation(self, c: Children) -> ast.Not:
        """`not`."""
        return ast.Not(c[1], c[0].span.to(c[1].span))

    def set_var(self, c: Children) -> ast.SetVar:
        """`@{X}`."""
        return ast.SetVar(_bare(c[0]), c[0].span)

    def bool_var(self, c: Children) -> ast.BoolVar:
        """`$X`."""
        return ast.BoolVar(_bare(c[0]), c[0].span)

    def defined_set(self, c: Children) -> ast.Defined:
        """`defined @{X}`."""
        return ast.Defined(ast.SetVar(_bare(c[1]), c[1].span), c[0].span.to(c[1].span))

    def defined_bool(self, c: Children) -> ast.Defined:
        """`defined $X`."""
        return ast.Defined(ast.BoolVar(_bare(c[1]), c[1].span), c[0].span.to(c[1].span))

    def compare(self, c: Children) -> ast.Compare:
        """A comparison."""
        return ast.Compare(cast(Any, str(c[1])), c[0], c[2], c[0].span.to(c[2].span))
