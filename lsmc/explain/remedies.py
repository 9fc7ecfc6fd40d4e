"""What would allow a denied access: its own rule, one for its kind, and abstractions with it.

Each is tried before it is offered: it is compiled in the terms of the profile's own file, must
allow what was denied, and is compared to the profile for what else it would newly allow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count, islice
from pathlib import PurePath
from typing import Any, NamedTuple

from lsmc.analysis.diff import request
from lsmc.analysis.question import ClassView, Question, places
from lsmc.automata.algebra import search
from lsmc.automata.dfa import StateLimit
from lsmc.diagnostics import PolicyError
from lsmc.engine.evaluator import Matcher, Node
from lsmc.engine.policy import Policy
from lsmc.explain.diagnosis import Diagnosis, Remedy
from lsmc.explain.explainer import Suggestion
from lsmc.explain.hazards import hazards
from lsmc.frontend.apparmor.compiler import Compiler
from lsmc.frontend.apparmor.generalize import Places, generalized
from lsmc.frontend.apparmor.suggest import Wish, word
from lsmc.inputs import DiskFiles, Options
from lsmc.ir.classes import BY_CODE, BY_NAME
from lsmc.ir.mediation import MediationClass
from lsmc.tables.bundle import ProfileRecord
from lsmc.tables.groups import make_key

#: Examples of what a rule opens, and abstractions that are offered.
EXAMPLES = 3
ABSTRACTIONS = 2
_GLOBAL = "tunables/global"
#: States that the search for an example may visit.
_STATES = 20_000


class _Terms(NamedTuple):
    """The words of one policy file: the text before its first profile, and its variables."""

    preamble: str
    places: Places


class Pharmacy:
    """Finds remedies for the denials of a policy; keeps what it compiled on the way."""

    def __init__(self, policy: Policy, options: Options) -> None:
        self.policy = policy
        self.options = options
        self._front: Compiler | None = None
        self._numbers = count()
        self._terms: dict[str, _Terms | None] = {}
        self._tried: dict[tuple[str, str], Policy | None] = {}
        self._shelf: list[tuple[str, Matcher]] | None = None
        self._opened: dict[tuple[str, str], tuple[tuple[str, ...], bool]] = {}

    def of(self, diagnosis: Diagnosis) -> tuple[Remedy, ...]:
        """The remedies for a cause, each once."""
        found = [*self._settings(diagnosis)]
        for answer in diagnosis.answers:
            for suggestion in answer.suggestions:
                found += self.remedies(suggestion)
        return tuple(dict.fromkeys(found))

    def _settings(self, diagnosis: Diagnosis) -> Iterator[Remedy]:
        """What helps where no rule is asked: a higher limit, a hat that was missing."""
        for answer in diagnosis.answers:
            asked = answer.request
            if not answer.verdict.missing or asked.cls not in ("rlimit", "change_hat"):
                continue
            rule = f"set rlimit {asked.object} <= {asked.fields.get('value', 'infinity')},"
            if asked.cls == "change_hat":
                rule = f"hat {word(asked.object.encode('utf-8', 'surrogateescape'))} {{ }}"
            for subject in asked.profiles:
                profile = self.policy.tables.find(subject.name)
                if profile is not None and profile.is_hat and asked.cls == "change_hat":
                    profile = self.policy.tables.find(subject.name.rpartition("//")[0])
                if profile is not None:
                    place = self.policy.bundle.place(profile.place)
                    yield Remedy("exact", rule, profile.full_name, place.file, place.line)

    def remedies(self, one: Suggestion) -> Iterator[Remedy]:
        """The remedies for a suggestion, the smallest first."""
        where = (one.profile, one.file, one.line)
        yield Remedy("exact", one.rule, *where, (), False, one.opens)
        profile = self.policy.tables.find(one.profile)
        if one.wish is None or profile is None:
            return
        terms = self._terms_of(one.file)
        if terms is None:
            return
        for rule in generalized(one.wish, terms.places):
            tried = self._try(terms, rule) if rule != one.rule else None
            if tried is None or not _allows(tried, one.wish):
                continue
            opens, more, risks = self._opens(tried, profile, one.wish)
            yield Remedy("general", rule, *where, opens, more, _joined(one.opens, risks))
        if one.wish.priority is None:
            yield from self._abstractions(terms, one, profile)

    def _terms_of(self, file: str) -> _Terms | None:
        """The words of a file; None when it can no longer be read or has faults."""
        if file not in self._terms:
            self._terms[file] = self._read(file)
        return self._terms[file]

    @property
    def front(self) -> Compiler:
        """The compiler, made when first asked for."""
        if self._front is None:
            from lsmc.driver import compiler

            self._front = compiler(self.options)
        return self._front

    def _read(self, file: str) -> _Terms | None:
        from lsmc.frontend.apparmor import ast

        try:
            compiled = self.front.compile(file)
            tree = self.front.library.file(file).tree
        except (OSError, PolicyError):
            return None
        ends = [item.head.start for item in tree.items if isinstance(item, ast.Profile)]
        source = tree.span.source
        preamble = source.text[: min(ends)] if ends else ""
        return _Terms(preamble, Places(compiled.preamble.variables))

    def _compile(self, text: str) -> Policy | None:
        """A policy from byte text, None when it has faults."""
        from lsmc.driver import bundle

        library = self.front.library
        try:
            name = f"<remedy {next(self._numbers)}>"  # lowered rules are kept by file and place
            library.text(name, text.encode("latin-1"))
            compiled = self.front.compile(name)
            data, _ = bundle(list(compiled.profiles), list(compiled.diagnostics))
        except (PolicyError, OSError):
            return None
        return Policy(data)

    def _try(self, terms: _Terms, rule: str) -> Policy | None:
        key = (terms.preamble, rule)
        if key not in self._tried:
            text = rule.encode("utf-8", "surrogateescape").decode("latin-1")
            self._tried[key] = self._compile(f"{terms.preamble}\nprofile p {{\n{text}\n}}\n")
        return self._tried[key]

    def _opens(
        self, tried: Policy, profile: ProfileRecord, wish: Wish
    ) -> tuple[tuple[str, ...], bool, tuple[str, ...]]:
        """Examples of what a rule newly allows, whether there are more, and their hazards."""
        cls = BY_NAME[wish.cls]
        new, old = _matcher(tried), self.policy.tables.matcher(profile)
        found: list[str] = []
        risks: list[str] = []
        try:
            keys = list(islice(_new_keys(new, old, cls, wish), EXAMPLES + 1))
        except StateLimit:
            return (), True, ()
        for key, mask, owner in keys:
            asked = request(profile.full_name, cls, key, owner)
            found.append(_example(cls, asked, mask))
            fields = dict(zip(cls.fields, key.split(b"\0"), strict=False))
            if len(fields) == len(cls.fields):
                risks += hazards(cls.name, fields, cls.names(mask))
        return tuple(found[:EXAMPLES]), len(found) > EXAMPLES, tuple(dict.fromkeys(risks))

    def _abstractions(
        self, terms: _Terms, one: Suggestion, profile: ProfileRecord
    ) -> Iterator[Remedy]:
        """Abstractions that allow it, those that open least first."""
        assert one.wish is not None
        cls, wish = BY_NAME[one.wish.cls], one.wish
        wanted = cls.mask(wish.permissions)
        key = _key(cls, wish)
        found = []
        for name, matcher in self._abstraction_shelf(terms):
            decision = matcher.decide(matcher.walk(key), cls, wish.owner)
            if wanted & ~decision.allow or _changes_exec(decision.transition, wish):
                continue
            found.append((len(list(_all_places(matcher))), name, matcher))
        for _, name, matcher in sorted(found, key=lambda entry: entry[:2])[:ABSTRACTIONS]:
            opens, more = self._opens_all(name, matcher, profile, wish)
            where = (one.profile, one.file, one.line)
            yield Remedy("abstraction", f"include <{name}>", *where, opens, more, one.opens)

    def _opens_all(
        self, name: str, matcher: Matcher, profile: ProfileRecord, wish: Wish
    ) -> tuple[tuple[str, ...], bool]:
        """Examples, of different rules, of what an abstraction newly allows."""
        known = (name, profile.full_name)
        if known not in self._opened:
            old = self.policy.tables.matcher(profile)
            found: list[str] = []
            for cls, place in _all_places(matcher):
                for sample in Question(matcher, place).samples()[:1]:
                    for owner in (True, False):
                        code = bytes((cls.code,))
                        before = old.decide(old.walk(code + sample), cls, owner)
                        after = matcher.decide(matcher.walk(code + sample), cls, owner)
                        mask = after.allow & ~before.allow & ~before.deny
                        if mask and (cls.name != wish.cls or code + sample != _key(cls, wish)):
                            asked = request(profile.full_name, cls, sample, owner)
                            found.append(_example(cls, asked, mask))
                            break
                if len(found) > EXAMPLES:
                    break
            self._opened[known] = tuple(found[:EXAMPLES]), len(found) > EXAMPLES
        return self._opened[known]

    def _abstraction_shelf(self, terms: _Terms) -> list[tuple[str, Matcher]]:
        """Every abstraction of the include path, compiled alone in its own profile."""
        if self._shelf is None:
            self._shelf = []
            library = self.front.library
            names = sorted({name for root in library.search for name in _inside(root)})
            preamble = terms.preamble
            if any(DiskFiles().exists(str(PurePath(root) / _GLOBAL)) for root in library.search):
                abi = [line for line in preamble.split("\n") if line.startswith("abi ")]
                preamble = "\n".join([*abi, f"include <{_GLOBAL}>", ""])
            heads = [f"profile p{i} {{\ninclude <{name}>\n}}\n" for i, name in enumerate(names)]
            whole = self._compile(preamble + "".join(heads))
            for number, name in enumerate(names):
                policy = whole or self._compile(preamble + heads[number])
                profile = policy.tables.find(f"p{number}") if policy is not None else None
                if policy is not None and profile is not None:
                    self._shelf.append((name, policy.tables.matcher(profile)))
        return self._shelf


def _inside(root: str) -> Iterator[str]:
    """The abstractions below an include directory, without those in folders."""
    folder = str(PurePath(root) / "abstractions")
    files = DiskFiles()
    for name in files.entries(folder) or ():
        if files.entries(str(PurePath(folder) / name)) is None and name.isascii():
            yield f"abstractions/{name}"


def _matcher(policy: Policy) -> Matcher:
    profile = policy.tables.find("p")
    assert profile is not None
    return policy.tables.matcher(profile)


def _key(cls: MediationClass, wish: Wish) -> bytes:
    return make_key(cls.code, tuple(wish.fields[name] for name in cls.fields))


def _allows(policy: Policy, wish: Wish) -> bool:
    """Whether a tried rule allows a wish."""
    cls, matcher = BY_NAME[wish.cls], _matcher(policy)
    decision = matcher.decide(matcher.walk(_key(cls, wish)), cls, wish.owner)
    return not cls.mask(wish.permissions) & ~decision.allow


def _changes_exec(transition: Any, wish: Wish) -> bool:
    """Whether an abstraction would execute a file in another way than is suggested."""
    if "x" not in wish.permissions:
        return False
    return transition is None or transition.kind != "inherit"


class _Only:
    """The automaton of one key, to tell it from others that lead to the same states."""

    start = 0

    def __init__(self, key: bytes) -> None:
        self.key = key

    def edges(self, state: int) -> tuple[tuple[int, int], ...]:
        """Where a state leads."""
        return ((1 << self.key[state], state + 1),) if state < len(self.key) else ()

    def accepts(self, state: int) -> tuple[int, ...]:
        """Whether the key is complete."""
        return (0,) if state == len(self.key) else ()


def _new_keys(
    new: Matcher, old: Matcher, cls: MediationClass, wish: Wish
) -> Iterator[tuple[bytes, int, bool]]:
    """Shortest keys at which the new rule allows what the old profile does not, each elsewhere."""
    asked = _key(cls, wish)[1:]
    views: list[Any] = [ClassView(new, cls.code), ClassView(old, cls.code), _Only(asked)]
    empty = old.node(())
    seen: set[tuple[int, int]] = set()
    wanted = cls.mask(wish.permissions)

    def opened(first: Node, second: Node, same: bool) -> Iterator[tuple[int, bool]]:
        for owner in (True, False):
            before = old.decide(second, cls, owner)
            denied = before.deny if wish.priority is None else 0
            mask = new.decide(first, cls, owner).allow & ~before.allow & ~denied
            if same:
                mask &= ~wanted
            if mask:
                yield mask, owner

    def goal(states: Sequence[Any]) -> bool:
        first, second = states[0], states[1] or empty
        if first is None or (id(first), id(second)) in seen:
            return False
        return next(opened(first, second, states[2] == len(asked)), None) is not None

    def alive(states: Sequence[Any]) -> bool:
        return states[0] is not None and bool(states[0].live)

    while (key := search(views, goal, alive=alive, limit=_STATES)) is not None:
        nodes = (new.walk(bytes((cls.code,)) + key), old.walk(bytes((cls.code,)) + key))
        seen.add((id(nodes[0]), id(nodes[1])))
        mask, owner = next(opened(*nodes, key == asked))
        yield key, mask, owner


def _all_places(matcher: Matcher) -> Iterator[tuple[MediationClass, Any]]:
    for cls in BY_CODE.values():
        for place in places(matcher, cls):
            yield cls, place


def _example(cls: MediationClass, asked: dict[str, Any], mask: int) -> str:
    """An access in a few words."""
    names = cls.names(mask)
    fields = [
        f"{key}={value}"
        for key, value in asked.items()
        if key not in ("subject", "class", "perms", "object", "owner") and value
    ]
    perms = "".join(names) if cls.name == "file" else ",".join(names)
    head = [] if cls.name == "file" else [cls.name]
    whose = "" if asked["owner"] or cls.name != "file" else "of others"
    words = [*head, perms, str(asked["object"]), *fields, whose]
    return " ".join(text for text in words if text)


def _joined(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))
