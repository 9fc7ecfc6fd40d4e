"""Several security modules that are active together, with their policies: one answer of all.

A hook asks the active modules in their order and stops at the first that refuses.  What each would
say is told all the same, so that it is seen which refusal hides another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from lsmc.engine.verdict import LET_THROUGH, RequestError, UnknownName, Verdict
from lsmc.policy import Policy
from lsmc.stack.asking import Asking, CapabilityAnswer
from lsmc.stack.calls import FIELDS, HookCall, KernelCall, class_of
from lsmc.stack.chain import Module, chain
from lsmc.stack.context import Context
from lsmc.stack.modules import checked
from lsmc.stack.orders import operations, order_of

Names = Mapping[str, str]


class ModuleStack:
    """Policies by the names of their modules, and the active modules in the kernel's order.

    Raises ValueError for modules that no kernel has together, and for a policy whose module is not
    active or not of its name; `NoMeaning` for a module that is no part of a kernel.
    """

    def __init__(self, policies: Mapping[str, Policy], lsm: Sequence[str] | None = None) -> None:
        self.policies = dict(policies)
        for policy in policies.values():
            policy.module.needs(policy.module.hooks, "a stack of modules")
        self.lsm = checked(lsm if lsm is not None else ("capability", *policies))
        for name, policy in policies.items():
            if policy.module.name != name:
                raise ValueError(
                    f"`{policy.name}` is policy of {policy.module.name}, not of {name}"
                )
            if name not in self.lsm:
                raise ValueError(f"`{name}` has policy, but is not among the active modules")

    def query(
        self,
        subjects: Names,
        op: str,
        object: str = "",
        *,
        objects: Names | None = None,
        directories: Names | None = None,
        context: Context | None = None,
        **fields: Any,
    ) -> Verdict:
        """What the kernel as a whole says; `chain` of the verdict has each layer.

        Raises `UnknownName` and `RequestError` as the modules do.

        Args:
            subjects: the subject of each module that has policy, by its name; or the path of an
                executable, where that tells it.
            op: an operation by its name (`open`, `unlink`, `connect`, ...).
            object: a path, a capability, an address.
            objects: the object as a module calls it, where that is no path: a label.
            directories: the same of the directory that holds the object.
            context: the process and the inodes, of which the other layers judge.
            fields: further fields of the operation.
        """
        for name in self.policies:
            if name not in subjects:
                raise RequestError(f"the subject of {name} is not given: --subject {name}=SUBJECT")
        for given in (subjects, objects or {}, directories or {}):
            for name in given:
                if name not in self.policies:
                    raise RequestError(f"`{name}` has no policy here", name, tuple(self.policies))
        if op not in operations():
            raise UnknownName("operation", op, operations())
        for name in fields:
            if name not in FIELDS:
                raise RequestError(f"`{name}` is no field of an operation", name, tuple(FIELDS))
        known = context or Context()
        known = Context(**{**_fields(known), "lsm": self.lsm})
        call = KernelCall(op, class_of(op, object, fields), object, fields)
        found = {name: self._subject(name, subject) for name, subject in subjects.items()}
        asked = _Asked(self, found, objects or {}, directories or {}, known)
        answers, verdicts = asked.answers(call)
        asking = Asking(
            context=known,
            op=op,
            permissions=call.mode_bits,
            object=object,
            fields={name: str(value) for name, value in fields.items()},
            rule=asked.capability,
        )
        order = order_of(call.cls, op)
        named = {step.test for step in order.steps if step.layer == "hook"}
        main = next((hook for _, hook in answers if hook and hook not in named), op)
        layers = chain(order, main, asking, answers)
        refusing = next((layer for layer in layers if layer.verdict == "deny"), None)
        if refusing is None:
            return Verdict.allow((), note="")._replace(chain=layers)
        return Verdict.deny(
            (), explicit=False, audited=any(one.audited for one in verdicts), note=""
        )._replace(chain=layers)

    def _subject(self, name: str, subject: str) -> str:
        """The subject of a module, of a program by its path."""
        policy = self.policies[name]
        executable = policy.module.executable
        if executable is None or not subject.startswith("/"):
            return subject
        return executable(policy.engine, subject)


class _Asked:
    """A question to all modules that have policy."""

    def __init__(
        self,
        stack: ModuleStack,
        subjects: Names,
        objects: Names,
        directories: Names,
        context: Context,
    ) -> None:
        self._stack = stack
        self._subjects = subjects
        self._objects = objects
        self._directories = directories
        self._context = context
        self.capability = cache(self._capability)

    def answers(
        self, call: KernelCall
    ) -> tuple[dict[tuple[str, str], list[Module]], list[Verdict]]:
        """What each module answers at each hook, and the verdicts behind it."""
        found: dict[tuple[str, str], list[Module]] = {}
        verdicts: list[Verdict] = []
        for name in self._stack.lsm:
            if name not in self._stack.policies:
                continue
            found[name, ""] = []  # its policy is known, whatever it is asked
            for one in self._calls(name, call):
                verdict = self._answer(name, one)
                verdicts.append(verdict)
                found.setdefault((name, one.hook), []).append(_module(one, verdict))
        return found, verdicts

    def _calls(self, name: str, call: KernelCall) -> Sequence[HookCall]:
        policy = self._stack.policies[name]
        own = call._replace(
            label=self._objects.get(name),
            directory=self._directories.get(name),
            context=self._context,
            subject=self._subjects[name],
            labels=policy,
        )
        return policy.module.needs(policy.module.hooks, "a stack of modules")()(own)

    def _answer(self, name: str, call: HookCall) -> Verdict:
        """A module's verdict; raises `UnknownName`, `RequestError`."""
        request = {"subject": self._subjects[name], **call.request}
        if request.get("object") == "self":
            request["object"] = self._subjects[name]
        return self._stack.policies[name].answer(request)

    def _capability(self, capability: str) -> CapabilityAnswer:
        """Whether all modules let a capability be used that overrides a refusal."""
        call = KernelCall("capable", "capability", capability, {})
        _, verdicts = self.answers(call)
        allowed = all(one.allowed for one in verdicts)
        return CapabilityAnswer(allowed, any(one.audited for one in verdicts))


def _fields(context: Context) -> dict[str, Any]:
    return {name: getattr(context, name) for name in context.__dataclass_fields__}


def _module(call: HookCall, verdict: Verdict) -> Module:
    """A module's verdict as the answer of a layer."""
    parts = [verdict.note]
    if not verdict.note and verdict.missing:
        parts = [f"no rule allows {' '.join(verdict.missing)}"]
    if verdict.decision in LET_THROUGH:
        parts.append(f"{verdict.decision}: let through and logged")
    parts += [f"{ref.file}:{ref.line}: {ref.text}" for ref in verdict.rules[:1]]
    reason = "; ".join(filter(None, parts)) or "the rules allow it"
    errno = "" if verdict.allowed else call.errno
    return Module(verdict.allowed, reason, errno, call.hook)
