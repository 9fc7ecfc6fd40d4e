"""The public face of a compiled policy: questions, their reasons, and the bundle behind them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from lsmc.modules.registry import module_named
from lsmc.tables.sections import module_of

if TYPE_CHECKING:
    from lsmc.base.files import StrPath
    from lsmc.engine.label import Label
    from lsmc.engine.permissions import Permissions
    from lsmc.engine.verdict import Verdict
    from lsmc.explain.explanation import Explanation
    from lsmc.stack.context import Context

#: A field of a question: a text or a number; of some modules lists of texts and objects too.
Field: TypeAlias = str | int | Sequence[str] | Mapping[str, Any]


class Policy:
    """A policy over the bytes of a bundle; raises `BundleError` for damaged ones.

    With `enforce`, subjects that only log what they are refused (complain or permissive mode) are
    judged as if they were enforced.
    """

    def __init__(
        self, data: bytes | memoryview, name: str = "<memory>", *, enforce: bool = False
    ) -> None:
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(f"a bundle is bytes, not {type(data).__name__}")
        self.data = data
        self.name = name
        self.module = module_named(module_of(data))
        self.engine: Any = self.module.open(data, name, enforce)

    def __repr__(self) -> str:
        count = len(self)
        return f"<lsmc.Policy {self.name!r}: {count} profile{'s' * (count != 1)}>"

    def __len__(self) -> int:
        """The number of profiles."""
        return len(self.profiles)

    def __iter__(self) -> Iterator[str]:
        """The names of the profiles, in order."""
        return iter(self.profiles)

    def __contains__(self, name: object) -> bool:
        """Whether there is a profile of a name."""
        return isinstance(name, str) and self.engine.find(name) is not None

    @cached_property
    def enforced(self) -> Policy:
        """This policy with subjects that only log judged as if they were enforced."""
        return Policy(self.data, self.name, enforce=True)

    @property
    def bundle(self) -> Any:
        """The sections of the bundle: a `tables.bundle.Bundle` where rules match by patterns."""
        return self.engine.bundle

    @property
    def profiles(self) -> tuple[str, ...]:
        """The names of the profiles, in order; of other modules, those of their subjects."""
        return tuple(self.engine.subjects)

    def save(self, path: StrPath) -> None:
        """Write the bundle to a file, whole or not at all; OSError."""
        from lsmc.base.files import path_text, write_file

        write_file(path_text(path), bytes(self.data))

    def permissions(
        self,
        subject: str,
        cls: str,
        object: str = "",
        *,
        owner: bool = True,
        **fields: Field,
    ) -> Permissions:
        """What the rules of a subject grant on an object; raises `UnknownName`, `RequestError`.

        Args:
            subject: a profile's name or an executable's path.
            cls: the name of a mediation class (`file`, `capability`, ...).
            object: the main field of the class (a path, a capability, a peer).
            owner: whether the subject owns the object.
            fields: further fields of the class, texts or whole numbers.

        Raises TypeError for an argument of another type.
        """
        permissions = self.module.needs(self.module.permissions, "`permissions`")
        return permissions(self.engine, subject, cls, object, {"owner": owner, **fields})

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
        **fields: Field,
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
            enforce: judge subjects that only log as if they were enforced.
            fields: further fields of the operation's class, texts or whole numbers.
        """
        request = _request(subject, op, object, owner, context, fields)
        return self.answer({**request, "mediated": mediated, "enforce": enforce})

    def query_many(
        self, requests: Iterable[Mapping[str, Any]], *, enforce: bool = False
    ) -> Iterator[Verdict]:
        """The verdicts of many requests, in order: the fast way to ask; raises as `query` does.

        A request has `subject`, `object` and fields like `query`, and either `op` or `class` with
        `perms` (file letters, or permission names); `mediated` and `enforce` may be true, and
        `context` an object with the fields of `Context`.  With `enforce`, subjects that only log
        are judged as if they were enforced.
        """
        if _truth(enforce):
            return self.enforced.query_many(requests)
        if self.module.answers is None:
            return map(self.answer, requests)
        return self.module.answers(self.engine, requests, self.answer)

    def answer(self, request: Mapping[str, Any]) -> Verdict:
        """The verdict of one request of `query_many`, as that would give it; raises as it does.

        For a question that is not written as a request, use `query`.
        """
        policy, request = self._judge(request)
        return policy.module.answer(policy.engine, request)

    def explain(
        self,
        subject: str,
        op: str,
        object: str = "",
        *,
        owner: bool = True,
        context: Context | Mapping[str, Any] | None = None,
        enforce: bool = False,
        **fields: Field,
    ) -> Explanation:
        """The verdict with its reasons, the rules that nearly allowed it, and one that would.

        The arguments and what is raised are those of `query`.
        """
        asked = _request(subject, op, object, owner, context, fields)
        policy, request = self._judge({**asked, "enforce": enforce})
        return policy.module.explain(policy.engine, request)

    def label(
        self,
        kind: str,
        subject: str = "",
        object: str = "",
        cls: str = "",
        name: str | None = None,
        *,
        booleans: Mapping[str, bool] | None = None,
    ) -> Label | None:
        """The label of an object, None if the policy gives none; `UnknownName`, `RequestError`.

        Args:
            kind: `transition` (of a new object), `member`, `change`; `port` (of `tcp:80`), `genfs`
                (of `proc:/sys/kernel`) and `fs` (of a file system) take `object` alone.
            subject: the label of the task.
            object: the label of what it is made in, or the object.
            cls: the class of the object.
            name: the name of a new object.
            booleans: booleans of the policy that are set otherwise than it says.
        """
        labels = self.module.needs(self.module.labels, "a label")()
        return labels.label(self.engine, kind, subject, object, cls, name, booleans or {})

    def file_label(self, path: str, kind: str | None = None) -> Label | None:
        """The label of a path by the file contexts, None if it has none; `RequestError`.

        `kind` is what it is: `file`, `dir`, `char`, `block`, `fifo`, `link`, `socket`; None for
        anything.
        """
        labels = self.module.needs(self.module.labels, "a label")()
        return labels.file_label(self.engine, path, kind)

    def validate_transition(self, old: str, new: str, task: str, cls: str) -> Verdict:
        """Whether a task may relabel an object from one label to another, by the constraints.

        Raises `UnknownName`, `RequestError`.
        """
        labels = self.module.needs(self.module.labels, "relabelling")()
        return labels.validate_transition(self.engine, old, new, task, cls)

    def _judge(self, request: Mapping[str, Any]) -> tuple[Policy, Mapping[str, Any]]:
        """The policy that a request is for, as its `enforce` says, and the request without it."""
        if not isinstance(request, Mapping):
            raise TypeError(f"a request is an object (a mapping), not {type(request).__name__}")
        if "enforce" not in request:
            return self, request
        rest = {name: value for name, value in request.items() if name != "enforce"}
        return self.enforced if _truth(request["enforce"]) else self, rest


def _request(
    subject: str,
    op: str,
    obj: str,
    owner: bool,
    context: Context | Mapping[str, Any] | None,
    fields: Mapping[str, Any],
) -> dict[str, Any]:
    """The arguments of a question as a request."""
    request = {"subject": subject, "op": op, "object": obj, "owner": owner, **fields}
    return request if context is None else {**request, "context": context}


def _truth(enforce: object) -> bool:
    if not isinstance(enforce, bool):
        raise TypeError(f"`enforce` is true or false (bool), not {type(enforce).__name__}")
    return enforce
