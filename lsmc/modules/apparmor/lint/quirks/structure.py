"""What the compiler silently drops or alters in the structure of a file: blocks, conditions,
heads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from lsmc.base.source import Span, to_display
from lsmc.modules.apparmor.lint.quirks.glob import globs
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.lint.written_rules import WrittenProfile
from lsmc.modules.apparmor.resolve.variables import ExpansionError, Variables
from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.apparmor.syntax.walk import atoms

_OWN_NAME = "@{profile_name}"
_ESCAPE_OR_VARIABLE = re.compile(r"\\.|@\{[^}]*\}", re.DOTALL)
_FIRST_VARIABLE = re.compile(r"(/?)@\{([^}]*)\}(/?)")


class StructureFault(NamedTuple):
    """A place, what becomes of it, and what to write instead."""

    span: Span
    message: str
    help: str


def structure(tree: Tree) -> Iterator[StructureFault]:
    """What becomes of items that are not rules, in the files of the tree."""
    for path in tree.texts:
        yield from _items(tree.library.file(path).tree.items, block=False, condition=False)


def _items(items: Sequence[ast.Item], *, block: bool, condition: bool) -> Iterator[StructureFault]:
    for item in items:
        match item:
            case ast.Block():
                yield from _items(item.body, block=True, condition=condition)
            case ast.If():
                yield from _expression(item.condition)
                yield from _items(item.body, block=block, condition=True)
                yield from _items(item.orelse, block=block, condition=True)
            case ast.AssignBool():
                yield from _expression(item.value)
            case ast.Rlimit():
                yield from _limit(item, block or condition)
            case ast.Profile():
                if block:
                    yield StructureFault(
                        item.head,
                        f"the profile `{to_display(item.name.text)}` is dropped: "
                        "of a `{ }` block only file, link and change_profile rules are kept",
                        "move it out of the block",
                    )
                yield from _items(item.body, block=False, condition=False)
            case _:
                pass


def _limit(item: ast.Rlimit, dropped: bool) -> Iterator[StructureFault]:
    text = item.value.text
    if dropped:
        yield StructureFault(
            item.span,
            "the limit is dropped: `{ }` blocks and the branches of `if` lose limits",
            "move it to the body of the profile",
        )
    elif len(text) > 1 and text.startswith("0") and set(text) <= set("01234567"):
        yield StructureFault(
            item.span,
            f"`{text}` is {int(text, 8)}: a number that begins with 0 is octal",
            f"write `{text.lstrip('0') or '0'}` or `{int(text, 8)}`",
        )


def _expression(expr: ast.Expr) -> Iterator[StructureFault]:
    for atom in atoms(expr):
        match atom:
            case ast.Defined(variable=ast.BoolVar(name=name)):
                yield StructureFault(
                    atom.span,
                    f"`defined ${name}` is false whether or not `${name}` is declared "
                    "(apparmor_parser 6.0; 3.0.8 is right)",
                    "declare the boolean with `?=` and use its value",
                )


def heads(profile: WrittenProfile) -> Iterator[StructureFault]:
    """What becomes of a child's own namespace, and of its transitions to children of its own."""
    written = profile.flat.ast
    if "//" not in profile.name.split(":")[-1].lstrip("/"):
        return
    name = to_display(written.name.text)
    if name.startswith(":"):
        yield StructureFault(
            written.name.span,
            f"`{name}` becomes `{profile.name}`: a child stays a child, in the other namespace",
            "drop the namespace, or move the profile out",
        )
    for fragment in profile.flat.body.fragments:
        if not fragment.taken or fragment.via:
            continue
        for rule in fragment.rules:
            yield from _grandchild(rule, written.name.text, profile.name)


def merged(profile: WrittenProfile) -> Iterator[StructureFault]:
    """File rules whose path is, letter for letter, the target of a change_profile rule.

    The compilers make one entry of both, and keep of it what is about the change alone.
    """
    variables = profile.file.compiled.preamble.variables
    rules = [
        (rule, rule.prefix.effect or (fragment.prefix.effect if fragment.prefix else "") or "allow")
        for fragment in profile.flat.body.fragments
        if fragment.taken
        for rule in fragment.rules
    ]
    targets = {
        (_expanded(rule.body.target, variables), effect)
        for rule, effect in rules
        if isinstance(rule.body, ast.ChangeProfileRule)
        and rule.body.exec is None
        and rule.body.target is not None
    }
    if not targets:
        return
    for rule, effect in rules:
        body = rule.body
        if not isinstance(body, ast.FileRule) or body.path is None or body.perms is None:
            continue
        links = body.target is not None and "l" in body.perms.text.lower()
        if not links and (_expanded(body.path, variables), effect) in targets:
            yield StructureFault(
                rule.span,
                f"`{to_display(rule.span.text)}` does nothing in `apparmor_parser` 3.0.8 and 4.1.0:"
                f" it is lost beside `change_profile -> {to_display(body.path.text)}`",
                "write the path in other letters, the last one as a class: `/bin/s[h]`",
            )


def _expanded(word: ast.Word, variables: Variables) -> str:
    try:
        return variables.expand(word.text)
    except ExpansionError:
        return word.text


def _grandchild(rule: ast.Rule, own: str, name: str) -> Iterator[StructureFault]:
    body = rule.body
    if not isinstance(body, ast.FileRule) or body.perms is None or body.target is None:
        return
    mode = body.perms.text.lower()
    if "cx" in mode or "cix" in mode or "cux" in mode:
        target = to_display(body.target.text)
        yield StructureFault(
            body.target.span,
            f"`-> {target}` looks for `{own}//{target}`, not for `{name}//{target}`, "
            "and so finds no child of a child",
            f"write `px -> {name}//{target}`",
        )


#: A path that begins with a variable, and its beginning.
Leading = tuple[ast.Word, re.Match[str]]


def leading_variables(rule: ast.Rule) -> list[Leading]:
    """The paths of a rule that begin with a variable, each with its beginning."""
    found = ((word, _FIRST_VARIABLE.match(word.text)) for word in _paths(rule.body))
    return [(word, match) for word, match in found if match is not None]


def double_slash(leading: Iterable[Leading], variables: Variables) -> Iterator[StructureFault]:
    """Paths that begin with two slashes after expansion, and so never match.

    Args:
        leading: paths that begin with variables (`leading_variables`).
        variables: their values.
    """
    for word, match in leading:
        before, name, behind = match.groups()
        try:
            values = variables.flatten(name)
        except ExpansionError:
            continue
        if before:
            value = next((value for value in values if value.startswith("/")), None)
            if value is not None:
                text = to_display(word.text)
                yield StructureFault(
                    word.span,
                    f"`{text}` begins with `/{to_display(value)}` after expansion, "
                    "and two slashes never match",
                    f"write `{text[1:]}`",
                )
        elif behind and values == ("/",):
            text = to_display(word.text)
            yield StructureFault(
                word.span,
                f"`{text}` begins with `//` for `apparmor_parser` before 6.0, "
                "and two slashes never match",
                f"write `{text.partition('}')[2]}`",
            )


def naming_itself(rule: ast.Rule) -> list[ast.Word]:
    """The globs of a rule with the name of its profile."""
    return [word for word in globs(rule.body) if _OWN_NAME in word.text]


def own_name(words: Iterable[ast.Word], name: str) -> Iterator[StructureFault]:
    """References to the profile's own name where that name is read as something else.

    Args:
        words: the globs with such references (`naming_itself`), as they are written.
        name: the profile's name, without a namespace, with a character a byte.
    """
    for word in words:
        shown = f"`{to_display(word.text)}`"
        if "\\" in name:
            yield StructureFault(
                word.span,
                f"{shown} is not the name `{to_display(name)}`: its backslashes escape",
                "write the name out, each backslash of it twice",
            )
        elif "," in name and _depth(word.text.partition(_OWN_NAME)[0]):
            yield StructureFault(
                word.span,
                f"{shown} is read with the name `{to_display(name)}` split at its comma",
                "write a rule of its own for the name",
            )


def _depth(text: str) -> int:
    """How many braces are open behind a glob's beginning."""
    plain = _ESCAPE_OR_VARIABLE.sub("", text)
    return plain.count("{") - plain.count("}")


def _paths(body: ast.RuleBody) -> Iterator[ast.Word]:
    words: tuple[ast.Word | None, ...] = ()
    match body:
        case ast.FileRule():
            words = (body.path,)
        case ast.LinkRule():
            words = (body.path, body.target)
        case ast.MountRule():
            words = (body.source, body.mountpoint)
        case ast.ChangeProfileRule():
            words = (body.exec,)
    yield from (word for word in words if word is not None)


def abi_lines(tree: Tree) -> Iterator[StructureFault]:
    """Lines of the given files that come too late to be the first."""
    for file in tree.files:
        lines = file.compiled.preamble.abi_lines
        for abi, features in lines[1:]:
            first, chosen = lines[0]
            if features.name != chosen.name and abi.span.source.path == file.path:
                where = first.span.location()
                yield StructureFault(
                    abi.span,
                    f"is passed over: the first line counts, `{first.path.text}` "
                    f"at {where.file}:{where.line}",
                    "put the line before every include",
                )
