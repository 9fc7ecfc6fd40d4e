"""The words for syntax errors: from tokens read, token found and terminals expected to a message.

A parser generator knows only which terminals would fit.  The cause that a person can act on is
looked for here, most telling first, in a list of functions; each knows one mistake and returns None
if it is another.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from lsmc.base.diagnostics import Diagnostic, Edit, Fix, Label
from lsmc.base.source import to_display
from lsmc.modules.apparmor.errors import did_you_mean, error
from lsmc.modules.apparmor.syntax.fault import PREFIXES, SyntaxFault, here, listed, quote, what
from lsmc.modules.apparmor.syntax.foreign_characters import foreign_in
from lsmc.modules.apparmor.syntax.lexer import MAX_DEPTH, Tok
from lsmc.modules.apparmor.syntax.lexer_modes import KEYWORDS
from lsmc.modules.apparmor.syntax.resync import open_brace, starts_line

HEADS = frozenset(("PROFILE", "HAT", "CARET"))
WORDS = frozenset(("WORD", "STRING", "PATH", "VPATH", "NAME", "SETVAR", "FILENAME", "PERM"))
_RULES = sorted(word for word, (terminal, _) in KEYWORDS.items() if terminal != "RESERVED")
_PERMISSION_LETTERS = frozenset("rwalkmxRWLMXpPcCiIuU")
ITEM_STARTS = (
    frozenset(terminal for terminal, _ in KEYWORDS.values())
    | {"PATH", "VPATH", "NAME", "SETVAR", "BOOLVAR", "LBRACE", "RBRACE", "INCLUDE", "$END"}
) - {"RESERVED", "PERM", "SUBSET", "RLIMIT"}
_COMMENTLESS = frozenset(terminal for terminal, mode in KEYWORDS.values() if mode) - HEADS
#: Words of a rule before an error that are searched for characters that do not belong there.
_NEAR = 100
_UNTIL_BRACE = re.compile(r"([\w.,= -]{0,200}[\w.])[ \t]{0,200}\{")
_MOUNTS = frozenset(("MOUNT", "REMOUNT", "UMOUNT"))


def _lexical(f: SyntaxFault) -> Diagnostic | None:
    kind, text = f.found.type, f.found
    if kind == "BAD_COMMENT":
        return here(
            f, "unterminated-comment", "this comment has no line end", "end the file with a newline"
        )
    if kind == "BAD_DEPTH":
        return here(f, "nested-too-deeply", f"this nests more than {MAX_DEPTH} levels deep")
    if kind == "BAD_COMMA":
        return here(
            f,
            "comma-after-assignment",
            "a variable assignment takes no comma",
            "separate values by blanks; quote a value that ends in a comma",
        )
    if kind == "BAD_PRIORITY" or (f.read and f.read[-1].type == "EQ" and "INT" in f.expected):
        return here(f, "bad-priority", f"a priority is a whole number, not {what(text)}")
    if kind == "BAD_USERNS" or (f.keyword == "USERNS" and kind in ("LPAR", "WORD")):
        return here(f, "bad-userns", f"`userns` takes only `create`, not {what(text)}")
    if kind == "BAD_STRING" and f.expected & {"PATH"}:
        return here(
            f,
            "relative-quoted-path",
            f"a quoted path must start with `/`, `@`, `:` or `&`: found {what(text)}",
        )
    if (
        f.rule
        and f.rule[-1].type in HEADS
        and f.found.span.source.text.startswith('""', f.found.span.start)
    ):
        return here(f, "bad-profile-head", "a profile name may not be empty")
    if kind == "BAD" and text in ("@", "$"):
        return here(
            f,
            "unexpected-text",
            "this is not a variable",
            "write `@{NAME}` or `${NAME}`, where NAME is a letter, then letters, digits and `_`",
        )
    if kind == "BAD" and text[0] == '"':
        return here(f, "unexpected-text", "this quote is never closed", 'add the closing `"`')
    return None


def _foreign(f: SyntaxFault) -> Diagnostic | None:
    for token in (f.found, *reversed(f.read[-_NEAR:])):
        found = foreign_in(token.span)
        if found is not None:
            return error("unexpected-text", found.span, found.message, found.help)
    return None


def _glued(f: SyntaxFault) -> Diagnostic | None:
    if f.paren is not None:
        return error("unexpected-text", f.paren.span, "this `(` is never closed", "add `)`")
    if f.comma is not None:
        return error(
            "swallowed-comma",
            f.comma.span,
            f"the comma in {quote(f.comma)} is part of the word and ends no rule",
            "put a blank after the comma",
        )
    if f.brace is not None:
        return error(
            "glued-brace",
            f.brace.span,
            f"the `{{` is part of the word {quote(f.brace)}",
            "put a blank before `{`",
        )
    if "LBRACE" in f.expected and f.found[:1] == "{" and len(f.found) > 1:
        return here(
            f,
            "glued-brace",
            f"the `{{` is part of the word {what(f.found)}",
            "put a blank after `{`",
        )
    return None


def _commas(f: SyntaxFault) -> Diagnostic | None:
    if f.found.type == "COMMA":
        if f.complete and f.keyword == "INCLUDE":
            return here(f, "comma-after-include", "an include takes no comma")
        if f.complete or not f.read:
            return here(f, "stray-comma", "this comma ends no rule", "remove it")
    if f.found.type == "EOL" and f.read and f.read[-1].type == "ASSIGN":
        return error(
            "empty-assignment",
            f.read[0].span.to(f.read[-1].span),
            f"{quote(f.read[0])} is assigned no value",
            'an empty value is written `""`',
        )
    return None


def _prefixes(f: SyntaxFault) -> Diagnostic | None:
    if not f.read or f.rule:
        return None
    found = what(f.found)
    before = quote(f.read[-1])
    if f.found.type == "IF":
        return here(
            f,
            "prefix-before-if",
            "no prefix may stand before `if`",
            f"move {before} to the rules inside",
        )
    if f.found.type in PREFIXES:
        return here(
            f,
            "prefix-order",
            f"{found} may not follow {before}",
            "the order is priority, audit, allow/deny/prompt, owner/other; each at most once",
        )
    if f.found.type in HEADS | {"SET", "INCLUDE", "ABI", "ALIAS"}:
        return here(f, "unexpected-text", f"no prefix may stand before {found}", f"remove {before}")
    return None


def _classes(f: SyntaxFault) -> Diagnostic | None:
    found, keyword = what(f.found), f.keyword
    kind = f.found.type
    comment = next((t for t in (*f.rule[1:], f.found) if t[:1] == "#"), None)
    if comment is not None and keyword in _COMMENTLESS and not f.complete:
        return error(
            "unexpected-text",
            comment.span,
            f"no comment may stand between {quote(f.rule[0])} and its comma",
            "move the comment behind the comma",
        )
    if keyword == "ALL" and kind != "$END" and not f.new_line:
        return here(f, "words-after-all", f"`all` takes nothing, found {found}")
    if keyword == "FILE" and kind == "LINK":
        return here(f, "bad-link-rule", "`file` may not stand before `link`", "remove `file`")
    if keyword == "LINK" and "COMMA" not in f.expected:
        needs = "a path" if "PATH" in f.expected else "`->` and a target"
        return here(
            f,
            "bad-link-rule",
            f"`link` needs {needs}, found {found}",
            "write `link PATH -> TARGET,`",
        )
    words = [t for t in f.rule[1:] if t.type in ("WORD", "STRING")]
    if keyword in _MOUNTS and kind in ("WORD", "STRING") and words and not f.new_line:
        return here(
            f,
            "second-mount-path",
            f"a second path needs `->` before it: found {found}",
            "write `mount SOURCE -> MOUNTPOINT,`"
            if keyword == "MOUNT"
            else f"{quote(f.rule[0])} takes only a mount point",
        )
    if keyword == "MQUEUE" and kind == "COND" and words:
        return here(
            f,
            "misplaced-mqueue-condition",
            f"conditions stand before the queue name: {found} follows {quote(words[-1])}",
        )
    if keyword == "ABI" and "COMMA" in f.expected:
        return here(
            f, "abi-without-comma", f"expected `,` at the end of this abi rule, found {found}"
        )
    return None


def _heads(f: SyntaxFault) -> Diagnostic | None:
    found, kind = what(f.found), f.found.type
    if f.keyword in ("VPATH", "SETVAR") and kind == "LBRACE":
        return here(
            f,
            "bad-profile-head",
            "a profile name may start with a variable only after `profile`",
            f"write `profile {to_display(f.rule[0])} {{`",
        )
    if [t.type for t in f.read[-2:]] == ["FLAGS", "EQ"] or (f.read and f.read[-1] == "flags"):
        words = _UNTIL_BRACE.match(f.found.span.source.text, f.found.span.start)
        if words is not None:
            return here(
                f,
                "bad-profile-head",
                f"expected `(` before {found}: flags stand in parentheses",
                f"write `flags=({to_display(words[1])})`",
            )
    order = {"XATTRS": 0, "IDENTITIES": 1, "PLUS": 1, "FLAGS": 2}
    is_head = f.keyword in HEADS or f.keyword in ("PATH", "NAME", "VPATH")
    if not is_head or f.complete or "COMMA" in f.expected:
        return None
    if kind in order and any(t.type in order for t in f.rule):
        return here(
            f,
            "bad-profile-head",
            f"{found} may not stand here",
            "the order in a profile head is xattrs, identities, flags; each at most once",
        )
    if kind == "RPAR" and "WORD" in f.expected:
        return here(f, "bad-profile-head", "this list is empty", "name at least one, or drop it")
    if f.rule[-1].type in HEADS:
        message = f"expected a name on the line of {quote(f.rule[-1])}, found {found}"
        return here(f, "bad-profile-head", message)
    if f.keyword not in HEADS and not any(t.type in order for t in f.rule):
        return None
    # A head whose brace is missing goes on with the first rule, on the next line.
    tokens = [*f.rule, f.found]
    at = next((i for i in range(2, len(tokens)) if starts_line(tokens[i])), len(tokens) - 1)
    wanted = "`{`" if "LBRACE" in f.expected or at < len(f.rule) else listed(f.expected)
    message = f"expected {wanted} after {quote(tokens[at - 1])}, found {what(tokens[at])}"
    return error("bad-profile-head", tokens[at].span, message)


def _permissions(f: SyntaxFault) -> Diagnostic | None:
    rule = f.rule
    if rule and rule[0].type in ("FILE", "SAFETY"):
        rule = rule[1 + (len(rule) > 1 and rule[1].type == "SAFETY") :]
    if not rule or rule[0].type not in ("PATH", "VPATH", "NAME", "SETVAR"):
        return None
    if len(rule) == 1 and "PERMS" in f.expected:
        second = f.found
    elif (
        len(rule) == 2
        and "LBRACE" in f.expected
        and (f.nested or f.found.type == "COMMA" or rule[0].type == "NAME")
    ):
        # A path and a name are a profile head so far, but no `{` came.
        second = rule[1]
    else:
        return None
    misspelt = did_you_mean(rule[0], _RULES) if rule[0].type == "NAME" else ""
    if second.type == "COMMA" and open_brace(rule[0]):
        misspelt = "quote a path that holds a blank, or a comma before a blank"
    same_line = not starts_line(second)
    if second.type in ("NAME", "RESERVED") and not misspelt and same_line:
        bad = dict.fromkeys(c for c in second if c not in _PERMISSION_LETTERS)
        letters = ", ".join(quote(c) for c in bad)
        return error(
            "unknown-permission",
            second.span,
            f"{quote(second)} is not a permission word",
            f"not a permission: {letters}" if len(bad) < len(second) else "",
        )
    return error(
        "unexpected-text",
        second.span,
        f"expected permissions after {quote(rule[0])}, found {what(second)}",
        misspelt,
    )


def _missing(f: SyntaxFault) -> Diagnostic | None:
    if "COMMA" in f.expected:
        if f.read and (f.new_line or f.found == "}" or f.found.type in ITEM_STARTS - {"NAME"}):
            return lacks_comma(f.read[-1], f.found)
        message = f"expected `,` at the end of this rule, found {what(f.found)}"
        return here(f, "unexpected-text", message)
    if f.found.type == "$END" and f.nested and (f.complete or not f.read):
        related = (Label(f.opened.span, "opened here"),) if f.opened is not None else ()
        return here(f, "unexpected-text", "this file ends inside braces", "add `}`", related)
    if f.found.type == "RBRACE" and not f.nested and (f.complete or not f.read):
        return here(f, "unexpected-text", "this `}` closes nothing")
    if f.found.type == "ELSE" and (f.complete or not f.read):
        return here(f, "unexpected-text", "this `else` follows no `if`")
    return None


def lacks_comma(last: Tok, found: Tok) -> Diagnostic:
    """The error for a rule without its comma, at the place behind its last word."""
    place = last.span._replace(start=last.span.end)
    fix = Fix("write `,` behind the rule", (Edit(place, ","),))
    message = f"expected `,` at the end of this rule, found {what(found)}"
    return replace(error("missing-comma", place, message, fix.title), fix=fix)


def _other(f: SyntaxFault) -> Diagnostic:
    found = what(f.found)
    hint = did_you_mean(f.found, _RULES) if f.found.type == "NAME" else ""
    wanted = listed(f.expected)
    if f.complete or not f.read or not wanted:
        return here(f, "unexpected-text", f"unexpected {found}", hint)
    after = quote(f.read[-1])
    return here(f, "unexpected-text", f"expected {wanted} after {after}, found {found}", hint)


_CAUSES: tuple[Callable[[SyntaxFault], Diagnostic | None], ...] = (
    _lexical,
    _foreign,
    _commas,
    _prefixes,
    _glued,
    _classes,
    _heads,
    _permissions,
    _missing,
)


def explain(fault: SyntaxFault) -> Diagnostic:
    """The diagnostic for a token that does not fit."""
    for cause in _CAUSES:
        problem = cause(fault)
        if problem is not None:
            return problem
    return _other(fault)
