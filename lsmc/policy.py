"""The public face of a compiled policy: questions, their reasons, and the bundle behind them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lsmc.engine.engine import Engine, class_named
from lsmc.engine.verdict import Answer, Exec, Permissions, RuleRef, Verdict
from lsmc.ir.mediation import MediationClass
from lsmc.kernels.walk import answers
from lsmc.modules.apparmor.classes import FILE
from lsmc.modules.apparmor.exec_transition import EXECUTE, execution
from lsmc.modules.apparmor.operations import Operation
from lsmc.modules.apparmor.questions import Asked, asked, asked_by, text, texts, truth
from lsmc.modules.apparmor.requests import encode

if TYPE_CHECKING:
    from lsmc.base.files import StrPath
    from lsmc.engine.matcher import Matcher
    from lsmc.explain.explainer import Explanation
    from lsmc.stack.context import Context
    from lsmc.tables.bundle import Bundle

_FILE_KEY = bytes((FILE.code,))
#: What requests say whose answer may depend on nothing but the path; `owner` can be left out.
_PLAIN = ({"subject", "op", "object"}, {"subject", "class", "perms", "object"})


class Policy:
    """A policy over the bytes of a bundle; raises `tables.errors.BundleError` for damaged ones."""

    def __init__(
        self, data: bytes | memoryview, name: str = "<memory>", *, enforce: bool = False
    ) -> None:
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(f"a bundle is bytes, not {type(data).__name__}")
        self.engine = Engine(data, name, enforce=enforce)

    def __repr__(self) -> str:
        count = len(self)
        return f"<lsmc.Policy {self.bundle.name!r}: {count} profile{'s' * (count != 1)}>"

    def __len__(self) -> int:
        """The number of profiles."""
        return self.bundle.profiles

    def __iter__(self) -> Iterator[str]:
        """The names of the profiles, in order."""
        return iter(self.profiles)

    def __contains__(self, name: object) -> bool:
        """Whether there is a profile of a name."""
        return isinstance(name, str) and self.engine.tables.find(name) is not None

    @cached_property
    def enforced(self) -> Policy:
        """This policy with its profiles in complain mode judged as if they were enforced."""
        return Policy(self.bundle.data, self.bundle.name, enforce=True)

    @property
    def bundle(self) -> Bundle:
        """The bundle that the policy was read from."""
        return self.engine.bundle

    @property
    def profiles(self) -> tuple[str, ...]:
        """The names of the profiles, in order."""
        return self.engine.profiles

    def save(self, path: StrPath) -> None:
        """Write the bundle to a file, whole or not at all; OSError."""
        from lsmc.base.files import path_text, write_file

        write_file(path_text(path), bytes(self.bundle.data))

    def permissions(
        self,
        subject: str,
        cls: str,
        object: str = "",
        *,
        owner: bool = True,
        **fields: str | int,
    ) -> Permissions:
        """What the rules of a subject grant on an object; raises `UnknownName`, `RequestError`.

        A permission is allowed where the look-ups of a query for the class and this permission
        lack nothing, whatever the mode of the profile and whether `exec` leads anywhere.  What the
        object is called is not checked as `query` does: it may be anything that rules match.

        Args:
            subject: a profile's name or an executable's path.
            cls: the name of a mediation class (`file`, `capability`, ...).
            object: the main field of the class (a path, a capability, a peer).
            owner: whether the subject owns the object.
            fields: further fields of the class, texts or whole numbers.

        Raises TypeError for an argument of another type.
        """
        text("subject", subject), text("object", object), truth("owner", owner)
        mediation, words = class_named(text("cls", cls)), texts(fields)
        asked = {
            name: self.engine.ask(subject, Operation("", cls, (name,), ""), object, owner, words)
            for name in mediation.permissions
        }
        return self._permissions(mediation, object, asked)

    def _permissions(
        self, cls: MediationClass, obj: str, asked: Mapping[str, Answer]
    ) -> Permissions:
        """The answers for each permission of a class as one record."""
        found: dict[str, set[str]] = {
            kind: set() for kind in ("allow", "deny", "audit", "quiet", "prompt")
        }
        rules: dict[str, tuple[RuleRef, ...]] = {}
        for name, answer in asked.items():
            lookups = answer.lookups
            refused = [look for look in lookups if look.missing]
            for kind in _kinds(answer):
                found[kind].add(name)
            tables = self.engine.tables
            refs = [
                ref
                for look in refused or lookups
                for ref in tables.refs(look.profile, look.node, look.decision, look.part.wanted)
            ]
            if refs:
                rules[name] = tuple(dict.fromkeys(refs))
        return Permissions(
            **{kind: frozenset(names) for kind, names in found.items()},
            exec=self._exec(asked["x"], obj) if cls is FILE else None,
            rules=rules,
            mediated=any(answer.lookups for answer in asked.values()),
        )

    def _exec(self, answer: Answer, path: str) -> Exec | None:
        """What executing does in the first profile of a subject."""
        look = next(iter(answer.lookups), None)
        if look is None or not look.decision.allow & EXECUTE:
            return None
        return execution(self.engine.tables, look.profile, look.decision, encode(path))

    def query(
        self,
        subject: str,
        op: str,
        object: str = "",
        *,
        owner: bool = True,
        context: Context | Mapping[str, Any] | None = None,
        mediated: bool = False,
        enforce: bool = False,
        **fields: str | int,
    ) -> Verdict:
        """Whether a subject may do something, and why: the way to ask one question.

        Names are checked by the tables of the compiler, so that a typo is an error and never a
        denial: raises `UnknownName` for a subject, an operation or a class that does not exist,
        `RequestError` for any other question that a kernel cannot ask, TypeError for an argument
        of the wrong type.  A verdict is true exactly when `allowed` is.

        Args:
            subject: a profile's name, a stack, or the path of an executable.
            op: an operation (`lsmc ops` lists them), an audit record's name for one, or letters.
            object: what it is done to.
            owner: whether the subject owns the object; a context that tells goes before.
            context: who asks of what; the verdict is then that of all layers. Without one, only
                the profile is judged.
            mediated: the kernel is known to mediate the class (it logged a denial, say), so that
                the rules are asked even if the profile's abi does not have it.
            enforce: judge profiles in complain mode as if they were enforced.
            fields: further fields of the operation's class, texts or whole numbers.
        """
        engine = self.enforced.engine if truth("enforce", enforce) else self.engine
        question = asked(engine, subject, op, object, owner, fields, mediated)
        return _verdict(engine, question, context)

    def query_many(
        self, requests: Iterable[Mapping[str, Any]], *, enforce: bool = False
    ) -> Iterator[Verdict]:
        """The verdicts of many requests, in order: the fast way to ask; raises as `query` does.

        A request has `subject`, `object` and fields like `query`, and either `op` or `class` with
        `perms` (file letters, or permission names); `mediated` and `enforce` may be true, and
        `context` an object with the fields of `Context`.  With `enforce`, profiles in complain mode
        are judged as if they were enforced.
        """
        if truth("enforce", enforce):
            return self.enforced.query_many(requests)
        plain: dict[tuple[Any, ...], Matcher | None] = {}

        def first(request: Mapping[str, Any]) -> Verdict:
            return self._first(request, plain)

        return answers(requests, plain, _FILE_KEY, first, self.answer)

    def _first(
        self, request: Mapping[str, Any], plain: dict[tuple[Any, ...], Matcher | None]
    ) -> Verdict:
        """Answer a request, and note whether others of its shape depend on their path alone."""
        verdict = self.answer(request)
        op, perms = request.get("op"), request.get("perms")
        if isinstance(op or perms, str) and request.keys() - {"owner"} in _PLAIN:
            shape = (op, request.get("class"), perms, "owner" not in request, len(request))
            plain[request["subject"], *shape] = self.engine.by_path(request)
        return verdict

    def answer(self, request: Mapping[str, Any]) -> Verdict:
        """The verdict of one request of `query_many`, as that would give it; raises as it does.

        For a question that is not written as a request, use `query`.
        """
        if not isinstance(request, Mapping):
            raise TypeError(f"a request is an object (a mapping), not {type(request).__name__}")
        enforce = truth("enforce", request.get("enforce", False))
        engine = self.enforced.engine if enforce else self.engine
        return _verdict(engine, asked_by(engine, request), request.get("context"))

    def explain(
        self,
        subject: str,
        op: str,
        object: str = "",
        *,
        owner: bool = True,
        context: Context | Mapping[str, Any] | None = None,
        enforce: bool = False,
        **fields: str | int,
    ) -> Explanation:
        """The verdict with its reasons, the rules that nearly allowed it, and one that would.

        The arguments and what is raised are those of `query`.
        """
        from lsmc.explain.explainer import explain

        engine = self.enforced.engine if truth("enforce", enforce) else self.engine
        return explain(engine, subject, op, object, owner=owner, context=context, **fields)


def _verdict(
    engine: Engine, question: Asked, context: Context | Mapping[str, Any] | None
) -> Verdict:
    """The verdict on a question that was checked, of all layers where there is a context."""
    if context is None:
        return engine.ask(*question).verdict
    from lsmc.stack.verdict import context_of, layered

    return layered(engine, *question, context_of(context)).verdict


def _kinds(answer: Answer) -> Iterator[str]:
    """In which of the sets of `Permissions` the permission of an answer belongs."""
    refused = [look for look in answer.lookups if look.missing]
    if not refused:
        yield "allow"
    if any(look.missing & look.decision.deny for look in refused):
        yield "deny"
    elif any(look.missing & look.decision.prompt for look in refused):
        yield "prompt"
    if not refused and any(look.decision.audit & look.part.wanted for look in answer.lookups):
        yield "audit"
    if refused and not answer.verdict.audited:
        yield "quiet"
