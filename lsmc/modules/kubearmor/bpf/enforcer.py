"""KubeArmor's BPF enforcer: the hooks that an operation passes, and what they decide together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from lsmc.engine.verdict import Verdict
from lsmc.modules.kubearmor.bpf import lookup
from lsmc.modules.kubearmor.bpf.lookup import Decision
from lsmc.modules.kubearmor.bpf.maps import MAX_KEYS, Bit, Map, container_map
from lsmc.modules.kubearmor.policy import Policy
from lsmc.modules.kubearmor.posture import Posture
from lsmc.modules.kubearmor.questions import Asked


@dataclass(frozen=True)
class BpfEnforcer:
    """The map of a workload's policies."""

    policies: tuple[Policy, ...]
    posture: Posture

    @cached_property
    def map(self) -> Map:
        """The container's map."""
        return container_map(self.policies, self.posture)

    def decide(self, asked: Asked) -> Decision:
        """What the first hook that refuses decides, else the last; an alert of any is one."""
        decision = Decision(True, "no hook asks", None)
        for hook in self._hooks(asked):
            told = decision.alert
            decision = hook()
            decision = decision._replace(alert=decision.alert or told)
            if not decision.allowed:
                break
        return decision

    def answer(self, asked: Asked) -> Verdict:
        """The decision as a verdict; the entry that wrote the key is its rule."""
        decision = self.decide(asked)
        perms = asked.operation.perms
        found = decision.found
        rules = (found.rule.ref,) if found is not None and found.rule is not None else ()
        note = decision.why
        if self.map.size > MAX_KEYS:
            note += (
                f"; the map needs {self.map.size} entries and has {MAX_KEYS}: which are dropped is"
                " left to chance"
            )
        if decision.allowed:
            return Verdict.allow(perms, audited=decision.alert, rules=rules, note=note)
        explicit = found is not None and bool(found.mask & Bit.DENY)
        return Verdict.deny(perms, explicit=explicit, audited=True, rules=rules, note=note)

    def _hooks(self, asked: Asked) -> list[Callable[[], Decision]]:
        operation, map_ = asked.operation, self.map
        if asked.socket is not None:
            _, kind, protocol = asked.socket
            return [lambda: lookup.decide_network(map_, kind, protocol, asked.source)]
        if operation.cls == "capability":
            return [lambda: lookup.decide_capability(map_, asked.object, asked.source)]
        if operation.cls == "domain":
            return [lambda: lookup.decide_domain(map_, asked.object, asked.source)]
        if operation.name == "exec":  # the image is opened, by the program, before it is checked
            return [lambda: self._file("open", asked.object, asked), lambda: self._exec(asked)]
        if operation.name == "open":
            return [lambda: self._file("open", asked.object, asked)]
        if operation.name in ("write", "append"):
            return [
                lambda: self._file("open", asked.object, asked),
                lambda: self._file("write", asked.object, asked),
            ]
        if operation.name == "chown":
            return []
        names = dict.fromkeys(filter(None, (asked.object, asked.target)))
        return [lambda name=name: self._file("path", name, asked) for name in names]  # type: ignore[misc]

    def _file(self, hook: lookup.Hook, path: str, asked: Asked) -> Decision:
        return lookup.decide_file(self.map, hook, path, asked.source, asked.owner, asked.terminal)

    def _exec(self, asked: Asked) -> Decision:
        return lookup.decide_exec(
            self.map, asked.object, asked.source, asked.owner, asked.terminal, asked.arguments
        )
