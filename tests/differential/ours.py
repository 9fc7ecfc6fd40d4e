"""The answers of lsmc."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lsmc.compiler.inputs import Given
from lsmc.engine.matcher import Matcher, Node
from lsmc.ir.model import Profile, Rule, Transition
from lsmc.modules.apparmor.build.compile import FlatProfile
from lsmc.modules.apparmor.build.driver import bundle
from lsmc.modules.apparmor.build.front import front_end
from lsmc.modules.apparmor.classes import BY_NAME
from lsmc.policy import Policy
from lsmc.tables.groups import make_key
from lsmc.tables.records import ProfileRecord
from tests.differential.answers import Answer, Question, Xindex


class Ours:
    """A policy compiled here, with the profiles that it was made from."""

    def __init__(
        self, profiles: tuple[Profile, ...], policy: Policy, bodies: tuple[FlatProfile, ...]
    ) -> None:
        self.bodies = bodies
        self.profiles: Mapping[str, Profile] = {p.full_name: p for p in profiles}
        self.policy = policy

    def answer(self, question: Question) -> Answer:
        """What our policy says."""
        match question.cls:
            case "profile":
                return Answer(extra=self._head(question))
            case "attach":
                return Answer(extra=self._attached(question))
            case "exec":
                return Answer(extra=self._exec_target(question))
            case "link test":
                return Answer(extra=self._link_allowed(question))
        answer = self._permissions(question)
        match question.cls:
            case "file" if "x" in answer.allow:
                return answer._replace(extra=self._xindex(question))
            case "link":
                allow = answer.allow if "link" in answer.allow else frozenset[str]()
                return answer.only("link")._replace(allow=allow)
            case "onexec" if answer.allow:
                return answer._replace(extra=self._unsafe(question))
            case "unix" if question.field("addr") == b"auto":
                return answer.only("bind")
        return answer

    def _permissions(self, question: Question) -> Answer:
        """What the rules say, before the mode of the profile and what an operation asks besides."""
        cls = BY_NAME[question.cls]
        asked = {
            "subject": question.profile,
            "class": cls.name,
            "perms": list(cls.permissions),
            "object": question.object,
            "owner": question.owner,
            **dict(question.fields),
        }
        looks = [one for one in self.policy.engine.answer(asked).lookups if one.cls is cls]
        if not looks:
            return Answer(mediated=False)
        found = looks[0].decision
        assert not found.allow & found.deny
        assert not found.audit & ~found.allow
        allow, audit, quiet = (
            frozenset(cls.names(mask)) for mask in (found.allow, found.audit, found.quiet)
        )
        return Answer(allow, audit, quiet - allow)

    def _head(self, question: Question) -> object:
        profile = self.profiles[question.profile]
        limits = {name: 2**64 - 1 if v is None else v for name, v in profile.rlimits}
        heads: dict[str, object] = {
            "mode": {"default_allow": "unconfined"}.get(profile.mode, profile.mode),
            "audit": profile.audit,
            "hat": profile.is_hat,
            "rlimits": " ".join(f"{name}={value}" for name, value in sorted(limits.items())),
        }
        return heads[question.object]

    def _attached(self, question: Question) -> str | None:
        parent = self.profiles.get(question.profile)
        found, _ = self.policy.engine.tables.attachments.find(
            question.raw,
            parent=parent.name if parent else "",
            namespace=parent.namespace if parent else dict(question.fields).get("namespace", ""),
        )
        return found.full_name if found else None

    def _exec_target(self, question: Question) -> str | None:
        found = self.policy.permissions(
            question.profile, "file", question.object, owner=question.owner
        ).exec
        return found.target if found else None

    def _link_allowed(self, question: Question) -> bool:
        answer = self.policy.engine.answer(  # the paths are such as no kernel asks about
            {
                "subject": question.profile,
                "op": "link",
                "object": question.object,
                "owner": question.owner,
                "target": dict(question.fields)["target"],
            }
        )
        return answer.verdict.allowed and answer.verdict.decision != "complain"

    # --- what the public answers leave out

    def _xindex(self, question: Question) -> Xindex | None:
        """The transition that the rules give, before names are looked up."""
        cls = BY_NAME["file"]
        record = self.policy.engine.tables.find(question.profile)
        assert record is not None
        matcher = self.policy.engine.tables.matcher(record)
        node = matcher.walk(make_key(cls.code, (question.raw,)))
        transition = matcher.decide(node, cls, question.owner).transition
        return stored(transition, record)

    def _unsafe(self, question: Question) -> bool:
        """Whether the rules for a change at an exec keep the environment."""
        record = self.policy.engine.tables.find(question.profile)
        assert record is not None
        matcher = self.policy.engine.tables.matcher(record)
        key = make_key(BY_NAME["onexec"].code, (question.field("exec"), question.raw))
        return unsafe(matcher, matcher.walk(key))


def rules_of(profile: Profile) -> dict[str, list[Rule]]:
    """The rules of a profile by class."""
    rules: dict[str, list[Rule]] = {}
    for use in profile.uses:
        for rule in use.unit.rules:
            rules.setdefault(rule.cls.name, []).append(rule)
    return rules


def unsafe(matcher: Matcher, node: Node) -> bool:
    """Whether a rule that grants a change at an exec keeps the environment."""
    winners = {rule for _, rule in matcher.decide(node, BY_NAME["onexec"], True).winners}
    return any(
        match.rule.facts.transition is not None and match.rule.facts.transition.unsafe
        for match in matcher.matched(node)
        if match.rule.facts.id in winners
    )


def stored(transition: Transition | None, profile: ProfileRecord) -> Xindex | None:
    """A transition as the kernel stores it (apparmor_parser's exec index)."""
    if transition is None:
        return None
    kind = {
        "inherit": "",
        "unconfined": "",
        "attach": "name",
        "attach-child": "name",
    }.get(transition.kind, "table")
    name = transition.name
    if transition.kind == "child":
        name = profile.child(name)
    return Xindex(
        kind,
        name,
        transition.kind == "attach-child",
        transition.inherit,
        transition.unconfined or transition.kind == "unconfined",
        transition.unsafe,
    )


def compile_here(
    path: Path, base: Path, features: Path, include: tuple[Path, ...] = (), target: str = "3.0"
) -> Ours:
    """A file compiled here, as a release of the compiler would; raises `PolicyError`."""
    options = Given(base, include, features, target=target).options()
    compiled = front_end(options).compile(str(path))
    data, _ = bundle(list(compiled.profiles), list(compiled.diagnostics))
    return Ours(compiled.profiles, Policy(data), compiled.bodies)
