"""A compiled policy and the questions it answers.

Everything is read from a bundle's tables; nothing here knows where they came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lsmc.engine.evaluator import Matcher
from lsmc.engine.execution import execution
from lsmc.engine.judge import Judge
from lsmc.engine.ops import Operation, find
from lsmc.engine.ops import names as operation_names
from lsmc.engine.requests import Part, encode, key_fields
from lsmc.engine.sockets import of_family
from lsmc.engine.subjects import Profiles, mediates
from lsmc.engine.verdict import UNCONFINED, Exec, Permissions, UnknownName, Verdict, stack
from lsmc.ir.classes import BY_NAME, FILE, UNIX
from lsmc.ir.mediation import MediationClass
from lsmc.kernels.walk import answers
from lsmc.tables.bundle import Bundle
from lsmc.tables.groups import make_key
from lsmc.tables.records import ProfileRecord

if TYPE_CHECKING:
    from lsmc.explain.explainer import Explanation
    from lsmc.layers.context import Context

Fields = Mapping[str, str]
_FILE_KEY = bytes((FILE.code,))
#: What requests say whose answer may depend on nothing but the path; `owner` can be left out.
_PLAIN = ({"subject", "op", "object"}, {"subject", "class", "perms", "object"})
NO_FIELDS = ("subject", "op", "object", "owner", "class", "perms", "mediated", "context")


class Policy:
    """A policy over the bytes of a bundle; raises `tables.errors.BundleError` for damaged ones."""

    def __init__(self, data: bytes | memoryview, name: str = "<memory>") -> None:
        self.bundle = Bundle(data, name)
        self.tables = Profiles(self.bundle)
        self._judge = Judge(self.tables)

    @property
    def profiles(self) -> tuple[str, ...]:
        """The names of the profiles, in order."""
        return self.tables.names

    def save(self, path: str) -> None:
        """Write the bundle to a file, whole or not at all; OSError."""
        from lsmc.files import write_file

        write_file(path, bytes(self.bundle.data))

    def permissions(
        self,
        subject: str,
        cls: str,
        object: str = "",
        *,
        owner: bool = True,
        **fields: str,
    ) -> Permissions:
        """What the rules of a subject grant on an object; raises `UnknownName`, `RequestError`.

        Args:
            subject: a profile's name or an executable's path.
            cls: the name of a mediation class (`file`, `capability`, ...).
            object: the main field of the class (a path, a capability, a peer).
            owner: whether the subject owns the object.
            fields: further fields of the class.
        """
        mediation = self._class(cls)
        parts = [
            self._permissions(profile, mediation, object, owner, fields)
            for profile in self.tables.components(subject)
        ]
        if not parts:
            every = frozenset(mediation.permissions)
            none: frozenset[str] = frozenset()
            return Permissions(every, none, none, none, none, None, {}, mediated=False)
        first, *rest = parts
        for part in rest:
            first = Permissions(
                first.allow & part.allow,
                first.deny | part.deny,
                first.audit | part.audit,
                first.quiet & part.quiet,
                first.prompt | part.prompt,
                first.exec,
                {
                    name: (*first.rules.get(name, ()), *part.rules.get(name, ()))
                    for name in (*first.rules, *part.rules)
                },
                first.mediated or part.mediated,
            )
        return first

    def _permissions(
        self,
        profile: ProfileRecord,
        cls: MediationClass,
        obj: str,
        owner: bool,
        fields: Fields,
    ) -> Permissions:
        none: frozenset[str] = frozenset()
        if cls is UNIX and not mediates(profile, cls):
            cls, obj, _, fields = of_family(Part(cls, obj, 0, fields))
        if not mediates(profile, cls):
            every = frozenset(cls.permissions)
            return Permissions(every, none, none, none, none, None, {}, mediated=False)
        matcher = self.tables.matcher(profile)
        key = make_key(cls.code, key_fields(cls, obj, fields, profile.full_name))
        node = matcher.walk(key)
        decision = matcher.decide(node, cls, owner)
        return Permissions(
            frozenset(cls.names(decision.allow)),
            frozenset(cls.names(decision.deny)),
            frozenset(cls.names(decision.audit)),
            frozenset(cls.names(decision.quiet)),
            frozenset(cls.names(decision.prompt)),
            execution(self.tables, profile, decision, encode(obj)) if cls is FILE else None,
            {
                name: self.tables.refs(profile, matcher, node, decision, cls.mask((name,)))
                for name in cls.names(decision.allow | decision.deny | decision.prompt)
            },
        )

    def _class(self, name: str) -> MediationClass:
        cls = BY_NAME.get(name)
        if cls is None:
            raise UnknownName("class", name, BY_NAME)
        return cls

    def query(
        self,
        subject: str,
        op: str,
        object: str = "",
        *,
        owner: bool = True,
        context: Context | Mapping[str, Any] | None = None,
        mediated: bool = False,
        **fields: str,
    ) -> Verdict:
        """Whether a subject may do something, and why; raises `UnknownName`, `RequestError`.

        Args:
            subject: a profile's name, a stack, or the path of an executable.
            op: an operation (`lsmc ops` lists them), an audit record's name for one, or letters.
            object: what it is done to.
            owner: whether the subject owns the object; a context that tells goes before.
            context: who asks of what; the verdict is then that of all layers. Without one, only
                the profile is judged.
            mediated: the kernel is known to mediate the class (it logged a denial, say), so that
                the rules are asked even if the profile's abi does not have it.
            fields: further fields of the operation's class.
        """
        operation = find(op, dict(fields))
        if operation is None:
            raise UnknownName("operation", op, operation_names())
        return self.ask(subject, operation, object, owner, fields, mediated, context)

    def ask(
        self,
        subject: str,
        operation: Operation,
        obj: str,
        owner: bool,
        fields: Fields,
        mediated: bool = False,
        context: Context | Mapping[str, Any] | None = None,
    ) -> Verdict:
        """The verdict on an operation, as `query`."""
        if context is not None:
            from lsmc.engine.layered import context_of, layered

            known = context_of(context)
            return layered(self, subject, operation, obj, owner, fields, mediated, known)
        profiles = self.tables.components(subject)
        if not profiles:
            transition = None
            if operation.cls == "file" and "x" in operation.perms:
                transition = self._unconfined_exec(obj)
            return Verdict(True, "unconfined", operation.perms, (), False, transition, ())
        judge = self._judge.operation
        verdicts = [judge(p, operation, obj, owner, fields, mediated) for p in profiles]
        if len(verdicts) == 1:
            return verdicts[0]
        whole = stack(verdicts)
        if operation.cls == "change_hat" and not whole.allowed:
            # each profile in complain mode logs it, whosever hat is missing
            whole = whole._replace(audited=any(p.mode == "complain" for p in profiles))
        return whole

    def _unconfined_exec(self, path: str) -> Exec:
        found, _ = self.tables.attachments.find(encode(path))
        return Exec("", found.full_name if found else UNCONFINED, True, None)

    def query_many(self, requests: Iterable[Mapping[str, Any]]) -> Iterator[Verdict]:
        """The verdicts of many requests, in order; raises `UnknownName`, `RequestError`.

        A request has `subject`, `object` and fields like `query`, and either `op` or `class` with
        `perms` (file letters, or permission names); `mediated` may be true, and `context` an
        object with the fields of `Context`.
        """
        plain: dict[tuple[Any, ...], Matcher | None] = {}

        def first(request: Mapping[str, Any]) -> Verdict:
            return self._first(request, plain)

        return answers(requests, plain, _FILE_KEY, first, self.answer)

    def _first(
        self,
        request: Mapping[str, Any],
        plain: dict[tuple[Any, ...], Matcher | None],
    ) -> Verdict:
        """Answer a request, and note whether others of its shape depend on their path alone.

        They do when one enforced profile is asked about files and nothing is executed: then all
        paths that lead to the same node have the same answer.
        """
        verdict = self.answer(request)
        op, perms = request.get("op"), request.get("perms")
        if isinstance(op or perms, str) and request.keys() - {"owner"} in _PLAIN:
            operation = self.operation(request)
            profiles = self.tables.components(str(request["subject"]))
            simple = (
                operation.cls in ("file", "link")
                and "x" not in operation.perms
                and len(profiles) == 1
                and mediates(profiles[0], FILE)
            )
            shape = (op, request.get("class"), perms, "owner" not in request, len(request))
            plain[request["subject"], *shape] = self.tables.matcher(profiles[0]) if simple else None
        return verdict

    def answer(self, request: Mapping[str, Any]) -> Verdict:
        """The verdict of one request of `query_many`; raises `UnknownName`, `RequestError`."""
        rest = {key: str(value) for key, value in request.items() if key not in NO_FIELDS}
        subject, obj = str(request.get("subject", "")), str(request.get("object", ""))
        owner = bool(request.get("owner", True))
        mediated = request.get("mediated") is True
        operation, context = self.operation(request), request.get("context")
        return self.ask(subject, operation, obj, owner, rest, mediated, context)

    def operation(self, request: Mapping[str, Any]) -> Operation:
        """The operation of a request of `query_many`; raises `UnknownName`."""
        if "op" in request:
            fields = {key: str(value) for key, value in request.items() if key != "op"}
            operation = find(str(request["op"]), fields)
            if operation is None:
                raise UnknownName("operation", str(request["op"]), operation_names())
            return operation
        cls = self._class(str(request.get("class", "")))
        return Operation("", cls.name, _perms(cls, request.get("perms", "")), "")

    def explain(
        self,
        subject: str,
        op: str,
        object: str = "",
        *,
        owner: bool = True,
        context: Context | Mapping[str, Any] | None = None,
        **fields: str,
    ) -> Explanation:
        """The verdict with its reasons, the rules that nearly allowed it, and one that would.

        The arguments are those of `query`.
        """
        from lsmc.explain.explainer import explain

        return explain(self, subject, op, object, owner=owner, context=context, **fields)


def _perms(cls: MediationClass, perms: Any) -> tuple[str, ...]:
    """Permission names from letters, words or a list; raises `UnknownName`."""
    if isinstance(perms, str):
        words = perms.replace(",", " ").split()
        if cls is FILE or not all(word in cls.permissions for word in words):
            words = list("".join(words)) if cls is FILE else words
    else:
        words = [str(perm) for perm in perms]
    for word in words:
        if word not in cls.permissions:
            raise UnknownName(f"permission of class {cls.name}", word, cls.permissions)
    return tuple(words)
