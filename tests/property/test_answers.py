"""Laws of compiled policy, over random policy texts and random questions."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lsmc
from lsmc.base.diagnostics import PolicyError
from lsmc.base.text import encode
from lsmc.ir.model import Policy as IrPolicy
from lsmc.modules.apparmor.classes import BY_NAME, FILE
from lsmc.modules.apparmor.decide.exec_transition import exec_mode
from lsmc.modules.apparmor.requests.fields import key_fields
from lsmc.policy import Policy
from tests import reference
from tests.differential.questions import Questions
from tests.strategies import (
    Question,
    Text,
    compile_both,
    compile_policy,
    policies,
    profile_of,
    questions,
)

EXAMPLES = settings(max_examples=40)
FEW = settings(max_examples=25)


class Seen(NamedTuple):
    """An answer without the rules behind it."""

    allow: frozenset[str]
    deny: frozenset[str]
    audit: frozenset[str]
    quiet: frozenset[str]
    prompt: frozenset[str]
    exec: object = None


def seen(policy: Policy, question: Question, owner: bool) -> Seen:
    cls, obj, fields = question
    if cls in ("link", "onexec"):
        return seen_pair(policy, question, owner)
    found = policy.permissions("p", cls, obj, owner=owner, **fields)
    return Seen(found.allow, found.deny, found.audit, found.quiet, found.prompt, found.exec)


def seen_pair(policy: Policy, question: Question, owner: bool) -> Seen:
    """What the rules for pairs say alone; an operation asks about one of the names besides."""
    name, obj, fields = question
    cls = BY_NAME[name]
    request = {"subject": "p", "class": name, "perms": list(cls.permissions), "object": obj}
    answer = policy.engine.answer({**request, "owner": owner, **fields})
    decision = next(look.decision for look in answer.lookups if look.cls is cls)
    masks = (decision.allow, decision.deny, decision.audit, decision.quiet, decision.prompt)
    return Seen(*(frozenset(cls.names(mask)) for mask in masks))


def expected(policy: IrPolicy, question: Question, owner: bool) -> Seen:
    cls, obj, fields = question
    profile = profile_of(policy, "p")
    none: frozenset[str] = frozenset()
    if cls not in profile.mediated:
        return Seen(frozenset(BY_NAME[cls].permissions), none, none, none, none)
    key = key_fields(BY_NAME[cls], obj, fields, "p")
    found = reference.permissions(profile, BY_NAME[cls], key, owner=owner)
    execution: object = None
    if cls == "file" and found.transition is not None:
        fallback = None
        if found.transition.kind != "inherit" and found.transition.inherit:
            fallback = "inherit"
        elif found.transition.unconfined:
            fallback = "unconfined"
        execution = (
            exec_mode(found.transition),
            reference.target(policy, profile, found.transition, encode(obj)),
            found.transition.unsafe,
            fallback,
        )
    return Seen(found.allow, found.deny, found.audit, found.quiet, found.prompt, execution)


asked = st.lists(st.tuples(questions(), st.booleans()), min_size=1, max_size=30)


def near(ir: IrPolicy, seed: int) -> Iterator[tuple[Question, bool]]:
    """Questions made from the patterns of the policy itself, and from where two of them meet."""
    for question in Questions(profile_of(ir, "p"), random.Random(seed), 150):
        if question.cls in BY_NAME and question.cls not in {"capability", "network", "mount"}:
            yield (question.cls, question.object, dict(question.fields)), question.owner


@EXAMPLES
@given(text=policies(), several=asked, seed=st.integers(0, 99))
def test_tables_say_what_the_reference_says(
    text: Text, several: list[tuple[Question, bool]], seed: int
) -> None:
    """Tables, tables read back from a file, and the reference give the same answers."""
    ir, data = compile_both(text)
    policy = Policy(data)
    several = [*several, *near(ir, seed)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "p.lsmb"
        path.write_bytes(data)
        reloaded = lsmc.load(path)
        for question, owner in several:
            wanted = expected(ir, question, owner)
            assert seen(policy, question, owner) == wanted
            assert seen(reloaded, question, owner) == wanted


@FEW
@given(text=policies(), several=asked, seed=st.integers(0, 99))
def test_the_order_of_rules_never_matters(
    text: Text, several: list[tuple[Question, bool]], seed: int
) -> None:
    """Shuffled rules give the same answers."""
    rules = list(text.rules)
    random.Random(seed).shuffle(rules)
    one, other = compile_policy(text), compile_policy(text.with_rules(rules))
    for question, owner in several:
        assert seen(one, question, owner) == seen(other, question, owner)


@FEW
@given(text=policies(), several=asked, data=st.data())
def test_a_rule_given_twice_is_given_once(
    text: Text, several: list[tuple[Question, bool]], data: st.DataObject
) -> None:
    """A duplicate changes no answer."""
    if not text.rules:
        return
    again = data.draw(st.sampled_from(text.rules))
    one, other = compile_policy(text), compile_policy(text.with_rules((*text.rules, again)))
    for question, owner in several:
        assert seen(one, question, owner) == seen(other, question, owner)


@FEW
@given(text=policies(), several=asked)
def test_answers_are_consistent(text: Text, several: list[tuple[Question, bool]]) -> None:
    """Nothing is granted and denied at once; audit is of grants, quiet of denials."""
    policy = compile_policy(text)
    for (cls, obj, fields), owner in several:
        found = policy.permissions("p", cls, obj, owner=owner, **fields)
        if not found.mediated:
            continue
        assert not found.allow & found.deny
        assert not (found.allow | found.deny) & found.prompt
        assert found.audit <= found.allow
        assert found.quiet <= found.deny
        assert set(found.rules) == found.allow | found.deny | found.prompt
        assert all(found.rules.values())
        assert (found.exec is not None) == (cls == "file" and "x" in found.allow)


@FEW
@given(text=policies(), several=asked)
def test_verdicts_follow_from_permissions(text: Text, several: list[tuple[Question, bool]]) -> None:
    """A request for some letters is allowed exactly when all of them are granted."""
    policy = compile_policy(text)
    for (cls, obj, _), owner in several:
        if cls != "file":
            continue
        found = policy.permissions("p", cls, obj, owner=owner)
        for letter in FILE.permissions:
            verdict = policy.query("p", letter, obj, owner=owner)
            has_target = letter != "x" or (found.exec is not None and found.exec.target)
            assert verdict.allowed == (letter in found.allow and bool(has_target))
            if not verdict.allowed and letter in found.deny:
                assert verdict.decision == "deny-explicit"
                assert verdict.audited == (letter not in found.quiet)


def test_generated_policy_compiles() -> None:
    """The strategy draws policy that compiles; a text with clashing modes is refused."""
    compile_policy(Text(("/a px,", "/b* ix,")))
    with pytest.raises(PolicyError):
        compile_policy(Text(("/a* px,", "/ab* ix,")))
