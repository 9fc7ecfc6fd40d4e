"""A compiled policy and the questions it answers.

Everything is read from a bundle's tables; nothing here knows where they came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal, NamedTuple

from lsmc.attachment import Attachments
from lsmc.decide import Decision
from lsmc.evaluator import Matcher, Node
from lsmc.ir.classes import BY_NAME, FILE, LINK
from lsmc.ir.model import MediationClass, Transition
from lsmc.ops import Operation, find
from lsmc.ops import names as operation_names
from lsmc.requests import RequestError, encode, key_fields, parts
from lsmc.tables.bundle import Bundle, Place, ProfileRecord
from lsmc.tables.groups import make_key

DecisionName = Literal["allow", "deny-explicit", "deny-implicit", "unconfined", "complain"]
Fields = Mapping[str, str]
UNCONFINED = "unconfined"
_FREE_MODES = ("unconfined", "default_allow")
_EXECUTE = FILE.mask("x")


class UnknownName(LookupError):
    """A question names a profile, operation, class or field that does not exist."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        from difflib import get_close_matches

        self.what = what
        self.name = name
        self.close = tuple(get_close_matches(name, list(known), n=3, cutoff=0.6))
        hint = f"; did you mean {' or '.join(f'`{c}`' for c in self.close)}?" if self.close else ""
        super().__init__(f"unknown {what} `{name}`{hint}")


class RuleRef(NamedTuple):
    """A rule that took part: where it stands, its text, and the includes that lead to it."""

    profile: str
    file: str
    line: int
    column: int
    text: str
    via: tuple[str, ...]


class Exec(NamedTuple):
    """What an execution does: the mode as written (`Px`), the profile that follows, the fallback.

    `target` is the resulting subject, None when no profile is found and there is no fallback.
    """

    mode: str
    target: str | None
    unsafe: bool
    fallback: Literal["inherit", "unconfined"] | None


class Permissions(NamedTuple):
    """What the rules grant on one object; `rules` are those behind each permission."""

    allow: frozenset[str]
    deny: frozenset[str]
    audit: frozenset[str]
    quiet: frozenset[str]
    prompt: frozenset[str]
    exec: Exec | None
    rules: Mapping[str, tuple[RuleRef, ...]]
    mediated: bool = True


class Verdict(NamedTuple):
    """The answer to one request, with the rules that decided it; `note` is for people."""

    allowed: bool
    decision: DecisionName
    granted: tuple[str, ...]
    missing: tuple[str, ...]
    audited: bool
    transition: Exec | None
    rules: tuple[RuleRef, ...]
    note: str = ""


class Request(NamedTuple):
    """A resolved question to one profile: the class, its key's fields, the wanted permissions."""

    cls: MediationClass
    fields: tuple[bytes, ...]
    wanted: int
    owner: bool


class Policy:
    """A policy over the bytes of a bundle; raises `tables.errors.BundleError` for damaged ones."""

    def __init__(self, data: bytes | memoryview, name: str = "<memory>") -> None:
        self.bundle = Bundle(data, name)
        self.attachments = Attachments(self.bundle)
        self._matchers: dict[int, Matcher] = {}

    @property
    def profiles(self) -> tuple[str, ...]:
        """The names of the profiles, in order."""
        return tuple(self.bundle.profile_name(n) for n in range(self.bundle.profiles))

    def save(self, path: str) -> None:
        """Write the bundle to a file, whole or not at all; OSError."""
        from lsmc.files import write_atomically

        write_atomically(path, bytes(self.bundle.data))

    # --- subjects

    def components(self, subject: str) -> list[ProfileRecord]:
        """The profiles of a subject; none for one that is not confined.

        A subject is a profile's name, a stack `A//&B`, or the path of an executable, which gets the
        profile that attaches to it.  Raises `UnknownName`.
        """
        found = []
        for part in subject.split("//&"):
            if part == UNCONFINED:
                continue
            profile = self.profile(part)
            if profile is None and part.startswith("/"):
                profile, clashing = self.attachments.find(encode(part))
                if clashing:
                    names = " and ".join(f"`{p.full_name}`" for p in clashing)
                    raise RequestError(f"{names} attach to `{part}` with equal rank")
                if profile is None:
                    continue
            if profile is None:
                raise UnknownName("profile", part, self.profiles)
            found.append(profile)
        return found

    def profile(self, name: str) -> ProfileRecord | None:
        """The profile of a name, `:ns:name` written either way, or None."""
        number = self.bundle.find_profile(name)
        if number is None and name.startswith(":") and "://" not in name:
            namespace, _, local = name[1:].partition(":")
            number = self.bundle.find_profile(f":{namespace}://{local}")
        return self.bundle.profile(number) if number is not None else None

    def matcher(self, profile: ProfileRecord) -> Matcher:
        """The matcher of a profile, kept for the next request."""
        matcher = self._matchers.get(profile.number)
        if matcher is None:
            matcher = self._matchers[profile.number] = Matcher(self.bundle, profile)
        return matcher

    # --- questions

    def permissions(
        self,
        subject: str,
        cls: str,
        object: str = "",  # noqa: A002 - the contract's name
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
            for profile in self.components(subject)
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
        if not mediates(profile, cls):
            every = frozenset(cls.permissions)
            return Permissions(every, none, none, none, none, None, {}, mediated=False)
        matcher = self.matcher(profile)
        key = make_key(cls.code, key_fields(cls, obj, fields, profile.full_name))
        node = matcher.walk(key)
        decision = matcher.decide(node, cls, owner)
        return Permissions(
            frozenset(cls.names(decision.allow)),
            frozenset(cls.names(decision.deny)),
            frozenset(cls.names(decision.audit)),
            frozenset(cls.names(decision.quiet)),
            frozenset(cls.names(decision.prompt)),
            self.execution(profile, decision, encode(obj)) if cls is FILE else None,
            {
                name: self.refs(profile, matcher, node, decision, cls.mask((name,)))
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
        object: str = "",  # noqa: A002 - the contract's name
        *,
        owner: bool = True,
        context: Any = None,
        **fields: str,
    ) -> Verdict:
        """Whether a subject may do something, and why; raises `UnknownName`, `RequestError`.

        Args:
            subject: a profile's name, a stack, or the path of an executable.
            op: an operation (`lsmc ops` lists them), an audit record's name for one, or letters.
            object: what it is done to.
            owner: whether the subject owns the object.
            context: not used yet: only the profile is judged.
            fields: further fields of the operation's class.
        """
        del context
        operation = find(op, dict(fields))
        if operation is None:
            raise UnknownName("operation", op, operation_names())
        return self._query(subject, operation, object, owner, fields)

    def _query(
        self, subject: str, operation: Operation, obj: str, owner: bool, fields: Fields
    ) -> Verdict:
        profiles = self.components(subject)
        if not profiles:
            transition = None
            if operation.cls == "file" and "x" in operation.perms:
                transition = self._unconfined_exec(obj)
            return Verdict(True, "unconfined", operation.perms, (), False, transition, ())
        verdicts = [self._judge(p, operation, obj, owner, fields) for p in profiles]
        return verdicts[0] if len(verdicts) == 1 else _stack(verdicts)

    def _unconfined_exec(self, path: str) -> Exec:
        found, _ = self.attachments.find(encode(path))
        return Exec("", found.full_name if found else UNCONFINED, True, None)

    def _judge(
        self,
        profile: ProfileRecord,
        operation: Operation,
        obj: str,
        owner: bool,
        fields: Fields,
    ) -> Verdict:
        if operation.cls == "rlimit":
            return self._judge_limit(profile, obj, fields)
        if operation.cls == "change_hat":
            return self._judge_hat(profile, obj)
        if profile.mode in _FREE_MODES:
            return Verdict(
                True,
                "unconfined",
                operation.perms,
                (),
                False,
                None,
                (),
                f"profile `{profile.full_name}` is in {profile.mode} mode",
            )
        if operation.cls == "link":
            return self._judge_link(profile, obj, owner, fields)
        first, *rest = parts(operation, obj, fields)
        verdict = self._judge_class(profile, *first, owner)
        for part in rest:
            verdict = _both(verdict, self._judge_class(profile, *part, owner))
        return verdict

    def _judge_class(
        self,
        profile: ProfileRecord,
        cls: MediationClass,
        obj: str,
        wanted: int,
        fields: Fields,
        owner: bool,
    ) -> Verdict:
        if not mediates(profile, cls):
            abi = dict(profile.settings).get("abi", "")
            return Verdict(
                True,
                "allow",
                cls.names(wanted),
                (),
                False,
                None,
                (),
                f"{cls.name} is not mediated under abi {abi}",
            )
        matcher = self.matcher(profile)
        key = make_key(cls.code, key_fields(cls, obj, fields, profile.full_name))
        node = matcher.walk(key)
        decision = matcher.decide(node, cls, owner)
        if "//&" in (label := fields.get("peer", obj)) and cls.name in ("signal", "ptrace"):
            decision = self._compound(profile, cls, label, fields, wanted, owner, decision)
        verdict = self.judge(profile, matcher, node, decision, cls, wanted)
        if cls is FILE and wanted & _EXECUTE and decision.allow & _EXECUTE:
            verdict = self._with_exec(profile, verdict, decision, encode(obj))
        return verdict

    def _compound(
        self,
        profile: ProfileRecord,
        cls: MediationClass,
        label: str,
        fields: Fields,
        wanted: int,
        owner: bool,
        whole: Decision,
    ) -> Decision:
        """A stack as peer: when its whole name does not match, every component must."""
        if not wanted & ~whole.allow:
            return whole
        allow = wanted
        rest = {k: v for k, v in fields.items() if k != "peer"}
        matcher = self.matcher(profile)
        for part in label.split("//&"):
            key = make_key(cls.code, key_fields(cls, part, rest, profile.full_name))
            allow &= matcher.decide(matcher.walk(key), cls, owner).allow
        return whole._replace(allow=whole.allow | allow)

    def judge(
        self,
        profile: ProfileRecord,
        matcher: Matcher,
        node: Node,
        decision: Decision,
        cls: MediationClass,
        wanted: int,
    ) -> Verdict:
        """The verdict of a profile's mode on what its rules grant."""
        missing = wanted & ~decision.allow
        granted = cls.names(wanted & decision.allow)
        quiet = decision.quiet if not profile.audit else 0
        if not missing:
            rules = self.refs(profile, matcher, node, decision, wanted)
            audited = profile.audit or bool(wanted & decision.audit)
            return Verdict(True, "allow", granted, (), audited, None, rules)
        rules = self.refs(profile, matcher, node, decision, missing & decision.deny)
        audited = bool(missing & ~quiet)
        name: DecisionName = "deny-explicit" if missing & decision.deny else "deny-implicit"
        if profile.mode == "complain" and audited:
            return Verdict(
                True,
                "complain",
                granted,
                cls.names(missing),
                True,
                None,
                rules,
                f"profile `{profile.full_name}` is in complain mode: would be denied",
            )
        return Verdict(False, name, granted, cls.names(missing), audited, None, rules)

    def _judge_link(
        self, profile: ProfileRecord, obj: str, owner: bool, fields: Fields
    ) -> Verdict:
        """A hard link: `l` on the new name, the pair, and where asked the subset test."""
        rest = {k: v for k, v in fields.items() if k not in ("target", "class")}
        plain = self._judge_class(profile, FILE, obj, FILE.mask("l"), rest, owner)
        if "target" not in fields:
            return plain._replace(note="without `target=` only the new name is judged")
        matcher = self.matcher(profile)
        key = make_key(LINK.code, key_fields(LINK, obj, fields, profile.full_name))
        node = matcher.walk(key)
        decision = matcher.decide(node, LINK, owner)
        pair = self.judge(profile, matcher, node, decision, LINK, LINK.mask(("link",)))
        verdict = _both(plain, pair)
        if pair.decision == "allow" and decision.allow & LINK.mask(("subset",)):
            lacking = self._beyond_target(profile, matcher, obj, fields["target"], owner)
            if lacking:
                names = FILE.names(lacking)
                verdict = Verdict(
                    profile.mode == "complain",
                    "complain" if profile.mode == "complain" else "deny-implicit",
                    verdict.granted,
                    names,
                    True,
                    None,
                    verdict.rules,
                    f"the link would open more than its target: {' '.join(names)}",
                )
        return verdict

    def _beyond_target(
        self, profile: ProfileRecord, matcher: Matcher, link: str, target: str, owner: bool
    ) -> int:
        """The permissions that a link's name has and its target has not."""

        def decision(path: str) -> Decision:
            node = matcher.walk(make_key(FILE.code, (encode(path),)))
            return matcher.decide(node, FILE, owner)

        new, old = decision(link), decision(target)
        lacking = new.allow & ~FILE.mask("l") & ~old.allow
        if new.allow & old.allow & _EXECUTE and new.transition and old.transition:
            same = replace(new.transition, unsafe=False) == replace(old.transition, unsafe=False)
            if not same or (new.transition.unsafe and not old.transition.unsafe):
                lacking |= _EXECUTE
        return lacking

    def _judge_limit(self, profile: ProfileRecord, obj: str, fields: Fields) -> Verdict:
        """Raising a hard limit above the profile's value is refused."""
        limit = dict(profile.rlimits).get(obj.lower().removeprefix("rlimit_"))
        value = fields.get("value", "infinity")
        if value != "infinity" and not value.isdigit():
            raise RequestError(f"`{value}` is no number", value)
        beyond = limit not in (None, "infinity") and (
            value == "infinity" or int(value) > int(limit or 0)
        )
        if not beyond:
            return Verdict(True, "allow", ("setrlimit",), (), profile.audit, None, ())
        complain = profile.mode == "complain"
        return Verdict(
            complain,
            "complain" if complain else "deny-explicit",
            (),
            ("setrlimit",),
            True,
            None,
            (),
            f"profile `{profile.full_name}` sets {obj} <= {limit}",
        )

    def _judge_hat(self, profile: ProfileRecord, obj: str) -> Verdict:
        """Entering a hat asks no rule: the hat must be a child of the profile, or a sibling."""
        parent = profile.parent if profile.is_hat else profile.name
        hat = self.profile(f"{parent}//{obj}")
        if hat is not None and hat.is_hat:
            entered = Exec("", hat.full_name, True, None)
            return Verdict(True, "allow", ("change_hat",), (), profile.audit, entered, ())
        complain = profile.mode == "complain"
        note = f"`{parent}` has no hat `{obj}`" if hat is None else f"`{hat.full_name}` is no hat"
        return Verdict(
            complain,
            "complain" if complain else "deny-implicit",
            (),
            ("change_hat",),
            True,
            None,
            (),
            note,
        )

    # --- execution

    def _with_exec(
        self, profile: ProfileRecord, verdict: Verdict, decision: Decision, path: bytes
    ) -> Verdict:
        transition = self.execution(profile, decision, path)
        if transition is None or transition.target is not None or not verdict.allowed:
            return verdict._replace(transition=transition)
        # refused in complain mode too; the record there says ALLOWED
        return verdict._replace(
            allowed=False,
            decision="deny-implicit",
            missing=("x",),
            granted=tuple(p for p in verdict.granted if p != "x"),
            audited=True,
            transition=transition,
            note="profile transition not found",
        )

    def execution(
        self, profile: ProfileRecord, decision: Decision, path: bytes
    ) -> Exec | None:
        """What executing a path does under a decision of the file class."""
        transition = decision.transition
        if transition is None or not decision.allow & _EXECUTE:
            return None
        fallback: Literal["inherit", "unconfined"] | None = None
        if transition.kind != "inherit" and transition.inherit:
            fallback = "inherit"
        elif transition.unconfined:
            fallback = "unconfined"
        target = self._target(profile, transition, path)
        if target is None and fallback is not None:
            target = profile.full_name if fallback == "inherit" else UNCONFINED
        return Exec(exec_mode(transition), target, transition.unsafe, fallback)

    def _target(
        self, profile: ProfileRecord, transition: Transition, path: bytes
    ) -> str | None:
        namespace = profile.namespace
        match transition.kind:
            case "inherit":
                return profile.full_name
            case "unconfined":
                return UNCONFINED
            case "attach":
                found, _ = self.attachments.find(path, namespace=namespace)
                return found.full_name if found else None
            case "attach-child":
                found, _ = self.attachments.find(path, parent=profile.name, namespace=namespace)
                return found.full_name if found else None
            case "child":
                return self._named(f"{profile.name}//{transition.name}", namespace)
            case "stack":
                added = self._named(transition.name[1:], namespace)
                found, _ = self.attachments.find(path, namespace=namespace)
                base = found.full_name if found else None
                if added is None or base is None:
                    return None
                return added if base == added else f"{base}//&{added}"
        return self._named(transition.name, namespace)

    def _named(self, name: str, namespace: str) -> str | None:
        """A target by name: every component of a stack must exist."""
        parts = []
        for part in name.split("//&"):
            if part == UNCONFINED:
                parts.append(part)
                continue
            full = part if part.startswith(":") or not namespace else f":{namespace}://{part}"
            found = self.profile(full)
            if found is None:
                return None
            parts.append(found.full_name)
        return "//&".join(parts)

    # --- rules

    def refs(
        self,
        profile: ProfileRecord,
        matcher: Matcher,
        node: Node,
        decision: Decision,
        mask: int,
    ) -> tuple[RuleRef, ...]:
        """The rules that decided some permissions, strongest first, each once."""
        wanted = {rule: None for bits, rule in decision.winners if bits & mask}
        if not wanted:
            return ()
        matches = {match.rule.facts.id: match for match in matcher.matched(node)}
        refs = (
            self.ref(profile, matches[rule].rule.place, matches[rule].via) for rule in wanted
        )
        return tuple(dict.fromkeys(refs))

    def ref(self, profile: ProfileRecord, place: int, via: tuple[int, ...]) -> RuleRef:
        """A rule for people."""
        where: Place = self.bundle.place(place)
        chain = tuple(
            f"{p.file}:{p.line}" for p in (self.bundle.place(number) for number in via)
        )
        return RuleRef(profile.full_name, where.file, where.line, where.column, where.text, chain)

    def query_many(self, requests: Iterable[Mapping[str, Any]]) -> Iterator[Verdict]:
        """The verdicts of many requests, in order.

        A request has `subject`, `object` and fields like `query`, and either `op` or `class` with
        `perms` (file letters, or permission names).
        """
        for request in requests:
            yield self.answer(request)

    def answer(self, request: Mapping[str, Any]) -> Verdict:
        """The verdict of one request of `query_many`; raises `UnknownName`, `RequestError`."""
        rest = {
            key: str(value)
            for key, value in request.items()
            if key not in ("subject", "op", "object", "owner", "class", "perms")
        }
        subject, obj = str(request.get("subject", "")), str(request.get("object", ""))
        owner = bool(request.get("owner", True))
        if "op" in request:
            if "class" in request:
                rest["class"] = str(request["class"])
            return self.query(subject, str(request["op"]), obj, owner=owner, **rest)
        cls = self._class(str(request.get("class", "")))
        operation = Operation("", cls.name, _perms(cls, request.get("perms", "")), "")
        return self._query(subject, operation, obj, owner, rest)

    def explain(
        self,
        subject: str,
        op: str,
        object: str = "",  # noqa: A002 - the contract's name
        *,
        owner: bool = True,
        context: Any = None,
        **fields: str,
    ) -> Any:
        """The verdict with its reasons; see `lsmc.explainer.explain`."""
        from lsmc.explainer import explain

        return explain(self, subject, op, object, owner=owner, context=context, **fields)


def mediates(profile: ProfileRecord, cls: MediationClass) -> bool:
    """Whether a profile's rules are asked about a class at all."""
    return profile.mode not in _FREE_MODES and cls.name in profile.mediated


def exec_mode(transition: Transition) -> str:
    """The mode of a transition as it is written in a rule."""
    if transition.kind == "inherit":
        return "ix"
    if transition.kind == "unconfined":
        return "ux" if transition.unsafe else "Ux"
    letter = "c" if transition.kind in ("attach-child", "child") else "p"
    fallback = "i" if transition.inherit else "u" if transition.unconfined else ""
    return (letter if transition.unsafe else letter.upper()) + fallback + "x"


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


def _stack(verdicts: list[Verdict]) -> Verdict:
    """The verdict of a stack: every component must allow."""
    allowed = all(v.allowed for v in verdicts)
    deciding = next((v for v in verdicts if not v.allowed), verdicts[0])
    missing = tuple(dict.fromkeys(m for v in verdicts for m in v.missing))
    granted = tuple(g for g in verdicts[0].granted if all(g in v.granted for v in verdicts))
    transition = None
    if all(v.transition is not None for v in verdicts):
        targets = [v.transition.target for v in verdicts if v.transition is not None]
        first = verdicts[0].transition
        if first is not None:
            names = "//&".join(dict.fromkeys(t for t in targets if t is not None))
            transition = first._replace(target=names if None not in targets else None)
    return Verdict(
        allowed,
        deciding.decision,
        granted,
        missing,
        any(v.audited for v in verdicts),
        transition,
        tuple(dict.fromkeys(r for v in verdicts for r in v.rules)),
        deciding.note,
    )


def _both(first: Verdict, second: Verdict) -> Verdict:
    """The verdict of an operation that asks twice: both must allow."""
    deciding = second if first.allowed and first.decision != "complain" else first
    return Verdict(
        first.allowed and second.allowed,
        deciding.decision,
        tuple(dict.fromkeys((*first.granted, *second.granted))),
        tuple(dict.fromkeys((*first.missing, *second.missing))),
        first.audited or second.audited,
        first.transition or second.transition,
        tuple(dict.fromkeys((*first.rules, *second.rules)))
        if deciding.decision == "allow"
        else deciding.rules,
        deciding.note,
    )
