"""What would allow a denied access: its own rule, one for its kind, and abstractions with it.

Each is tried before it is offered: it is compiled in the terms of the profile's own file, must
allow what was denied, and is compared to the profile for what else it would newly allow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice
from typing import NamedTuple

from lsmc.analysis.openings import Opening, Openings
from lsmc.base.diagnostics import PolicyError
from lsmc.base.source import from_display
from lsmc.base.text import encode
from lsmc.compiler.inputs import Options
from lsmc.engine.matcher import Matcher
from lsmc.explain.diagnosis import Diagnosis, Explained, Remedy, plain_remedy
from lsmc.explain.explanation import Suggestion
from lsmc.modules.apparmor.analysis.hazards import hazards
from lsmc.modules.apparmor.analysis.semantics import SEMANTICS
from lsmc.modules.apparmor.build.compile import Compiler
from lsmc.modules.apparmor.classes import BY_NAME, FILE
from lsmc.modules.apparmor.decide.engine import Engine
from lsmc.modules.apparmor.requests.fields import fields_of
from lsmc.modules.apparmor.suggest.abstractions import compile_abstractions, fitting
from lsmc.modules.apparmor.suggest.besides import OtherRemedies
from lsmc.modules.apparmor.suggest.generalize import VariablePlaces, file_rule, generalized
from lsmc.modules.apparmor.suggest.new_profile import makes_userns, userns_profile
from lsmc.modules.apparmor.suggest.siblings import families
from lsmc.modules.apparmor.suggest.suggest import Wish, word
from lsmc.modules.apparmor.suggest.trial import allows, grants, key_of
from lsmc.tables.records import ProfileRecord

#: Examples of what a rule opens, and abstractions that are offered.
EXAMPLES = 3
ABSTRACTIONS = 2
#: Accesses of a profile that are weighed against each abstraction, the most frequent ones.
_WEIGHED = 1_000
#: A path that every compiler reads as it is written.
_LITERAL = re.compile(rb"(?:/[A-Za-z0-9._-]+)+/?")
_WRITE, _APPEND = FILE.mask("w"), FILE.mask("a")


class _Terms(NamedTuple):
    """The words of one policy file: the text before its first profile, and its variables."""

    preamble: str
    places: VariablePlaces
    aliased: bool


class RemedyFinder:
    """Finds remedies for the denials of a policy; keeps what it compiled on the way."""

    def __init__(self, policy: Engine, options: Options) -> None:
        self.policy = policy
        self.options = options
        self._front: Compiler | None = None
        self._numbers = count()
        self._terms: dict[str, _Terms | None] = {}
        self._tried: dict[tuple[str, ...], Matcher | None] = {}
        self._abstractions_of: dict[str, dict[str, Matcher]] = {}
        self._besides = OtherRemedies(policy)
        self._asked: dict[str, dict[str, Suggestion]] = {}
        self._families: dict[tuple[str, str], Remedy] = {}
        self._fitting: dict[str, list[str]] = {}

    def explained(self, diagnoses: Sequence[Diagnosis]) -> Iterator[Explained]:
        """The causes with their remedies, in order; what fits many is sought among all of them."""
        for diagnosis in diagnoses:
            for answer in diagnosis.answers:
                for one in answer.suggestions:
                    if one.kind == "exact" and one.wish is not None:
                        self._asked.setdefault(one.profile, {}).setdefault(one.rule, one)
        for name, some in self._asked.items():
            self._find_families(name, list(some.values()))
        for diagnosis in diagnoses:
            yield Explained(diagnosis, self.of(diagnosis))

    def _find_families(self, name: str, suggestions: list[Suggestion]) -> None:
        """Find the rules for files of one kind, among all that a profile lacks."""
        alike: dict[object, list[Suggestion]] = {}
        for one in suggestions:
            if one.wish.cls == "file" and "overrides-deny" not in one.hazards:
                wish = one.wish
                key = wish.permissions, wish.owner, wish.exec_mode, one.hazards
                alike.setdefault(key, []).append(one)
        profile, terms = self._home(name)
        if profile is None or terms is None:
            return
        for some in alike.values():
            wishes = [one.wish for one in some]
            patterns = [terms.places.pattern(one.fields["path"], one.owner) for one in wishes]
            for family in families(patterns):
                if len({patterns[number] for number in family.members}) > 1:
                    members = [some[number] for number in family.members]
                    self._find_family(profile, terms, family.pattern, members)

    def _find_family(
        self, profile: ProfileRecord, terms: _Terms, pattern: str, members: list[Suggestion]
    ) -> None:
        rule = file_rule(members[0].wish, pattern)
        tried = self._try(terms, profile, rule)
        members = [one for one in members if tried is not None and allows(tried, one.wish)]
        if tried is None or len(members) < 2:
            return
        remedy = plain_remedy(members[0])._replace(kind="general", rule=rule)
        added = self._added(profile, tried, *(one.wish for one in members))
        remedy = _opening(remedy, profile, list(islice(added.of_class(), EXAMPLES + 1)), added.cut)
        for one in members:
            self._families[one.profile, one.rule] = remedy

    def of(self, diagnosis: Diagnosis) -> tuple[Remedy, ...]:
        """The remedies for a cause, each once."""
        if makes_userns(diagnosis):  # whatever profile the kernel gave it, it should have its own
            library = self.front.library
            return tuple(userns_profile(self.policy, self.options, library, diagnosis))
        found = [*self._besides.of(diagnosis)]
        for answer in diagnosis.answers:
            for suggestion in answer.suggestions:
                found += self.remedies(suggestion)
        for suggestion in self._besides.suggestions(diagnosis):
            found += islice(self.remedies(suggestion), 1)
        return tuple(dict.fromkeys(found))

    def remedies(self, one: Suggestion) -> Iterator[Remedy]:
        """The remedies for a suggestion, the smallest first."""
        plain = plain_remedy(one)
        if one.kind == "deny":
            yield plain
            return
        profile, terms = self._home(one.profile)
        if one.wish is None or profile is None:
            yield plain
            return
        if terms is None:  # the file is gone: the rule is tried alone
            if grants(one):
                yield plain
            return
        bare = one.rule.removeprefix("owner ")
        alone = one.kind == "mend" or "overrides-deny" in one.hazards
        family = self._families.get((one.profile, one.rule))
        general = generalized(one.wish, terms.places) if not alone and family is None else ()
        literal = not terms.aliased and _is_literal(one)
        if literal:
            yield plain
        for rule in general if literal else (one.rule, *general):
            same = rule.removeprefix("owner ") == bare
            tried = self._try(terms, profile, rule) if rule == one.rule or not same else None
            if tried is None or not allows(tried, one.wish):
                continue
            added = self._added(profile, tried, one.wish)
            found = list(islice(added.of_class(), EXAMPLES + 1))
            remedy = plain._replace(kind=plain.kind if same else "general", rule=rule)
            yield _opening(remedy, profile, found, added.cut)
        if family is not None:
            yield family
        if not alone:
            yield from self._abstractions(terms, plain, one.wish, profile)

    def _home(self, name: str) -> tuple[ProfileRecord | None, _Terms | None]:
        """A profile, and the words of the file that it is in."""
        profile = self.policy.tables.find(name)
        if profile is None:
            return None, None
        return profile, self._terms_of(self.policy.bundle.place(profile.place).file)

    def _added(self, profile: ProfileRecord, tried: Matcher, *wishes: Wish) -> Openings:
        """What a tried rule opens besides what is wished, which is of one class and mask."""
        cls = BY_NAME[wishes[0].cls]
        wanted = cls.mask(wishes[0].permissions)
        if cls is FILE and wanted & _WRITE:
            wanted |= _APPEND
        old = self.policy.tables.matcher(profile)
        keys = [key_of(cls, wish)[1:] for wish in wishes]
        return Openings(SEMANTICS, old, tried, cls, keys, wanted)

    def _terms_of(self, file: str) -> _Terms | None:
        """The words of a file; None when it can no longer be read or has faults."""
        if file not in self._terms:
            self._terms[file] = self._read(file)
        return self._terms[file]

    @property
    def front(self) -> Compiler:
        """The compiler, made when first asked for."""
        if self._front is None:
            from lsmc.modules.apparmor.build.front import front_end

            self._front = front_end(self.options)
        return self._front

    def _read(self, file: str) -> _Terms | None:
        from lsmc.modules.apparmor.syntax import ast

        try:
            compiled = self.front.compile(file)
            tree = self.front.library.file(file).tree
        except (OSError, PolicyError):
            return None
        if any(one.severity == "error" for one in compiled.diagnostics):
            return None  # as of a bundle that was compiled with another base
        ends = [item.head.start for item in tree.items if isinstance(item, ast.Profile)]
        source = tree.span.source
        preamble = source.text[: min(ends)] if ends else ""
        known = compiled.preamble
        return _Terms(preamble, VariablePlaces(known.variables), bool(known.aliases))

    def _try(self, terms: _Terms, profile: ProfileRecord, rule: str) -> Matcher | None:
        """A rule alone in a profile of the same name; None when it does not compile."""
        key = (terms.preamble, profile.full_name, rule)
        if key not in self._tried:
            name = from_display(word(encode(profile.full_name)))
            text = f"{terms.preamble}\nprofile {name} {{\n{from_display(rule)}\n}}\n"
            self._tried[key] = self._compile(text)
        return self._tried[key]

    def _compile(self, text: str) -> Matcher | None:
        """The only profile of a byte text, None when it has faults."""
        from lsmc.modules.apparmor.build.driver import bundle

        library = self.front.library
        try:
            name = f"<remedy {next(self._numbers)}>"  # lowered rules are kept by file and place
            library.text(name, text.encode("latin-1"))
            compiled = self.front.compile(name)
            policy = Engine(bundle(list(compiled.profiles), list(compiled.diagnostics))[0])
        except (PolicyError, OSError):
            return None
        profile = policy.tables.find(policy.subjects[0]) if policy.subjects else None
        return policy.tables.matcher(profile) if profile is not None else None

    def _abstractions(
        self, terms: _Terms, plain: Remedy, wish: Wish, profile: ProfileRecord
    ) -> Iterator[Remedy]:
        """Abstractions that allow it, those first of which the profile needs the greatest share."""
        abi = next((line for line in terms.preamble.split("\n") if line.startswith("abi ")), "")
        if abi not in self._abstractions_of:
            self._abstractions_of[abi] = compile_abstractions(self.front, abi)
        known = self._abstractions_of[abi]
        if profile.full_name not in self._fitting:
            asked = self._asked.get(profile.full_name, {})
            wishes = [one.wish for one in islice(asked.values(), _WEIGHED)] or [wish]
            self._fitting[profile.full_name] = fitting(known, wishes)
        offered = (n for n in self._fitting[profile.full_name] if allows(known[n], wish))
        for name in islice(offered, ABSTRACTIONS):
            rule = f"include <{name}>"
            tried = self._try(terms, profile, rule)
            if tried is not None and allows(tried, wish):
                added = self._added(profile, tried, wish)
                opened = list(added.by_rule())
                remedy = plain._replace(kind="abstraction", rule=rule, rules=len(opened))
                yield _opening(remedy, profile, opened, added.cut)


def _is_literal(one: Suggestion) -> bool:
    """Whether a suggestion is a rule for one file, of which it is plain that it opens no more."""
    wish = one.wish
    if one.kind != "exact" or wish.cls != "file" or "x" in wish.permissions:
        return False
    return wish.priority is None and _LITERAL.fullmatch(wish.fields["path"]) is not None


def _opening(remedy: Remedy, profile: ProfileRecord, found: Iterable[Opening], cut: bool) -> Remedy:
    """A remedy with what it opens: a few examples, the riskiest first."""
    examples = [
        (
            _example(profile, one),
            hazards(one.cls.name, fields_of(one.cls, one.key), one.cls.names(one.mask)),
        )
        for one in found
        if one.key.count(b"\0") == max(len(one.cls.fields) - 1, 0)
    ]
    examples.sort(key=lambda entry: not entry[1])
    texts = tuple(dict.fromkeys(text for text, _ in examples))
    risks = (risk for _, some in examples for risk in some)
    return remedy._replace(
        opens=texts[:EXAMPLES],
        more=cut or len(texts) > EXAMPLES,
        hazards=tuple(dict.fromkeys((*remedy.hazards, *risks))),
    )


def _example(profile: ProfileRecord, one: Opening) -> str:
    """An access in a few words."""
    names = one.cls.names(one.mask)
    asked = SEMANTICS.request_of(profile.full_name, one.cls, one.key, one.owner, names)
    is_file = one.cls is FILE
    fields = [
        f"{key}={str(value).strip(',')}"
        for key, value in asked.items()
        if key not in ("subject", "class", "perms", "object", "owner") and value
    ]
    letters = "".join(name for name in names if name != "a" or "w" not in names)
    head = [letters] if is_file else [one.cls.name]
    if not is_file and one.mask != one.cls.all:
        head.append(",".join(names))
    whose = "of others" if is_file and not one.owner else ""
    return " ".join(text for text in (*head, str(asked["object"]), *fields, whose) if text)
