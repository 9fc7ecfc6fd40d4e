"""The tables of a bundle and the questions that they answer.

Everything is read from a bundle's tables; nothing here knows where they came from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from lsmc.base.text import encode
from lsmc.engine.answer import Answer
from lsmc.engine.matcher import Matcher
from lsmc.engine.verdict import UNCONFINED, Exec, RequestError, UnknownName, Verdict, stack
from lsmc.ir.mediation import MediationClass
from lsmc.ir.operation import Operation
from lsmc.modules.apparmor.classes import BY_NAME, FILE
from lsmc.modules.apparmor.decide.evaluate import Judge
from lsmc.modules.apparmor.decide.subjects import EnforcedBundle, Profiles, VariedProfiles, mediates
from lsmc.modules.apparmor.operations import find
from lsmc.modules.apparmor.operations import names as operation_names
from lsmc.tables.bundle import Bundle
from lsmc.tables.records import ProfileRecord

if TYPE_CHECKING:
    from lsmc.kernels.batch import PathAnswers, PathNodes

Fields = Mapping[str, str]
NO_FIELDS = ("subject", "op", "object", "owner", "class", "perms", "mediated", "context", "enforce")


class Engine:
    """Answers questions from the bytes of a bundle; raises `tables.errors.BundleError`.

    Names in questions are not checked here; `lsmc.policy.Policy` has those of people checked.  With
    `enforce`, profiles in complain mode are judged as if they were enforced.
    """

    def __init__(
        self, data: bytes | memoryview, name: str = "<memory>", *, enforce: bool = False
    ) -> None:
        self._over(Profiles(EnforcedBundle(data, name) if enforce else Bundle(data, name)))

    def _over(self, tables: Profiles) -> None:
        self.bundle = tables.bundle
        self.tables = tables
        self._judge = Judge(tables)
        #: What `batch` keeps: answers by the shape of requests, and the nodes that paths lead to.
        self.plain: dict[tuple[Any, ...], PathAnswers | None] = {}
        self.path_nodes: dict[Matcher, PathNodes] = {}

    def varied(self, vary: Callable[[Matcher], Matcher]) -> Engine:
        """An engine over the same bundle whose profiles have other matchers."""
        engine = Engine.__new__(Engine)
        engine._over(VariedProfiles(self.tables, vary))  # noqa: SLF001 - another of this class
        return engine

    @property
    def subjects(self) -> tuple[str, ...]:
        """The names of the profiles, in order."""
        return self.tables.subjects

    def find(self, name: str) -> ProfileRecord | None:
        """The profile of a name, or None."""
        return self.tables.find(name)

    def ask(
        self,
        subject: str,
        operation: Operation,
        obj: str,
        owner: bool,
        fields: Fields,
        mediated: bool = False,
    ) -> Answer:
        """What the profiles of a subject say to an operation; `UnknownName`, `RequestError`.

        Args:
            subject: a profile's name, a stack, or the path of an executable.
            operation: what is done.
            obj: what it is done to.
            owner: whether the subject owns the object.
            fields: further fields of the operation's class.
            mediated: the kernel is known to mediate the class, so that the rules are asked even if
                the profile's abi does not have it.
        """
        profiles = self.tables.components(subject)
        if not profiles:
            transition = None
            if operation.cls == "file" and "x" in operation.perms:
                transition = self._unconfined_exec(obj)
            return Answer(Verdict.unconfined(operation.perms, transition=transition))
        judge = self._judge.operation
        answers = [judge(p, operation, obj, owner, fields, mediated) for p in profiles]
        if len(answers) == 1:
            return answers[0]
        whole = stack([answer.verdict for answer in answers])
        if operation.cls == "change_hat" and not whole.allowed:
            # each profile in complain mode logs it, whosever hat is missing
            whole = whole._replace(audited=any(p.mode == "complain" for p in profiles))
        return Answer(whole, tuple(look for answer in answers for look in answer.lookups))

    def _unconfined_exec(self, path: str) -> Exec:
        found, _ = self.tables.attachments.find(encode(path))
        return Exec("", found.full_name if found else UNCONFINED, True, None)

    def answer(self, request: Mapping[str, Any]) -> Answer:
        """What is said to one request of `Policy.query_many`, whatever its context; as `ask`."""
        return self.ask(*self.question(request))

    def question(
        self, request: Mapping[str, Any]
    ) -> tuple[str, Operation, str, bool, Fields, bool]:
        """The arguments of `ask` for a request of `Policy.query_many`; raises `UnknownName`."""
        fields = {key: str(value) for key, value in request.items() if key not in NO_FIELDS}
        return (
            str(request.get("subject", "")),
            self.operation(request),
            str(request.get("object", "")),
            bool(request.get("owner", True)),
            fields,
            request.get("mediated") is True,
        )

    def operation(self, request: Mapping[str, Any]) -> Operation:
        """The operation of a request of `Policy.query_many`; raises `UnknownName`."""
        if "op" in request:
            fields = {key: str(value) for key, value in request.items() if key != "op"}
            return operation_named(str(request["op"]), fields)
        cls = class_named(str(request.get("class", "")))
        return Operation("", cls.name, _perms(cls, request.get("perms", "")), "")

    def by_path(self, request: Mapping[str, Any]) -> Matcher | None:
        """The matcher at whose nodes the answers to requests of this shape can be kept, or None.

        There is one when an enforced profile is asked about files and nothing is executed: then
        all paths that lead to the same node have the same answer.
        """
        operation = self.operation(request)
        profiles = self.tables.components(str(request["subject"]))
        simple = (
            operation.cls in ("file", "link")
            and "x" not in operation.perms
            and len(profiles) == 1
            and mediates(profiles[0], FILE)
        )
        return self.tables.matcher(profiles[0]) if simple else None


def operation_named(name: str, fields: Fields) -> Operation:
    """The operation of a name or of permission letters; raises `UnknownName`."""
    operation = find(name, dict(fields))
    if operation is None:
        raise UnknownName("operation", name, operation_names())
    return operation


def class_named(name: str) -> MediationClass:
    """The mediation class of a name; raises `UnknownName`."""
    cls = BY_NAME.get(name)
    if cls is None:
        raise UnknownName("class", name, BY_NAME)
    return cls


def _perms(cls: MediationClass, perms: Any) -> tuple[str, ...]:
    """Permission names from letters, words or a list; raises `UnknownName`, `RequestError`."""
    if isinstance(perms, str):
        words = perms.replace(",", " ").split()
        if cls is FILE or not all(word in cls.permissions for word in words):
            words = list("".join(words)) if cls is FILE else words
    else:
        words = [str(perm) for perm in perms]
    if not words:
        raise RequestError("`perms` is missing: what is asked for", "", cls.permissions)
    for word in words:
        if word not in cls.permissions:
            raise UnknownName(f"permission of class {cls.name}", word, cls.permissions)
    return tuple(words)
