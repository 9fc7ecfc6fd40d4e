"""The verdict on a request: of the enforcer that is asked, or of both where they agree."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from lsmc.engine.verdict import RequestError, Verdict
from lsmc.modules.kubearmor.apparmor.profile import NAME
from lsmc.modules.kubearmor.audits import audits
from lsmc.modules.kubearmor.bpf.enforcer import BpfEnforcer
from lsmc.modules.kubearmor.policy import Policy, PolicySet
from lsmc.modules.kubearmor.posture import Posture, with_postures
from lsmc.modules.kubearmor.questions import ENFORCERS, Asked, Enforcer, understood
from lsmc.modules.kubearmor.selectors import Workload, posture_of, selected

if TYPE_CHECKING:
    from lsmc.modules.kubearmor.apparmor.enforcer import AppArmorEnforcer


class Settings(NamedTuple):
    """What a compilation was told besides policy.

    Attributes:
        base: the directory of AppArmor's includes.
        include: more of them.
        posture: default postures by class, over those that the policy says.
        name: the name of the AppArmor profile.
    """

    base: str
    include: tuple[str, ...] = ()
    posture: tuple[tuple[str, str], ...] = ()
    name: str = NAME


class Confinement:
    """What is enforced on a workload: its policies, its posture, and both enforcers."""

    def __init__(
        self,
        policies: tuple[Policy, ...],
        posture: Posture,
        texts: tuple[tuple[str, bytes], ...],
        settings: Settings,
    ) -> None:
        self.policies = policies
        self.posture = posture
        self._texts = texts
        self._settings = settings

    @cached_property
    def bpf(self) -> BpfEnforcer:
        """The BPF enforcer."""
        return BpfEnforcer(self.policies, self.posture)

    @cached_property
    def apparmor(self) -> AppArmorEnforcer:
        """The AppArmor enforcer."""
        from lsmc.modules.kubearmor.apparmor.enforcer import AppArmorEnforcer

        settings = self._settings
        search = (settings.base, *settings.include)
        return AppArmorEnforcer(self.policies, self.posture, self._texts, search, settings.name)

    def answer(self, enforcer: Enforcer, asked: Asked) -> Verdict:
        """The verdict of one enforcer; `RequestError` if AppArmor does not load the profile."""
        one = self.bpf if enforcer == "bpf" else self.apparmor
        verdict = one.answer(asked)
        seen = tuple(rule.ref for rule in audits(self.policies, asked))
        if not seen or not verdict.allowed:
            return verdict
        refs = tuple(dict.fromkeys((*verdict.rules, *seen)))
        return verdict._replace(audited=True, rules=refs)

    def with_policies(self, policies: tuple[Policy, ...]) -> Confinement:
        """The same with other policies."""
        return Confinement(policies, self.posture, self._texts, self._settings)


class Confinements:
    """The confinements of workloads, each made once."""

    #: Those that are kept; beyond, all are made anew.
    LIMIT = 256

    def __init__(
        self, policies: PolicySet, texts: tuple[tuple[str, bytes], ...], settings: Settings
    ) -> None:
        self.policies = policies
        self.texts = texts
        self.settings = settings
        self._made: dict[object, Confinement] = {}

    def of(self, workload: Workload, posture: str = "") -> Confinement:
        """The confinement of a workload under postures that a question sets."""
        from lsmc.modules.kubearmor.posture import read_posture

        default = with_postures(posture_of(self.policies, workload), self.settings.posture)
        chosen = read_posture(posture, default)
        policies = selected(self.policies, workload)
        key = (chosen, tuple(id(policy) for policy in policies))
        found = self._made.get(key)
        if found is None:
            if len(self._made) >= self.LIMIT:
                self._made.clear()
            found = Confinement(policies, chosen, self.texts, self.settings)
            self._made[key] = found
        return found


def answer(confinements: Confinements, request: Mapping[str, Any]) -> Verdict:
    """The verdict of a request; raises `UnknownName`, `RequestError`, TypeError."""
    asked = understood(request)
    return judged(confinements.of(asked.workload, asked.posture), asked)


def judged(confinement: Confinement, asked: Asked) -> Verdict:
    """The verdict on a workload; `RequestError` where the enforcers differ and none is named."""
    if not confinement.policies:
        note = "no policy selects it: KubeArmor enforces nothing"
        return Verdict.unconfined(asked.operation.perms, note=note)
    if asked.enforcer is not None:
        return confinement.answer(asked.enforcer, asked)
    apparmor, bpf = (confinement.answer(one, asked) for one in ENFORCERS)
    if apparmor.allowed != bpf.allowed:
        words = {True: "allows", False: "denies"}
        raise RequestError(
            f"the enforcers differ: apparmor {words[apparmor.allowed]} it"
            f" ({_why(apparmor)}), bpf {words[bpf.allowed]} it ({_why(bpf)}):"
            " say `enforcer=apparmor` or `enforcer=bpf`"
        )
    rules = tuple(dict.fromkeys((*bpf.rules, *apparmor.rules)))
    both = bpf._replace(rules=rules, audited=bpf.audited or apparmor.audited)
    return both._replace(transition=apparmor.transition, note=f"both enforcers; bpf: {bpf.note}")


def _why(verdict: Verdict) -> str:
    places = ", ".join(f"{rule.file}:{rule.line}" for rule in verdict.rules[:2])
    return places or verdict.note or "no rule"
