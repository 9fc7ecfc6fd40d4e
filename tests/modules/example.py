"""A security module in one file: a line of policy is `SUBJECT OBJECT ACCESS`.

It uses the automata: rules become the policy IR, and everything behind that is the library.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lsmc.analysis.diff import diff
from lsmc.analysis.semantics import Semantics
from lsmc.automata.pattern import NOT_NUL, Literal, Star, concat
from lsmc.base.diagnostics import Diagnostic, PolicyError
from lsmc.base.source import Source, Span
from lsmc.compiler.linking import link_profiles
from lsmc.compiler.whole import compile_whole
from lsmc.engine.profiles import ProfileTables
from lsmc.engine.verdict import UnknownName, Verdict
from lsmc.explain.explanation import Explanation, Question, Reason, Subject
from lsmc.ir.decision import Decision, Facts
from lsmc.ir.model import Effect, MediationClass, Profile, Rule, Unit, Use
from lsmc.ir.operation import Operation
from lsmc.modules.interface import SecurityModule
from lsmc.tables.bundle import Bundle

CLS = MediationClass("object", 1, ("name",), ("read", "write"), main="name")
OPERATIONS = [Operation(name, CLS.name, (name,), "example_permission") for name in CLS.permissions]


def _compile(sources: Sequence[Source]) -> tuple[bytes, list[Diagnostic]]:
    rules: dict[str, list[Rule]] = {}
    for source in sources:
        for found in re.finditer(r"\S.*", source.text):
            words, origin = found[0].split(), Span(source, *found.span())
            if len(words) != 3 or words[2] not in CLS.permissions:
                raise PolicyError([Diagnostic("EX001", "syntax", "error", "not a rule", origin)])
            subject, obj, access = words
            bit, star = CLS.mask((access,)), Star(NOT_NUL)
            name = concat(star if c == "*" else Literal(c.encode("latin-1")) for c in obj)
            rule = Rule(CLS, (name,), owner=bit, other=bit, effect=Effect.ALLOW, origin=origin)
            rules.setdefault(subject, []).append(rule)
    mediated = frozenset((CLS.name,))
    profiles = [
        Profile(name, found[0].origin, uses=(Use(Unit(tuple(found))),), mediated=mediated)
        for name, found in rules.items()
    ]
    linked, warnings = link_profiles("example", profiles, ())
    return linked.data, warnings


def _decide(matched: Sequence[Facts], _cls: MediationClass, _owner: bool) -> Decision:
    allow = sum({rule.owner for rule in matched})  # each rule has one permission
    return Decision(allow=allow, winners=tuple((rule.owner, rule.id) for rule in matched))


def _explain(tables: ProfileTables, request: Mapping[str, Any]) -> Explanation:
    subject, obj = request["subject"], request["object"]
    profile = tables.find(subject)
    if profile is None:
        raise UnknownName("subject", subject, tables.subjects)
    perms = (request["op"],) if "op" in request else tuple(request["perms"])
    if not set(perms) <= set(CLS.permissions):
        raise UnknownName("operation", perms[0], CLS.permissions)
    node = tables.matcher(profile).walk(bytes((CLS.code,)) + obj.encode())
    decision = tables.matcher(profile).decide(node, CLS, True)
    rules = tables.refs(profile, node, decision, CLS.mask(perms))
    granted = tuple(name for name in perms if name in CLS.names(decision.allow))
    missing = tuple(name for name in perms if name not in granted)
    verdict = Verdict.allow(granted, rules=rules)
    if missing:
        verdict = Verdict.deny(missing, explicit=False, audited=True, granted=granted, rules=rules)
    place = tables.bundle.place(profile.place)
    who = (Subject(subject, profile.mode, "", place.file, place.line),)
    asked = Question(subject, "", obj, True, {}, CLS.name, perms, "example_permission", who)
    reasons = [Reason(subject, CLS.name, name, "allow", rules, ()) for name in granted]
    return Explanation(verdict, asked, tuple(reasons), (), (), None)


SEMANTICS = Semantics(classes={CLS.code: CLS}, decide=_decide)
EXAMPLE = SecurityModule(
    name="example",
    title="the example",
    claims=lambda paths: all(path.endswith(".example") for path in paths),
    compiler=lambda: compile_whole(lambda sources, _options: _compile(sources)),
    compile_text=lambda text, name, _options: _compile([Source.from_bytes(name, text)]),
    open=lambda data, name, _enforce: ProfileTables(Bundle(data, name), _decide),
    answer=lambda tables, request: _explain(tables, request).verdict,
    explain=_explain,
    diff=lambda old, new: diff(SEMANTICS, old, new),
    operations=lambda: OPERATIONS,
    semantics=lambda: SEMANTICS,
)
