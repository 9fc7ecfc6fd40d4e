"""The abstractions of the include path, compiled, to find those that would allow something.

Each is compiled in a profile of its own with the system's tunables, all of them into one bundle, so
that what they share is built once. One that needs variables of the including profile is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from posixpath import basename, join

from lsmc.base.diagnostics import PolicyError
from lsmc.compiler.inputs import ignored
from lsmc.engine.matcher import Matcher
from lsmc.ir.model import Profile
from lsmc.modules.apparmor.build.compile import Compiler
from lsmc.modules.apparmor.classes import BY_NAME
from lsmc.modules.apparmor.decide.engine import Engine
from lsmc.modules.apparmor.resolve.library import Library
from lsmc.modules.apparmor.suggest.suggest import Wish
from lsmc.modules.apparmor.suggest.trial import allows, key_of

_ROOT = "abstractions"
#: A word that says something.
_WORD = re.compile("[a-z]{4,}")
_TUNABLES = "tunables/global"
#: The greatest depth of folders, and how many abstractions are compiled.
_DEPTH = 4
_MOST = 4_000
#: An abstraction is offered when one in so many of its rules is needed; or several rules, and one
#: in so many.
_ENOUGH = 3
_SEVERAL = 3
_LEAST = 20


def compile_abstractions(front: Compiler, abi: str) -> dict[str, Matcher]:
    """The abstractions by the names of their includes; `abi` is the abi line of policy or empty."""
    library = front.library
    tunables = any(library.files.exists(join(root, _TUNABLES)) for root in library.search)
    head = f"{abi}\ninclude <{_TUNABLES}>\n" if tunables else f"{abi}\n"
    profiles: dict[str, Profile] = {}
    for number, name in enumerate(sorted(set(_names(library, _ROOT, _DEPTH)))[:_MOST]):
        # each text has a name of its own, as lowered rules are kept by file and place
        text = f"<abstraction {number}>"
        library.text(text, f"{head}profile p{number} {{\ninclude <{name}>\n}}\n".encode())
        try:
            compiled = front.compile(text)
        except OSError:
            continue
        if not any(one.severity == "error" for one in compiled.diagnostics):
            profiles[name] = compiled.profiles[0]
    return _matchers(profiles)


def fitting(abstractions: Mapping[str, Matcher], wishes: Sequence[Wish]) -> list[str]:
    """The abstractions that fit some wishes, those first of which they need the greatest share.

    One fits when a third of its rules is needed, or several of them and no less than a twentieth,
    or what is wished is called like it.
    """
    found = []
    for name, matcher in abstractions.items():
        needed: set[int] = set()
        meant = False
        for wish in wishes:
            if allows(matcher, wish):
                node = matcher.walk(key_of(BY_NAME[wish.cls], wish))
                needed.update(match.rule.facts.id for match in matcher.matched(node))
                meant = meant or _is_called(name, wish)
        rules = sum(len(group.rules) for group, _, _ in matcher.groups())
        several = len(needed) >= _SEVERAL and len(needed) * _LEAST >= rules
        if needed and (len(needed) * _ENOUGH >= rules or several or meant):
            found.append((-len(needed) / rules, name))
    return [name for _, name in sorted(found)]


def _is_called(name: str, wish: Wish) -> bool:
    """Whether a word of an abstraction's name stands in the path that is wished."""
    path = wish.fields.get("path", b"").decode("latin-1").lower()
    words = _WORD.findall(basename(name).lower())
    return any(word.removesuffix("s") in path for word in words)


def _matchers(profiles: dict[str, Profile]) -> dict[str, Matcher]:
    """The tables of some profiles; one that is too complex does not spoil the others."""
    from lsmc.modules.apparmor.build.driver import bundle

    try:
        policy = Engine(bundle(list(profiles.values()), [])[0])
    except PolicyError:
        if len(profiles) < 2:
            return {}
        names = list(profiles)
        halves = names[: len(names) // 2], names[len(names) // 2 :]
        one, other = (_matchers({name: profiles[name] for name in half}) for half in halves)
        return {**one, **other}
    found = {name: policy.tables.find(profile.full_name) for name, profile in profiles.items()}
    return {name: policy.tables.matcher(one) for name, one in found.items() if one is not None}


def _names(library: Library, folder: str, depth: int) -> Iterator[str]:
    """The files below a folder; `X.d` beside `X` holds what is added to X, no abstractions."""
    entries = {name for root in library.search for name in _entries(library, join(root, folder))}
    for entry in sorted(entries):
        name = join(folder, entry)
        if ignored(entry) or not name.isascii() or not name.isprintable() or ">" in name:
            continue
        if any(library.files.entries(join(root, name)) is not None for root in library.search):
            if depth and not (entry.endswith(".d") and entry[:-2] in entries):
                yield from _names(library, name, depth - 1)
        else:
            yield name


def _entries(library: Library, folder: str) -> list[str]:
    try:
        return library.files.entries(folder) or []
    except OSError:
        return []
