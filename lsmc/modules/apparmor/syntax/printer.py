"""The syntax tree as canonical AppArmor text, which parses back to an equal tree.

Words are written as they were: quoted if they were quoted, else with a numeric escape for each byte
that would end the word or be read as something else where it stands.  Quoting such a word instead
was rejected: a quoted word is not equal to a bare one, and in some places only bare ones are legal.
Comments are not part of the tree's meaning and are not printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.apparmor.syntax.lexer import ESCAPE, unescape
from lsmc.modules.apparmor.syntax.lexer_modes import MQUEUE_PERMS, NETWORK_PERMS

_BLANK = ' \t\r\n"!'
_RULE = _BLANK + "=)"
_LIST = _BLANK + "()"
_RULE_FIRST = "(+&=:"
_TESTS = frozenset(("and", "or", "not", "in", "defined", "<", ">"))
_CHANGE = frozenset(("safe", "unsafe", "->"))
_VARIABLE = re.compile(r"@(?:\{[A-Za-z][A-Za-z0-9_]*\}|[A-Za-z][A-Za-z0-9_]*)")
_PERMS = re.compile(r"(?:[RrWwaLlMmkXx]|[PpCc][IiUu]?[Xx]|[IiUu][Xx])+")
# After a bare path that would be read as permissions before a blank; no byte, so in no text.
_GLUE = "\ue000"


def _byte(char: str) -> str:
    return f"\\x{ord(char):02x}"


def _escaped(text: str, special: str) -> str:
    """Text that the lexer resolves to `text`, free of raw `special` bytes."""
    out = []
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\" and at + 1 < len(text):
            found = ESCAPE.match(text, at)
            assert found is not None
            if unescape(found[0]) == found[0] and not set(found[0][2:]) & set(special):
                out.append(found[0])
                at = found.end()
            else:
                # Not an escape as it was read: keep the backslash from taking what follows.
                out.append(text[at : at + 2])
                at += 2
                if at < len(text):
                    out.append(_byte(text[at]))
                    at += 1
            continue
        out.append(_byte(char) if char in special else char)
        at += 1
    if _ends_open(text):
        if special != '"' and not text.endswith(",\\"):
            out.append("\n")
    elif text.endswith("\\\\"):
        # The blank or quote after it would be taken for an escaped one.
        out[-1] = _byte("\\")
    return "".join(out)


def _ends_open(text: str) -> bool:
    """Whether a text ends in a backslash that escapes nothing yet."""
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


def _word(
    word: ast.Word, special: str = _BLANK, first: str = "", reserved: Iterable[str] = ()
) -> str:
    """A word in a mode where `special` bytes end it, and `first` cannot begin it."""
    if word.quoted:
        return '"' + _escaped(word.text, '"') + '"'
    text = word.text
    if text[:1] in first or text in reserved:
        return _byte(text[:1]) + _escaped(text[1:], special) if text else text
    return _escaped(text, special)


def _rule_word(word: ast.Word, reserved: Iterable[str] = ()) -> str:
    if word.text.startswith("in("):
        # After a name it would be a condition.
        reserved = (word.text,)
    return _word(word, _RULE, _RULE_FIRST, reserved)


def _path(word: ast.Word, label: bool = False) -> str:
    """A path of the body; as a `label` it cannot be a mere variable."""
    text = word.text
    if word.quoted:
        return _word(word)
    if text[0] == "@":
        found = _VARIABLE.match(text)
        assert found is not None
        end = found.end()
        if end < len(text):
            glued = text[1] != "{" and end > 2
            after = text[end] in "=+?" and not glued
            head = _byte(text[end]) if after else ""
            return text[:end] + head + _escaped(text[end + after :], _BLANK)
        if label:
            return text[:-1] + _byte(text[-1])
        return text
    if text[:2] == ":=":
        return ":" + _byte("=") + _escaped(text[2:], _BLANK)
    if text == "include":
        return text + "\n"  # before a blank it would be a directive
    return _escaped(text, _BLANK) + (_GLUE if _PERMS.fullmatch(text) else "")


def _list(words: Iterable[ast.Word]) -> str:
    return "(" + " ".join(_word(w, _LIST) for w in words) + ")"


def _condition(condition: ast.Condition, group: bool = False) -> str:
    name, op, values = condition.name.text, condition.op, condition.values
    if op == "in":
        return f"{name} in {_list(values)}"
    if len(values) != 1 or (group and values[0].quoted and not values[0].text):
        return f"{name}{op}{_list(values)}"
    return f"{name}{op}{_word(values[0], _LIST if group else _BLANK, '(')}"


def _group(name: str, conditions: Iterable[ast.Condition]) -> str:
    return f"{name}=(" + " ".join(_condition(c, True) for c in conditions) + ")"


def _file_name(word: ast.Word, magic: bool) -> str:
    text = f'"{word.text}"' if word.quoted else word.text
    if magic:
        return f"<{text}>"
    return text + "\n" if not word.quoted and _ends_open(text) else text


# Expressions.


def _operand(operand: ast.Word | ast.SetVar) -> str:
    if isinstance(operand, ast.SetVar):
        return f"@{{{operand.name}}}"
    return _word(operand, _RULE, _RULE_FIRST + "@$", _TESTS)


def _expr(expr: ast.Expr, strength: int = 0) -> str:
    """An expression inside an operator of a strength: 1 `or`, 2 `and`, 3 `not`."""
    match expr:
        case ast.BoolVar(name):
            return f"${{{name}}}"
        case ast.Defined(variable):
            mark = "@" if isinstance(variable, ast.SetVar) else "$"
            return f"defined {mark}{{{variable.name}}}"
        case ast.Not(operand):
            return f"not {_expr(operand, 3)}"
        case ast.BoolOp(op, left, right):
            own = 1 if op == "or" else 2
            text = f"{_expr(left, own)} {op} {_expr(right, own + 1)}"
            return f"({text})" if own < strength else text
        case ast.Compare(op, left, right):
            return f"{_operand(left)} {op} {_operand(right)}"
        case _:
            return _operand(expr)


# Rules.


def _prefix(prefix: ast.Prefix) -> list[str]:
    parts = [f"priority={prefix.priority}"] if prefix.priority is not None else []
    parts += ["audit"] if prefix.audit else []
    return parts + [word for word in (prefix.effect, prefix.owner) if word]


def _arrow(target: ast.Word | None) -> list[str]:
    return [] if target is None else ["->", _word(target)]


def _file(rule: ast.FileRule) -> list[str]:
    parts = ["file"] if rule.keyword else []
    parts += [rule.safety] if rule.safety else []
    if rule.path is None or rule.perms is None:
        return parts
    path, perms = _path(rule.path), rule.perms.text
    if rule.leading:
        parts += [perms, "subset", path] if rule.subset else [perms, path]
    else:
        parts += [path, perms]
    return parts + _arrow(rule.target)


def _class(rule: ast.ClassRule) -> list[str]:
    parts = [rule.kind]
    names = list(rule.words)
    known = {"network": NETWORK_PERMS, "mqueue": MQUEUE_PERMS}.get(rule.kind, frozenset())
    if rule.perms is not None and rule.perms_in_list:
        parts.append(_list(rule.perms))
    elif rule.perms is not None:
        parts += [_rule_word(perm) for perm in rule.perms]
    elif names and not names[0].quoted and names[0].text in known:
        parts.append(names.pop(0).text)
    words = [_rule_word(name, known) for name in names]
    conditions = [_condition(c) for c in rule.conditions]
    parts += conditions + words if rule.kind == "mqueue" else words + conditions
    if rule.peer is not None:
        parts.append(_group("peer", rule.peer))
    return parts


def _mount(rule: ast.MountRule) -> list[str]:
    parts = [rule.kind, *(_condition(c) for c in rule.conditions)]
    if rule.source is not None:
        parts.append(_rule_word(rule.source, ("->",)))
    if rule.mountpoint is not None:
        parts += ["->"] if rule.kind == "mount" else []
        parts += [_condition(c) for c in rule.trailing]
        parts.append(_rule_word(rule.mountpoint, ("->",)))
    return parts


def _body(body: ast.RuleBody) -> list[str]:
    """The words of a rule without prefix and comma."""
    match body:
        case ast.FileRule():
            return _file(body)
        case ast.LinkRule(path, target, subset):
            words = ["link", "subset"] if subset else ["link"]
            return [*words, _path(path), *_arrow(target)]
        case ast.CapabilityRule(names):
            return ["capability", *map(_path, names)]
        case ast.ClassRule():
            return _class(body)
        case ast.MountRule():
            return _mount(body)
        case ast.PivotRootRule(conditions, newroot, target):
            root = [] if newroot is None else [_path(newroot, True)]
            return ["pivot_root", *map(_condition, conditions), *root, *_arrow(target)]
        case ast.ChangeProfileRule(safety, executable, target):
            words = ["change_profile", *([safety] if safety else [])]
            if executable is not None:
                words.append(_word(executable, reserved=_CHANGE))
            return [*words, *_arrow(target)]
        case ast.AllRule():
            return ["all"]


# Items.


def _head(profile: ast.Profile) -> str:
    keyword = profile.keyword
    if keyword == "^":
        parts = ["^" + _word(profile.name)]
    elif keyword:
        parts = [keyword, _word(profile.name)]
    else:
        parts = [_path(profile.name, True)]
    if profile.attachment is not None:
        parts.append(_path(profile.attachment))
    if profile.has_xattrs:
        xattrs = (
            x.name.text + ("" if x.value is None else "=" + _xattr_value(x.value))
            for x in profile.xattrs
        )
        parts.append(f"xattrs=({' '.join(xattrs)})")
    if profile.identities:
        parts.append(f"+ identities={_list(profile.identities)}")
    if profile.flags:
        flags = _list(profile.flags)
        parts.append(flags if parts[-1].endswith(_GLUE) else f"flags={flags}")
    return " ".join(parts)


def _xattr_value(value: ast.Word) -> str:
    return _word(value, _LIST)


def _block(head: str, body: Iterable[ast.Item], indent: str, out: list[str]) -> None:
    out.append(f"{indent}{head} {{" if head else f"{indent}{{")
    for item in body:
        _item(item, indent + "  ", out)
    out.append(f"{indent}}}")


def _if(item: ast.If, indent: str, out: list[str]) -> None:
    head = f"if {_expr(item.condition)}"
    while True:
        _block(head, item.body, indent, out)
        if not item.orelse:
            return
        first = item.orelse[0]
        if len(item.orelse) == 1 and isinstance(first, ast.If):
            item = first
            head = f"else if {_expr(item.condition)}"
            continue
        _block("else", item.orelse, indent, out)
        return


def _item(item: ast.Item, indent: str, out: list[str]) -> None:
    match item:
        case ast.Rule(prefix, body):
            out.append(indent + " ".join(_prefix(prefix) + _body(body)) + ",")
        case ast.Include(path, magic, if_exists, pound):
            word = "#include" if pound else "include"
            exists = " if exists" if if_exists else ""
            out.append(f"{indent}{word}{exists} {_file_name(path, magic)}")
        case ast.Abi(path, magic):
            out.append(f"{indent}abi {_file_name(path, magic)},")
        case ast.Alias(old, new):
            out.append(f"{indent}alias {_path(old, True)} -> {_word(new)},")
        case ast.Assign(name, op, values):
            words = " ".join(_word(value, first="#") for value in values)
            out.append(f"{indent}@{{{name.text}}} {op} {words}")
        case ast.AssignBool(name, op, value):
            out.append(f"{indent}${{{name.text}}} {op} {_expr(value)}")
        case ast.Rlimit(name, value, unit):
            amount = value.text + (unit.text if unit else "")
            out.append(f"{indent}set rlimit {name.text} <= {amount},")
        case ast.Block(prefix, body):
            _block(" ".join(_prefix(prefix)), body, indent, out)
        case ast.If():
            _if(item, indent, out)
        case ast.Profile():
            _block(_head(item), item.body, indent, out)


def format_file(file: ast.File) -> str:
    """Canonical byte text of a file: `parse` gives an equal tree of it."""
    out: list[str] = []
    for item in file.items:
        _item(item, "", out)
    text = "\n".join(out) + "\n" if out else ""
    text = text.replace(_GLUE + " ", "").replace(_GLUE, "")
    last = file.items[-1] if file.items else None
    # A last value that is a backslash would take the newline for a continuation.
    return text.rstrip("\n") if isinstance(last, ast.Assign) and text[-2] == "\\" else text
