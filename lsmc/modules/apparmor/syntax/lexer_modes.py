"""The modes of the AppArmor lexer, as data.

Which bytes make a word depends on the keyword read before: a path of a file rule may hold `=`, a
word of a mount rule may not, and a list inside parentheses splits at every comma.  So each mode is
one compiled expression whose named groups are the kinds of token, and a table saying which kinds
change the mode.  Within an expression the order of the groups and their lookaheads do the work of
"longest match, then first": a condition name is tried before a word because the `=` behind it makes
it longer, a keyword counts only if no word byte follows.  Matching every kind and comparing the
lengths was rejected: it costs four times as much.

Kinds that start with `BAD` are not terminals of the grammar: the parser refuses them where they
stand, which makes a lexical error an ordinary syntax error with a better name.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

# Actions on the stack of modes.
PUSH, GOTO, POP, KEYWORD, CONDITION, GROUP, OPEN, CLOSE, COMMENT, COMMENT_EOL, END, NEST = range(12)

_BLANKS = r"[ \t]*+"
_SPACE = r"[ \t\n]*+(?:\r\n[ \t\n]*+)*+"  # blanks and newlines
_NAME = r"[A-Za-z][A-Za-z0-9_]*+"
_ID = r'(?:[^ \t\r\n"!,\\]++|\\[ \t"!,]|\\|,[^ \t\r\n"!,])'
_STOP = r"(?![^ \t\r\n\"!,]|,[^ \t\r\n\"!,])"  # no further byte of a general word
_AFTER_VAR = r'(?:[^ \t\r\n"!,\\=+?]|\?(?!=)|\\[ \t"!,]|\\|,[^ \t\r\n"!,])'
_WORD = rf"(?!,){_ID}{_ID}*+"
_RULE_ID = r'(?:[^ \t\r\n"!,=)\\]++|\\[ \t"!,]|\\|,[^ \t\r\n"!,=)])'
_RULE_STOP = r'(?![^ \t\r\n"!,=)]|,[^ \t\r\n"!,=)])'
_RULE_WORD = rf'(?:(?![(+&=:),]){_RULE_ID}|:(?=[^ \t\r\n"!,=)])){_RULE_ID}*+'
_LIST_WORD = r'(?:[^ \t\n"!,()\\]++|\\[ \t"!,()]|\\)++'
# The longest match: an escaped quote ends the string after all if no other quote follows.
_STRING = r'"(?:[^\0"\\]++|\\"?)*"'
_FILLED_STRING = r'"(?!")(?:[^\0"\\]++|\\"?)*"'
_VARIABLE = rf"(?:\{{{_NAME}\}}|{_NAME})"
_VPATH = (
    rf"@(?:\{{{_NAME}\}}{_AFTER_VAR}|[A-Za-z][A-Za-z0-9_]++{_ID}"
    rf"|[A-Za-z](?![A-Za-z0-9_]){_AFTER_VAR}){_ID}*+"
)
# A path keeps the `=` and `)` that end other words of a rule.
_RULE_PATH = rf"/{_ID}*+|{_VPATH}|{_RULE_WORD}"
_PERMS = r"(?!all[ \t\r\n,])(?:[RrWwaLlMmkXx]|[PpCc][IiUu]?[Xx]|[IiUu][Xx])++(?=[ \t\n,]|\r\n)"
_COND = rf"{_NAME}(?=[ \t]*+(?:=|(?<=[ \t])in[ \t]*+\())"
_GROUP = r"(?:peer|xattrs)(?=[ \t]*+=[ \t]*+\()"
_COMMENT = r"#[^\n]*+\n"
_JUNK = r'[@$]|[^ \t\r\n",(){}@$]++|[\s\S]'

#: The words of conditions on variables.
LOGIC = ("and", "or", "not", "in", "defined")
_ACCESS_WORDS = ("read", "write", "r", "w", "rw", "wr")
NETWORK_PERMS = frozenset(
    (
        *("create", "bind", "listen", "accept", "connect", "shutdown", "getattr", "setattr"),
        *("getopt", "setopt", "send", "receive", *_ACCESS_WORDS),
    )
)
MQUEUE_PERMS = frozenset(("create", "open", "delete", "getattr", "setattr", *_ACCESS_WORDS))


class Op(NamedTuple):
    """What a kind of token does to the stack of modes."""

    action: int
    mode: str = ""
    terminal: str = ""  # the terminal to hand over, if it is not the kind itself


class Mode(NamedTuple):
    """One mode: its expression, and the transitions by kind of token."""

    expression: str
    ops: dict[str, Op]


def _mode(skip: str, kinds: dict[str, str], ops: dict[str, Op]) -> Mode:
    kinds = {**kinds, "END": r"\Z", "BAD": _JUNK}
    groups = "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in kinds.items())
    return Mode(f"{skip}(?:{groups})", {**ops, "END": Op(END)})


def _words(words: frozenset[str], stop: str) -> str:
    return "(?:" + "|".join(sorted(words, key=lambda w: (-len(w), w))) + ")" + stop


def _rule(kinds: dict[str, str], word: str = _RULE_WORD) -> Mode:
    """A mode of rule words, conditions and lists, ended by a comma."""
    first = {"GROUP": _GROUP, "COND": _COND, **kinds}
    return _mode(
        _SPACE,
        {**first, "WORD": word, "STRING": _STRING, "LPAR": r"\(", "COMMA": ","},
        {
            "GROUP": Op(GROUP),
            "COND": Op(PUSH, "condition"),
            "LPAR": Op(PUSH, "list"),
            "COMMA": Op(POP),
        },
    )


def _expression(skip: str, ends: dict[str, str], ops: dict[str, Op]) -> Mode:
    """A mode of conditions on variables; a word swallows what is glued to it."""
    kinds = {
        "COMPARE": rf"[=!<>]=|[<>]{_RULE_STOP}",
        **{word.upper(): word + _RULE_STOP for word in LOGIC},
        "LPAR": r"\(",
        "RPAR": r"\)",
        "SETVAR": rf"@{_VARIABLE}{_RULE_STOP}",
        "BOOLVAR": rf"\${_VARIABLE}{_RULE_STOP}",
        **ends,
        "WORD": _RULE_WORD,
        "STRING": _STRING,
    }
    nests = {kind: Op(NEST) for kind in ("LPAR", "NOT", "AND", "OR")}
    return _mode(skip, kinds, {**nests, **ops})


_LINE_ENDS = {"COMMENT": _COMMENT, "EOL": r"\r?\n", "BAD_COMMENT": r"#[^\n]*+"}
_LINE_OPS = {"COMMENT": Op(COMMENT_EOL), "EOL": Op(POP)}
_CONTINUED = r"[ \t]*+(?:\\\r?\n[ \t]*+)*+"

MODES: dict[str, Mode] = {
    "body": _mode(
        _SPACE,
        {
            "PATH": rf'(?:/|:(?!=)|&){_ID}*+|"(?=[/:&])(?:[^\0"\\]++|\\"?)*"',
            "COMMA": ",",
            "PERMS": _PERMS,
            "COMMENT": rf"#(?!include){_COMMENT[1:]}",
            "INCLUDE": (
                r"(?:#include(?=[^\n]*+\n)|include(?=[ \t]))"
                r"(?:[ \t]++if[ \t]++exists(?=[ \t]))?"
            ),
            "GROUP": _GROUP,
            "COND": _COND,
            "NAME": _NAME,
            "VPATH": rf'{_VPATH}|"(?=@)(?:[^\0"\\]++|\\"?)*"',
            "LBRACE": r"\{",
            "RBRACE": r"\}",
            "ARROW": "->",
            "LPAR": r"\(",
            "SETVAR": f"@{_VARIABLE}",
            "BOOLVAR": rf"\${_VARIABLE}",
            "ASSIGN": r"[+?:]?=",
            "CARET": r"\^",
            "PLUS": r"\+",
            "BAD_COMMENT": r"#[^\n]*+",
            "BAD_STRING": _STRING,
        },
        {
            "COMMENT": Op(COMMENT),
            "INCLUDE": Op(PUSH, "include"),
            "GROUP": Op(GROUP),
            "COND": Op(CONDITION),
            "NAME": Op(KEYWORD),
            "LBRACE": Op(OPEN),
            "RBRACE": Op(CLOSE),
            "ARROW": Op(PUSH, "target"),
            "LPAR": Op(PUSH, "list"),
            "BOOLVAR": Op(PUSH, "bool"),
            "ASSIGN": Op(PUSH, "assign"),
            "CARET": Op(PUSH, "name"),
        },
    ),
    "include": _mode(
        _BLANKS,
        {"FILENAME": r'<[^<>"\r\n]*+>|<"[^"\r\n]*+">|"[^"\0\r\n]*+"|[^ \t\r\n"!,<>]++'},
        {"FILENAME": Op(POP)},
    ),
    "abi": _mode(
        _SPACE,
        {"FILENAME": rf'<[^<>"\r\n]*+>|<"[^"\r\n]*+">|"[^"\0\r\n]*+"|{_WORD}', "COMMA": ","},
        {"COMMA": Op(POP)},
    ),
    "name": _mode(_BLANKS, {"WORD": rf"{_WORD}|{_FILLED_STRING}"}, {"WORD": Op(POP)}),
    "target": _mode(_SPACE, {"WORD": rf"{_WORD}|{_STRING}"}, {"WORD": Op(POP)}),
    "condition": _mode(
        _SPACE,
        {"VALUE": r":?=(?=[ \t]*+[^( \t\r\n])", "EQ": ":?=", "IN": "in", "LPAR": r"\("},
        {"VALUE": Op(GOTO, "value", "EQ"), "LPAR": Op(GOTO, "list")},
    ),
    "value": _mode(_BLANKS, {"WORD": rf"{_WORD}|{_STRING}"}, {"WORD": Op(POP)}),
    "list": _mode(
        r"[ \t\n,]*+(?:\r\n[ \t\n,]*+)*+",
        {"WORD": rf"{_LIST_WORD}|{_STRING}", "RPAR": r"\)"},
        {"RPAR": Op(POP)},
    ),
    "group": _mode(
        _BLANKS,
        {"EQ": "=", "LPAR": r"\("},
        {"LPAR": Op(GOTO, "group items")},
    ),
    "group items": _mode(
        r"[ \t\n,]*+(?:\r\n[ \t\n,]*+)*+",
        {"COND": r'(?:[^ \t\r\n"!,()=\\:]++|:(?!=))++', "EQ": ":?=", "RPAR": r"\)"},
        {"EQ": Op(PUSH, "group value"), "RPAR": Op(POP)},
    ),
    "group value": _mode(
        _SPACE,
        {"WORD": rf"{_LIST_WORD}|{_FILLED_STRING}", "LPAR": r"\("},
        {"WORD": Op(POP), "LPAR": Op(GOTO, "list")},
    ),
    "bool": _mode(_BLANKS, {"ASSIGN": r"[+?:]?="}, {"ASSIGN": Op(GOTO, "expression line")}),
    "assign": _mode(
        _CONTINUED,
        {**_LINE_ENDS, "BAD_COMMA": ",", "WORD": rf"(?!#){_WORD}|{_STRING}"},
        _LINE_OPS,
    ),
    "expression line": _expression(_CONTINUED, _LINE_ENDS, _LINE_OPS),
    "expression": _expression(_SPACE, {"LBRACE": rf"\{{{_RULE_STOP}"}, {"LBRACE": Op(OPEN)}),
    "priority": _mode(
        _BLANKS,
        {"EQ": "=", "INT": r"[-+]?[0-9]++", "BAD_PRIORITY": r"[^ \t\r\n,]++"},
        {"INT": Op(POP)},
    ),
    "rule": _rule({}),
    "network": _rule({"PERM": _words(NETWORK_PERMS, _RULE_STOP)}),
    "mqueue": _rule({"PERM": _words(MQUEUE_PERMS, _RULE_STOP)}, _RULE_PATH),
    "mount": _rule({"ARROW": rf"->{_RULE_STOP}"}, _RULE_PATH),
    "userns": _mode(
        _SPACE,
        {"WORD": rf"create{_RULE_STOP}", "COMMA": ",", "BAD_USERNS": r'[^ \t\r\n",]++'},
        {"COMMA": Op(POP)},
    ),
    "rlimit": _mode(
        _SPACE,
        {"LE": "<=", "INT": "-?[0-9]++", "NAME": "[A-Za-z_]++", "COMMA": ","},
        {"COMMA": Op(POP)},
    ),
    "change_profile": _mode(
        _SPACE,
        {
            "ARROW": f"->{_STOP}",
            "SAFETY": f"(?:un)?safe{_STOP}",
            "WORD": _WORD,
            "STRING": _STRING,
            "COMMA": ",",
        },
        {"ARROW": Op(PUSH, "target"), "COMMA": Op(POP)},
    ),
}


@cache
def compiled(name: str) -> tuple[re.Pattern[str], dict[str, Op]]:
    """The pattern and the transitions of a mode, compiled when a text first has it."""
    expression, ops = MODES[name]
    return re.compile(expression), ops


# Keywords of the body: the terminal, and the mode that they start.  RESERVED is not a terminal.
KEYWORDS: dict[str, tuple[str, str]] = {
    "profile": ("PROFILE", "name"),
    "hat": ("HAT", "name"),
    "abi": ("ABI", "abi"),
    "alias": ("ALIAS", ""),
    "rewrite": ("ALIAS", ""),
    "all": ("ALL", ""),
    "audit": ("AUDIT", ""),
    "allow": ("EFFECT", ""),
    "deny": ("EFFECT", ""),
    "prompt": ("EFFECT", ""),
    "owner": ("WHOM", ""),
    "user": ("WHOM", ""),
    "other": ("WHOM", ""),
    "safe": ("SAFETY", ""),
    "unsafe": ("SAFETY", ""),
    "subset": ("SUBSET", ""),
    "file": ("FILE", ""),
    "link": ("LINK", ""),
    "capability": ("CAPABILITY", ""),
    "network": ("NETWORK", "network"),
    "unix": ("UNIX", "rule"),
    "dbus": ("DBUS", "rule"),
    "signal": ("SIGNAL", "rule"),
    "ptrace": ("PTRACE", "rule"),
    "mount": ("MOUNT", "mount"),
    "remount": ("REMOUNT", "mount"),
    "umount": ("UMOUNT", "mount"),
    "unmount": ("UMOUNT", "mount"),
    "pivot_root": ("PIVOT_ROOT", ""),
    "change_profile": ("CHANGE_PROFILE", "change_profile"),
    "set": ("SET", ""),
    "rlimit": ("RLIMIT", "rlimit"),
    "userns": ("USERNS", "userns"),
    "io_uring": ("IO_URING", ""),
    "sqpoll": ("PERM", ""),
    "override_creds": ("PERM", ""),
    "mqueue": ("MQUEUE", "mqueue"),
    "if": ("IF", "expression"),
    "else": ("ELSE", ""),
    **dict.fromkeys(
        (
            *("and", "bind", "defined", "delete", "eavesdrop", "in", "not", "open", "or", "peer"),
            *("priority", "read", "readby", "receive", "send", "trace", "tracedby", "write"),
        ),
        ("RESERVED", ""),
    ),
}

# Condition names of the body that are terminals of their own.
BODY_CONDITIONS: dict[str, tuple[str, str]] = {
    "flags": ("FLAGS", "condition"),
    "identities": ("IDENTITIES", "condition"),
    "priority": ("PRIORITY", "priority"),
}
GROUPS = {"peer": "PEER", "xattrs": "XATTRS"}
