"""KubeArmor's AppArmor enforcer: the profile, compiled and asked through the AppArmor module.

The profile is compiled as `apparmor_parser` 3.0 does, against the files that it includes and the
features of a kernel that KubeArmor runs on; if it is refused, AppArmor keeps the profile of before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lsmc.base.diagnostics import Diagnostic, PolicyError
from lsmc.compiler.inputs import Options
from lsmc.engine.verdict import RequestError, RuleRef, Verdict
from lsmc.modules.kubearmor.apparmor.features import FEATURES, FEATURES_NAME
from lsmc.modules.kubearmor.apparmor.profile import Profile, profile
from lsmc.modules.kubearmor.apparmor.rules import lines_at_most
from lsmc.modules.kubearmor.policy import Policy, Rule
from lsmc.modules.kubearmor.posture import Posture
from lsmc.modules.kubearmor.questions import Asked
from lsmc.modules.registry import module_named

#: Lines of a text; one with more is not made.
MAX_LINES = 400_000
#: The release of `apparmor_parser` that KubeArmor calls.
TARGET = "3.0"


@dataclass(frozen=True)
class AppArmorEnforcer:
    """The profile of a workload's policies, and the files that it may include."""

    policies: tuple[Policy, ...]
    posture: Posture
    texts: tuple[tuple[str, bytes], ...]
    search: tuple[str, ...]
    name: str

    @cached_property
    def profile(self) -> Profile:
        """The profile that is loaded; that of policy that is too large has no lines."""
        if lines_at_most(self.policies) > MAX_LINES:
            return Profile(self.name, (), {}, 0)
        return profile(self.policies, self.posture, self.name)

    @property
    def file(self) -> str:
        """The name of the profile's text where its lines are told."""
        return f"<AppArmor profile {self.name}>"

    @cached_property
    def refused(self) -> tuple[Diagnostic, ...]:
        """Why `apparmor_parser` refuses the profile; nothing if it loads it."""
        return self._compiled[1]

    @cached_property
    def _compiled(self) -> tuple[bytes, tuple[Diagnostic, ...]]:
        if lines_at_most(self.policies) > MAX_LINES:
            return b"", (too_large(),)
        texts = (*self.texts, (FEATURES_NAME, FEATURES))
        base, *include = self.search
        options = Options(base, tuple(include), FEATURES_NAME, target=TARGET, texts=texts)
        data = self.profile.text.encode("utf-8", "surrogateescape")
        try:
            return module_named("apparmor").compile_text(data, self.file, options)[0], ()
        except PolicyError as fault:
            return b"", fault.diagnostics

    @cached_property
    def engine(self) -> Any:
        """The compiled profile, opened by the AppArmor module."""
        return module_named("apparmor").open(self._compiled[0], self.file, False)

    def answer(self, asked: Asked) -> Verdict:
        """What AppArmor answers; raises `RequestError` if the profile does not load."""
        if self.refused:
            first = self.refused[0]
            raise RequestError(
                f"the AppArmor profile of these policies does not load: {first.message}"
                f" ({self.where(first)}); AppArmor keeps the profile of before, and nothing of"
                " these policies is enforced"
            )
        if asked.operation.cls == "domain":
            note = "AppArmor has no rules for names of hosts"
            return Verdict.allow(asked.operation.perms, note=note)
        return self._ask(asked)

    def entries_at(self, line: int) -> tuple[Rule, ...]:
        """The entries behind a line of the profile."""
        lines = self.profile.lines
        return lines[line - 1].rules if 1 <= line <= len(lines) else ()

    def rules_at(self, line: int, ref: RuleRef) -> tuple[RuleRef, ...]:
        """The entries behind a line of the profile; the line itself where there are none."""
        lines = self.profile.lines
        if not 1 <= line <= len(lines):
            return (ref,)
        found = lines[line - 1]
        if found.policy is not None:
            policy = found.policy
            place = policy.place
            return (RuleRef(policy.title, policy.file, place.line, place.column, found.text, ()),)
        return tuple(rule.ref for rule in self.entries_at(line)) or (ref,)

    def where(self, diagnostic: Diagnostic) -> str:
        """Where the cause of a refusal is written: the entry, else the line of the profile."""
        line = diagnostic.line
        if line is None or diagnostic.file != self.file:
            return f"{diagnostic.file}:{line}" if line is not None else self.file
        refs = self.rules_at(line, RuleRef("", self.file, line, 1, "", ()))
        return f"{refs[-1].file}:{refs[-1].line}"

    def _ask(self, asked: Asked) -> Verdict:
        module = module_named("apparmor")
        request = {"subject": self.profile.sources.get(asked.source, self.name), **_words(asked)}
        verdict = module.answer(self.engine, request)
        perms = asked.operation.perms
        return verdict._replace(
            rules=tuple(self.refs(verdict.rules)),
            audited=not verdict.allowed,
            granted=perms if verdict.allowed else (),
            missing=() if verdict.allowed else perms,
        )

    def refs(self, rules: Iterable[RuleRef]) -> Iterable[RuleRef]:
        """The entries behind some rules of the profile; a rule without entries itself."""
        refs: list[RuleRef] = []
        for ref in rules:
            refs += self.rules_at(ref.line, ref) if ref.file == self.file else (ref,)
        return dict.fromkeys(refs)


def too_large() -> Diagnostic:
    """The error of policy whose profile would have more lines than are made."""
    message = f"the AppArmor profile may have more than {MAX_LINES} lines"
    fix = "name fewer sources (`fromSource`): each gets a profile with all rules"
    return Diagnostic("LSM805", "too-large", "error", message, None, fix)


def _words(asked: Asked) -> Mapping[str, Any]:
    """A request in the words of the AppArmor module."""
    operation = asked.operation
    if asked.socket is not None:
        family, _, protocol = asked.socket
        # a socket with an address of its own class is judged when it is made
        op = "socket_create" if family == "unix" else operation.name
        words = {"family": family, "type": asked.socket.type_name}
        return {"op": op, **words, "protocol": str(protocol)}
    if operation.cls == "capability":
        return {"op": "capable", "object": asked.object}
    path = asked.object
    if asked.directory and path != "/":
        path += "/"
    fields = {"op": operation.name, "object": path, "owner": asked.owner}
    if operation.name in ("rename", "link"):
        target = asked.target or asked.object
        return {**fields, "target": target}
    return fields
