"""Small changes of written rules, for tests that should notice them.

Each says what the changed text compiles to, without compiling it: the same keys with other
permissions, or, of a glob, all objects below the directory that the rule names last.  Rules that
execute are neither widened nor allowed in place of denied, since their modes could contradict each
other and the policy would not compile.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lsmc.analysis.mutation import Mutation
from lsmc.automata.algebra import Automaton, Table
from lsmc.automata.alphabet import mask_of
from lsmc.automata.pattern import NOT_NUL
from lsmc.base.source import Source, from_display, to_display
from lsmc.engine.matcher import Matcher
from lsmc.ir.decision import ALLOW, DENY, Facts
from lsmc.ir.mediation import Effect, MediationClass
from lsmc.modules.apparmor.analysis.look_ups import LIMITS
from lsmc.modules.apparmor.classes import CHANGE_PROFILE, FILE, LINK, PTRACE, SIGNAL
from lsmc.modules.apparmor.lower.implied import for_change
from lsmc.modules.apparmor.lower.rules.file import permissions
from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.apparmor.syntax.parser import parse
from lsmc.modules.apparmor.syntax.printer import format_file
from lsmc.tables.reach import Reach

_HEAD = "profile x {\n"
_NOT_ALLOWED = FILE.mask("xl")
_SLASH = mask_of(b"/")
#: The permissions that may be added to rules of a class, the first that is missing.
_ADDED = {FILE: ("w", "r"), SIGNAL: ("send", "receive"), PTRACE: ("trace", "read")}
_KINDS = {"signal": SIGNAL, "ptrace": PTRACE}
#: The kinds of rules that grant what they would deny, and the other way round.
_EITHER_WAY = ("signal", "ptrace", "dbus", "userns", "io_uring", "mqueue")


def mutations(text: str) -> Iterator[Mutation]:
    """The changes of a rule, by its text as it is written."""
    yield Mutation("drop", "", _gone)
    rule = _parsed(text)
    if rule is None:
        return
    body = rule.body
    if rule.prefix.effect == "deny":
        yield from _allowed(rule)
        return
    if isinstance(body, ast.FileRule):
        yield from _more(rule, body)
        yield from _wider(rule, body)
    elif isinstance(body, ast.ClassRule) and body.kind in _KINDS and body.perms:
        yield from _more_of_class(rule, body)
    if rule.prefix.owner == "owner":
        yield Mutation("owner", _text(rule, prefix=rule.prefix._replace(owner="")), _to_all)


def _parsed(text: str) -> ast.Rule | None:
    """The rule of a text, None for one that stands for no single rule."""
    tree, faults = parse(Source("<rule>", f"{_HEAD}{from_display(text)}\n}}\n"))
    (profile, *more) = tree.items or (None,)
    if faults or more or not isinstance(profile, ast.Profile) or len(profile.body) != 1:
        return None
    (rule,) = profile.body
    return rule if isinstance(rule, ast.Rule) else None


def _text(rule: ast.Rule, **changes: Any) -> str:
    """A rule with some changes, as it would be written."""
    changed: Any = rule._replace(**changes)
    tree, _ = parse(Source("<rule>", f"{_HEAD}}}\n"))
    (profile,) = tree.items
    assert isinstance(profile, ast.Profile)
    written = format_file(tree._replace(items=(profile._replace(body=(changed,)),)))
    return " ".join(to_display(written).splitlines()[1].split())


# --- what becomes of what a rule says


def _gone(cls: MediationClass, facts: Facts) -> None:
    del cls, facts


def _to_all(cls: MediationClass, facts: Facts) -> Facts:
    return facts._replace(other=facts.owner & ~LIMITS.get(cls, 0))


def _now_allowed(cls: MediationClass, facts: Facts) -> Facts | None:
    """A deny rule without its `deny`; of files without `x` and `l`."""
    if cls is LINK:
        return None
    kept = ~_NOT_ALLOWED if cls is FILE else -1
    if facts.effect != DENY or not (facts.owner | facts.other) & kept:
        return None
    return facts._replace(effect=ALLOW, owner=facts.owner & kept, other=facts.other & kept)


def _as_glob(cls: MediationClass, facts: Facts) -> Facts:
    del cls
    return facts._replace(exact=False)


# --- the changes


def _allowed(rule: ast.Rule) -> Iterator[Mutation]:
    body: Any = rule.body
    if isinstance(body, ast.FileRule):
        if body.path is None or body.perms is None:
            return
        letters = "".join(letter for letter in body.perms.text if letter.lower() not in "xl")
        if not letters:
            return
        body = body._replace(perms=body.perms._replace(text=letters), target=None)
    elif not isinstance(body, ast.CapabilityRule) and (
        not isinstance(body, ast.ClassRule) or body.kind not in _EITHER_WAY
    ):
        return
    text = _text(rule, prefix=rule.prefix._replace(effect=""), body=body)
    yield Mutation("allow", text, _now_allowed)


def _more(rule: ast.Rule, body: ast.FileRule) -> Iterator[Mutation]:
    """A file rule with one more permission."""
    perms = body.perms
    if perms is None or body.subset:
        return
    letters = perms.text.lower()
    letter = next((one for one in _ADDED[FILE] if one not in letters), None)
    if letter is None:
        return
    kept = perms.text.replace("a", "") if letter == "w" else perms.text
    added, _ = permissions(perms._replace(text=letter), Effect.ALLOW)
    text = _text(rule, body=body._replace(perms=perms._replace(text=kept + letter)))
    yield _adding(text, FILE, added)


def _more_of_class(rule: ast.Rule, body: ast.ClassRule) -> Iterator[Mutation]:
    """A rule of a class with one more permission."""
    cls, perms = _KINDS[body.kind], body.perms or ()
    written = [word.text for word in perms]
    name = next((one for one in _ADDED[cls] if one not in written), None)
    if name is None or not set(written) <= set(cls.permissions):
        return
    more = perms[0]._replace(text=name)
    text = _text(rule, body=body._replace(perms=(*perms, more), perms_in_list=True))
    yield _adding(text, cls, cls.mask((name,)))


def _adding(text: str, cls: MediationClass, bits: int) -> Mutation:
    def facts(of: MediationClass, rule: Facts) -> Facts:
        if of is not cls:
            return rule
        halves = {half: had | bits for half in ("owner", "other") if (had := getattr(rule, half))}
        return rule._replace(**halves)

    return Mutation("permission", text, facts)


def _wider(rule: ast.Rule, body: ast.FileRule) -> Iterator[Mutation]:
    """A file rule for all that is below the last directory that it names."""
    path, perms = body.path, body.perms
    if path is None or perms is None or set(perms.text.lower()) & set("xl"):
        return
    folder, slash, rest = path.text.rpartition("/")
    if not slash or "\\" in path.text or rest in ("**", "{,**}") or set(rest) & set("@{}[]"):
        return
    if any(folder.count(one) != folder.count(other) for one, other in ("{}", "[]")):
        return
    text = _text(rule, body=body._replace(path=path._replace(text=f"{folder}/{{,**}}")))
    yield Mutation("glob", text, _as_glob, _below)


def _below(cls: MediationClass, reach: Reach, rule: int) -> Automaton[Any] | None:
    return Below(reach.table, frozenset(reach.accepting(rule))) if cls is FILE else None


class Below:
    """All that is below the directories in which a rule of a table matches a name.

    A state is one of the table, or `_IN` below such a directory.
    """

    _IN = -1

    def __init__(self, table: Table, accepting: frozenset[int]) -> None:
        """The states of the table in which the rule matches."""
        self.start = table.start
        self._table = table
        self._accepting = accepting
        self._names: dict[int, bool] = {}

    def edges(self, state: int) -> list[tuple[int, int]]:
        """Disjoint sets of bytes, each with the state that it leads to."""
        if state == self._IN:
            return [(NOT_NUL, self._IN)]
        found: list[tuple[int, int]] = []
        for mask, to in self._table.edges(state):
            if mask & _SLASH and self._has_name(to):
                found.append((_SLASH, self._IN))
                mask &= ~_SLASH  # noqa: PLW2901 - the rest of the set
            if mask:
                found.append((mask, to))
        return found

    def accepts(self, state: int) -> tuple[int, ...]:
        """One pattern."""
        return (0,) if state == self._IN else ()

    def _has_name(self, state: int) -> bool:
        """Whether the rule matches from a state on without another slash."""
        known = self._names.get(state)
        if known is None:
            seen, todo = {state}, [state]
            while todo and not seen & self._accepting:
                for mask, to in self._table.edges(todo.pop()):
                    if mask & NOT_NUL & ~_SLASH and to not in seen:
                        seen.add(to)
                        todo.append(to)
            known = self._names[state] = bool(seen & self._accepting)
        return known


def brought(matcher: Matcher, places: frozenset[int]) -> frozenset[int]:
    """The rules that the compiler added for the sake of the rules at some places, by id.

    See `implied.brought`, which says the same of a profile before there are tables.
    """
    profile = matcher.profile
    rules = [
        unit.rule(number)
        for group, unit, _ in matcher.groups()
        for number in sorted(set(group.rules))
    ]
    changing = {rule.place for rule in rules if rule.cls == CHANGE_PROFILE.code}
    if not changing or not changing <= places:
        return frozenset()
    own = {rule.facts.id: rule.facts for rule in rules if rule.place == profile.place}
    added = for_change([(number, own[number].owner) for number in sorted(own)])
    return frozenset(number for number, _ in added)
