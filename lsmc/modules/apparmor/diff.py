"""What two policies of AppArmor decide differently: rules, settings, and who gets which profile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from lsmc.analysis import diff as analysis
from lsmc.analysis.diff import Change
from lsmc.automata.algebra import Table, search
from lsmc.automata.dfa import Dfa
from lsmc.base.text import decode
from lsmc.modules.apparmor.engine import Engine
from lsmc.modules.apparmor.semantics import SEMANTICS
from lsmc.tables.records import ProfileRecord


def diff(old: Engine, new: Engine) -> list[Change]:
    """What changed from one policy to another; empty if and only if they decide alike.

    Compared are every decision for owner and other, audit and quiet flags, exec transitions, and
    what decides which profile a program gets.  Raises `StateLimit` when the policies are too
    complex to compare.
    """

    def heads(one: ProfileRecord, other: ProfileRecord) -> Iterator[Change]:
        yield from _settings(one, other)
        yield from _attachment(old, new, one, other)

    return analysis.diff(SEMANTICS, old.tables, new.tables, heads, (old.answer, new.answer))


def _settings(one: ProfileRecord, other: ProfileRecord) -> Iterator[Change]:
    name = one.full_name
    # the two free modes are the same to the kernel
    modes = [r.mode.replace("default_allow", "unconfined") for r in (one, other)]
    if modes[0] != modes[1]:
        yield Change(name, "setting", what="mode", before=one.mode, after=other.mode)
    if one.is_hat != other.is_hat:
        yield Change(name, "setting", what="hat", before=one.is_hat, after=other.is_hat)
    if one.audit != other.audit:
        yield Change(name, "setting", what="audit", before=one.audit, after=other.audit)
    for what, first, second in (
        ("", _without_basis(one.settings), _without_basis(other.settings)),
        ("rlimit ", dict(one.rlimits), dict(other.rlimits)),
    ):
        for key in sorted(first.keys() | second.keys()):
            if first.get(key) != second.get(key):
                yield Change(
                    name,
                    "setting",
                    what=what + key,
                    before=first.get(key),
                    after=second.get(key),
                )


def _without_basis(settings: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The settings without what the profile was compiled for, which decides nothing by itself."""
    return {name: value for name, value in settings if name not in ("abi", "target")}


def _attachment(
    old: Engine, new: Engine, one: ProfileRecord, other: ProfileRecord
) -> Iterator[Change]:
    first, second = old.tables.attachments.of(one), new.tables.attachments.of(other)
    if first is None or second is None:
        if first is not second:
            yield Change(
                one.full_name, "attachment", before=first is not None, after=second is not None
            )
        return
    names = [tuple(name for name, _ in c.xattrs) for c in (first, second)]
    pairs = [(first.dfa, second.dfa)]
    if names[0] == names[1]:
        pairs += [(a, b) for (_, a), (_, b) in zip(first.xattrs, second.xattrs, strict=True)]
    else:
        yield Change(one.full_name, "attachment", what="xattrs", before=names[0], after=names[1])
    for a, b in pairs:
        path = _difference(a, b)
        if path is not None:
            yield Change(
                one.full_name,
                "attachment",
                before=bool(a.match(path)),
                after=bool(b.match(path)),
                witness={"object": decode(path)},
            )


def _difference(a: Dfa, b: Dfa) -> bytes | None:
    def goal(states: Sequence[Any]) -> bool:
        sides = (
            bool(dfa.accept_ids_of(s)) if s is not None else False
            for dfa, s in zip((a, b), states, strict=True)
        )
        return len(set(sides)) == 2

    return search([Table(a), Table(b)], goal)
