"""What is told of a place: the word there, what a rule says once variables are put in, and what
decides beside it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress

from lsmc.automata.algebra import Lazy
from lsmc.automata.common import shortest_common
from lsmc.automata.dfa import StateLimit
from lsmc.base.errors import Error
from lsmc.base.source import Span, to_display
from lsmc.base.text import counted
from lsmc.engine.verdict import Verdict
from lsmc.ir.model import Rule
from lsmc.modules.apparmor.editing.names import Name, ProfilePart, spanned
from lsmc.modules.apparmor.editing.navigation import attached, included, profiles_named
from lsmc.modules.apparmor.editing.snapshot import Snapshot
from lsmc.modules.apparmor.editing.words import execute_text, words
from lsmc.modules.apparmor.lint.messages import shown_access, witness
from lsmc.modules.apparmor.resolve.variables import ExpansionError, references
from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.apparmor.syntax.permission_words import modes_apart
from lsmc.modules.apparmor.syntax.walk import walk
from lsmc.modules.editing import Hover
from lsmc.tables.groups import key_pattern

#: Values of a variable, and rules of an answer, that are shown.
_VALUES = 12
_RULES = 8
_STATES = 5_000
#: Paragraphs of a file's first comment that say nothing about what it is for.
_FORMAL = re.compile(r"copyright|licen[sc]e|spdx|\bvim:|\(c\)|logprof-suggest", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z_][\w.]*|\^|->")


def hover(snapshot: Snapshot, offset: int) -> Hover | None:
    """What is told of an offset; None where there is nothing to tell."""
    name = snapshot.names.at(offset)
    if any(one.span.start < offset < one.span.end for one in snapshot.parsed.tree.comments):
        return None
    item = _innermost(snapshot, offset)
    parts: list[str] = []
    span = item.span if item is not None else snapshot.span(offset, offset)
    if name is not None:
        parts += _of_name(snapshot, name)
        span = spanned(snapshot.source, name)
    else:
        found = _of_word(snapshot, item, offset)
        if found is not None:
            text, span = found
            parts.append(text)
    if isinstance(item, ast.Rule):
        told = name.text if name is not None and name.kind == "variable" else None
        parts += _of_rule(snapshot, item, told)
    return Hover("\n\n".join(parts), span) if parts else None


def _innermost(snapshot: Snapshot, offset: int) -> ast.Item | None:
    found = None
    for item in walk(snapshot.parsed.tree.items):
        if item.span.start <= offset <= item.span.end:
            found = item
    return found


# --- names


def _of_name(snapshot: Snapshot, name: Name) -> Iterator[str]:
    match name.kind:
        case "variable":
            yield variable_text(snapshot, name.text)
        case "boolean":
            value = snapshot.variables.boolean(name.text)
            known = "not declared" if value is None else str(value).lower()
            yield f"`${{{name.text}}}` is {known}"
        case "include":
            for path in included(snapshot, name)[:1]:
                yield include_text(snapshot, path)
        case "program":
            for one, part in attached(snapshot, name)[:_RULES]:
                yield profile_text(part, _shown_path(snapshot, one.path))
        case "profile":
            for one, part in profiles_named(snapshot, name.text)[:_RULES]:
                yield profile_text(part, _shown_path(snapshot, one.path))


def variable_text(snapshot: Snapshot, name: str) -> str:
    """A variable with its values."""
    declared = snapshot.variables.values(name)
    if declared is None:
        return f"`@{{{name}}}` is not declared here"
    lines = [f"`@{{{name}}}` = {_listed(declared)}"]
    if any(references(value) for value in declared):
        try:
            lines.append(f"that is {_listed(snapshot.variables.flatten(name))}")
        except ExpansionError as fault:
            lines.append(str(fault))
    return "\n\n".join(lines)


def _listed(values: Iterable[str]) -> str:
    found = [f"`{to_display(value)}`" for value in values]
    more = f" and {len(found) - _VALUES} more" if len(found) > _VALUES else ""
    return " ".join(found[:_VALUES]) + more


def include_text(snapshot: Snapshot, path: str) -> str:
    """An included file: its first comment, and who includes it."""
    lines = [f"**{_shown_path(snapshot, path)}**"]
    with suppress(OSError):
        lines += _first_comment(to_display(snapshot.files.read(path).decode("latin-1")))
    if snapshot.tree.get(path) is not None:
        count = len(snapshot.tree.including_profiles(path))
        lines.append(
            f"{counted(count, 'file')} with profiles include{'s' if count == 1 else ''} it"
        )
    return "\n\n".join(lines)


def _first_comment(text: str) -> list[str]:
    """The first paragraph of comment before all else that is not about rights or for programs."""
    said: list[str] = []
    for line in [*text.splitlines(), ""]:
        row = line.strip()
        told = row.lstrip("#").strip(" -=*")
        if row.startswith("#") and not row.startswith("#include") and told:
            said.append(told)
            continue
        paragraph = " ".join(said)
        if paragraph and not _FORMAL.search(paragraph):
            return [paragraph]
        if row and not row.startswith("#"):
            return []
        said = []
    return []


def profile_text(part: ProfilePart, place: str) -> str:
    """A profile in one sentence."""
    attachment = part.attachment or (part.own if part.own.startswith("/") else "")
    at = f", attaches to `{attachment}`" if attachment else ""
    flags = f", flags `{' '.join(part.flags)}`" if part.flags else ""
    kind = "hat" if part.keyword in ("hat", "^") else "profile"
    return f"{kind} **{part.name}**{at}{flags} ({place})"


def _shown_path(snapshot: Snapshot, path: str) -> str:
    inside = posixpath.relpath(path, snapshot.base)
    return path if inside.startswith("..") else inside


# --- words


def _of_word(snapshot: Snapshot, item: ast.Item | None, offset: int) -> tuple[str, Span] | None:
    """The meaning of the word at an offset, and where it stands."""
    found = _word_at(snapshot, offset)
    if found is None:
        return None
    text, span = found
    if isinstance(item, ast.Include) and text in ("if", "exists"):
        return f"`if exists`: {words('keyword')['if exists']}", span
    if isinstance(item, ast.Profile) and item.head.start <= offset <= item.head.end:
        meaning = words("flag").get(text) if text in _flag_words(item) else None
        if meaning is None and offset < item.name.span.start:
            meaning = words("keyword").get(text)
        return (f"`{text}`: {meaning}", span) if meaning else None
    if isinstance(item, ast.Rule):
        body = item.body
        if isinstance(body, ast.FileRule) and _within(body.perms, offset):
            assert body.perms is not None
            return permissions_text(to_display(body.perms.text)), body.perms.span
        if isinstance(body, ast.CapabilityRule) and any(_within(w, offset) for w in body.names):
            meaning = words("capability").get(text)
            return (f"`{text}`: {meaning}", span) if meaning else None
        if any(_within(one.name, offset) for one in _conditions(body)):
            meaning = words("condition").get(text)
            return (f"`{text}`: {meaning}", span) if meaning else None
        if any(_within(word, offset) for word in _data(body)):
            return None
    meaning = words("keyword").get(text)
    return (f"`{text}`: {meaning}", span) if meaning else None


def _word_at(snapshot: Snapshot, offset: int) -> tuple[str, Span] | None:
    text = snapshot.source.text
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    for match in _WORD.finditer(text, start, end if end >= 0 else len(text)):
        if match.start() <= offset <= match.end():
            return match[0], snapshot.span(match.start(), match.end())
    return None


def _flag_words(profile: ast.Profile) -> set[str]:
    return {word.text.partition("=")[0] for word in profile.flags}


def _within(word: ast.Word | None, offset: int) -> bool:
    return word is not None and word.span.start <= offset <= word.span.end


def _conditions(body: ast.RuleBody) -> Iterator[ast.Condition]:
    """The conditions of a rule."""
    for part in body:
        if isinstance(part, tuple):
            yield from (one for one in part if isinstance(one, ast.Condition))


def _data(body: ast.RuleBody) -> Iterator[ast.Word]:
    """The words of a rule that are no keywords: paths, names, permissions, values."""
    for part in body:
        if isinstance(part, ast.Word):
            yield part
        elif isinstance(part, tuple):
            yield from (one for one in part if isinstance(one, ast.Word))
    for condition in _conditions(body):
        yield from condition.values


def permissions_text(word: str) -> str:
    """The letters of file permissions, each with its meaning."""
    letters, modes = modes_apart(word)
    known = words("permission")
    lines = [f"- `{one}`: {known[one]}" for one in dict.fromkeys(letters.lower()) if one in known]
    lines += [f"- `{mode}`: {text}" for mode in modes if (text := execute_text(mode))]
    return "\n".join(lines)


# --- rules


def _of_rule(snapshot: Snapshot, item: ast.Rule, told: str | None) -> Iterator[str]:
    """The variables of a rule but one that was told, and what decides about an example of it."""
    used = dict.fromkeys(references(item.span.text))
    yield from (variable_text(snapshot, name) for name in used if name != told)
    tree = snapshot.judged
    for profile in tree.profiles:
        for rule in profile.ir.rules:
            if rule.origin == item.span:
                key = _example(rule)
                if key is not None:
                    yield from _decided(snapshot, profile.name, rule, key)
                return


def _example(rule: Rule) -> bytes | None:
    """A key that a rule matches, without the code of its class."""
    try:
        found = shortest_common([Lazy(key_pattern(rule))], _STATES)
    except StateLimit:
        return None
    return found[1:] if found is not None else None


def _decided(snapshot: Snapshot, profile: str, rule: Rule, key: bytes) -> Iterator[str]:
    """What the profile says about an example of a rule, and by which rules."""
    owner = bool(rule.owner)
    bits = rule.owner if owner else rule.other
    subject = next(one for one in snapshot.judged.profiles if one.name == profile)
    try:
        verdict = snapshot.judged.answer(witness(subject, rule.cls, key, owner, bits))
    except Error:
        return
    if verdict is None:
        return
    whose = ", the subject owns it" if owner and not rule.other else ""
    told = f"for example {shown_access(rule.cls, key, bits)}{whose}: **{_said(verdict)}**"
    yield "\n".join([told, *_deciding(snapshot, verdict)])


def _said(verdict: Verdict) -> str:
    if verdict.allowed:
        runs = verdict.transition.target if verdict.transition is not None else None
        return f"allowed, runs as `{runs}`" if runs else "allowed"
    if verdict.decision == "deny-explicit":
        return "denied by a rule"
    return f"denied: no rule allows `{' '.join(verdict.missing)}`"


def _deciding(snapshot: Snapshot, verdict: Verdict) -> Iterator[str]:
    for one in verdict.rules[:_RULES]:
        place = f"{_shown_path(snapshot, one.file)}:{one.line}"
        yield f"- `{one.text}` ({place})"
    if len(verdict.rules) > _RULES:
        yield f"- and {len(verdict.rules) - _RULES} more"
