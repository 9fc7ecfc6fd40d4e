"""The exact checks against `lsmc.diff`: a rule is reported just when taking it out changes nothing.

"Changes nothing" is what `lsmc.diff` calls equal: at every object, for its owner and for anybody
else, the same permissions, audit and quiet flags, prompts and exec transitions; and the policy
still compiles.  A written rule may mean several things (a link is a path and a pair); all of them
go together.  Of duplicates in one text the later one is reported and names the first; either may
go."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from lsmc.analysis.change import Change, Side
from lsmc.base.diagnostics import Diagnostic, PolicyError
from lsmc.modules.apparmor.analysis.diff import diff
from lsmc.modules.apparmor.build.front import front_end
from lsmc.modules.apparmor.decide.engine import Engine
from lsmc.modules.apparmor.lint.linter import LINT
from lsmc.modules.apparmor.lint.tree import LintedFile, Tree, tree_of
from tests.strategies import INCLUDES, OPTIONS, Files, Text, compile_policy, policies

EXAMPLES = settings(max_examples=30)
CHECKS = LINT.checks
#: A rule with one of these may go.
DEAD = ("LSM101", "LSM102", "LSM103", "LSM104", "LSM106")
_FIRST_RULE = 5


@st.composite
def crowded(draw: st.DrawFn) -> Text:
    """A policy in which rules say what others say."""
    text = draw(policies())
    rules = [rule for rule in text.rules if not rule.startswith("include")]
    if not rules:
        return text
    changes = st.sampled_from(
        [
            lambda rule: rule,
            lambda rule: rule.replace("/a", "/*"),
            lambda rule: rule.replace("*", "**", 1),
            lambda rule: rule.replace("{a,b}", "a"),
            lambda rule: rule.replace("{a,b}", "b"),
            lambda rule: rule.replace("/a", "/{a,b}"),
            lambda rule: rule.replace("owner ", ""),
            lambda rule: rule.replace("audit ", ""),
            lambda rule: rule.replace("deny ", "audit deny ") if "audit" not in rule else rule,
            lambda rule: rule.replace("r", "rw") if " r," in rule else rule,
        ]
    )
    for rule in draw(st.lists(st.sampled_from(rules), max_size=4)):
        changed = draw(changes)(rule)
        if "x" not in changed.split()[-1] or changed == rule:
            text = text.with_rules((*text.rules, changed))
    return text


def tree(text: Text) -> Tree | None:
    """The tree of a policy; None for one that does not compile."""
    files = Files({**INCLUDES, "/policy": str(text)})
    front = front_end(OPTIONS, files)
    compiled = front.compile("/policy")
    if any(d.severity == "error" for d in compiled.diagnostics):
        return None
    return tree_of([LintedFile("/policy", compiled)], front.library, {})


def findings(linted: Tree) -> list[Diagnostic]:
    """What the 1xx checks find."""
    return [one for code in CHECKS if code.startswith("LSM1") for one in CHECKS[code].run(linted)]


def changes(engine: Engine, rules: Text) -> list[Change] | None:
    """The difference to another policy; None when that is refused."""
    try:
        return diff(engine, compile_policy(rules).engine)
    except PolicyError:
        return None


def named(found: list[Diagnostic], codes: tuple[str, ...]) -> Iterator[int]:
    """The lines in the main file that findings of some codes are about, first duplicates too."""
    for one in found:
        if one.code in codes:
            if one.file == "/policy":
                assert one.line is not None
                yield one.line
            if one.code == "LSM104":
                places = [label.span.location() for label in one.related]
                yield from (place.line for place in places if place.file == "/policy")


@EXAMPLES
@given(crowded())
def test_a_rule_is_reported_just_when_it_may_go(text: Text) -> None:
    """Each rule of a profile, taken out alone."""
    linted = tree(text)
    if linted is None:
        return
    found = findings(linted)
    dead = set(named(found, DEAD))
    never = set(named(found, ("LSM111",)))
    for index, rule in enumerate(text.rules):
        line = _FIRST_RULE + index
        if rule.startswith("include") or line in never:
            continue
        rest = text.with_rules(text.rules[:index] + text.rules[index + 1 :])
        assert (line in dead) == (changes(linted.engine, rest) == []), (rule, str(text))


@EXAMPLES
@given(crowded())
def test_what_else_is_claimed(text: Text) -> None:
    """A deny that only quiets changes only the log; an include that brings nothing may go."""
    linted = tree(text)
    if linted is None:
        return
    found = findings(linted)
    for one in found:
        assert one.line is not None
        if one.file != "/policy" or one.code not in ("LSM107", "LSM116"):
            continue
        index = one.line - _FIRST_RULE
        difference = changes(
            linted.engine, text.with_rules(text.rules[:index] + text.rules[index + 1 :])
        )
        assert difference is not None
        if one.code == "LSM116":
            assert difference == [], str(text)
        for change in difference:
            assert isinstance(change.before, Side)
            assert isinstance(change.after, Side)
            assert change.before.quiet != change.after.quiet
            assert change.before[:2] + change.before[3:5] == change.after[:2] + change.after[3:5]


@EXAMPLES
@given(crowded())
def test_witnesses_answer(text: Text) -> None:
    """Every witness is a request, and its answer names the rule or the rules that override it."""
    linted = tree(text)
    if linted is None:
        return
    for one in findings(linted):
        if one.witness is None:
            continue
        verdict = linted.answer(one.witness)
        places = {(ref.file, ref.line) for ref in verdict.rules}
        spans = [label.span.location() for label in one.related]
        known = {(place.file, place.line) for place in spans} | {(one.file, one.line)}
        if one.code in ("LSM101", "LSM102", "LSM103", "LSM104", "LSM105", "LSM107", "LSM109"):
            assert places & known, (str(one), verdict, str(text))
        if one.code in ("LSM105", "LSM110"):  # what the rule says does not come to pass
            assert (one.file, one.line) not in places, (str(one), verdict, str(text))
        if one.code == "LSM105":
            assert not verdict.allowed, (str(one), verdict, str(text))
