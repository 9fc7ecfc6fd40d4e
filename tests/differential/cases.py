"""One policy text compiled by both, and every difference between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lsmc.base.diagnostics import PolicyError
from lsmc.modules.apparmor.names import CAPABILITIES, FAMILIES
from tests.differential import refused
from tests.differential.answers import Answer, Question, to_text
from tests.differential.binary import FormatError
from tests.differential.compare import Compared
from tests.differential.domain import parent_and_leaf
from tests.differential.known import explain
from tests.differential.masks import TYPES
from tests.differential.oracle import Oracle, RefusedError, compile_with_parser, oracles, target
from tests.differential.ours import Ours, compile_here, rules_of
from tests.differential.product import Walk, alphabet, text
from tests.differential.walk import ProfileWalk

#: Differences of a profile that are kept.
KEPT = 12


@dataclass(frozen=True)
class Setting:
    """What both compilers are given besides the policy."""

    parser: str
    features: Path
    base: Path
    include: tuple[Path, ...] = ()


@dataclass
class Outcome:
    """What came of one policy.

    `ours` and `theirs` are the messages of the compilers that refused it; `pairs` are the pairs of
    states that were compared, `cut` the classes whose walk was ended early.
    """

    ours: str = ""
    theirs: str = ""
    profiles: int = 0
    pairs: int = 0
    cut: list[str] = field(default_factory=list)
    known: dict[str, int] = field(default_factory=dict)
    differences: list[Compared] = field(default_factory=list)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of difference, for counting and for the minimiser."""
        if bool(self.ours) != bool(self.theirs):
            return frozenset((f"refused here: {self.ours}" if self.ours else "accepted here",))
        return frozenset(kind(compared) for compared in self.differences)


def kind(compared: Compared) -> str:
    """The kind of a difference: the class, and which parts of the answers differ how."""
    question, mine, theirs = compared[:3]
    if mine.mediated != theirs.mediated:
        return f"{question.cls} mediated"
    for name, ours, other in zip(("allow", "audit", "quiet"), mine[:3], theirs[:3], strict=True):
        if ours != other:
            more, less = "".join(sorted(ours - other)), "".join(sorted(other - ours))
            if question.cls not in ("file", "link"):
                more, less = more and "some", less and "some"
            return f"{question.cls} {name} +{more} -{less}"
    return f"{question.cls} extra"


def compare_case(path: Path, setting: Setting) -> Outcome:
    """Compile a file with both and walk both."""
    outcome = Outcome()
    mine = theirs = None
    try:
        mine = compile_here(
            path, setting.base, setting.features, setting.include, target(setting.parser)
        )
    except PolicyError as fault:
        first = fault.diagnostics[0]
        outcome.ours = f"{first.code}: {first.message}"
    try:
        data = compile_with_parser(
            path, setting.base, setting.features, setting.include, setting.parser
        )
        theirs = oracles(data)
    except (RefusedError, FormatError) as fault:
        outcome.theirs = str(fault).replace(str(path), "FILE") or "refused"
    if mine is not None and theirs is not None:
        _compare(mine, theirs, outcome)
    elif bool(outcome.ours) != bool(outcome.theirs):
        bodies = mine.bodies if mine is not None else ()
        meant = refused.explain(bodies, outcome.ours, outcome.theirs)
        if meant is not None:
            outcome.ours = outcome.theirs = ""
            outcome.known[meant.name] = 1
    return outcome


def _compare(mine: Ours, theirs: Mapping[str, Oracle], outcome: Outcome) -> None:
    for name in sorted(mine.profiles.keys() | theirs.keys()):
        there = Answer(extra=name in mine.profiles), Answer(extra=name in theirs)
        _note(Compared(Question(name, "profile", "exists"), *there), outcome)
        if name not in mine.profiles or name not in theirs:
            continue
        outcome.profiles += 1
        rules = rules_of(mine.profiles[name])
        kept = len(outcome.differences)
        walk = ProfileWalk(mine, theirs[name], name, rules)
        for compared in (*_asked(mine, theirs[name], name), *walk):
            _note(compared._replace(rules=rules), outcome)
            if len(outcome.differences) >= kept + KEPT:
                break
        outcome.pairs += walk.pairs
        outcome.cut += walk.cut
    for compared in _attached(mine, theirs):
        _note(compared, outcome)


def _note(compared: Compared, outcome: Outcome) -> None:
    if compared.ours == compared.theirs:
        return
    known = explain(compared.rules or {}, compared.question, compared.ours, compared.theirs)
    if known is None:
        outcome.differences.append(compared._replace(rules=None))
    else:
        outcome.known[known.name] = outcome.known.get(known.name, 0) + 1


def _asked(mine: Ours, theirs: Oracle, name: str) -> Iterator[Compared]:
    """What is a table or a list, all of it."""
    questions = [Question(name, "profile", word) for word in ("mode", "audit", "hat", "rlimits")]
    questions += [Question(name, "capability", word) for word in CAPABILITIES]
    questions += [
        Question(name, "network", family, fields=(("type", kind),))
        for family in FAMILIES
        if family != "unix" or "unix" not in mine.profiles[name].mediated
        for kind in TYPES
    ]
    questions.append(Question(name, "userns"))
    for question in questions:
        yield Compared(question, mine.answer(question), theirs.answer(question))


def _attached(mine: Ours, theirs: Mapping[str, Oracle]) -> Iterator[Compared]:
    """Which profile executables get: every pair of states of each attachment, asked of all."""
    asked: dict[tuple[str, str, bytes], None] = {}
    for name, oracle in theirs.items():
        profile = mine.profiles.get(name)
        if profile is None:
            continue
        parent, _ = parent_and_leaf(profile.name)
        full = f":{profile.namespace}://{parent}" if profile.namespace and parent else parent
        if full and full not in mine.profiles:
            continue
        scope = profile.namespace, full
        for path in _executables(mine, oracle, name):
            if path.startswith(b"/"):
                asked[(*scope, path)] = None
    some = next(iter(theirs.values()), None)
    for namespace, parent, path in asked:
        fields = (("namespace", namespace),) if namespace else ()
        question = Question(parent, "attach", to_text(path), True, fields)
        assert some is not None
        yield Compared(question, mine.answer(question), some.answer(question))


def _executables(mine: Ours, oracle: Oracle, name: str) -> Iterator[bytes]:
    """Paths that lead to every pair of states of the attachment on both sides."""
    record = mine.policy.engine.tables.find(name)
    assert record is not None
    candidate = mine.policy.engine.tables.attachments.of(record)
    database = oracle.profile.attachment
    if database is None and candidate is None:
        return
    table = candidate.dfa if candidate else None
    step = table.walker().step if table else None
    columns = ([table.classes] if table else []) + (
        [database.automaton.classes] if database else []
    )
    walk = Walk(
        lambda state, byte: database.automaton.step(state, byte) if database else 0,
        lambda state, byte: step(state, byte) if step and state else 0,
        bool,
        text("path", alphabet(columns)),
    )
    start = database.start if database else 0
    for pair in walk.pairs([(start, 1 if table else 0, {})], limit=3000):
        if pair.stage == len(walk.stages):
            yield walk.fields(pair)["path"]
