"""The verdict of one profile: its rules, its mode, and what some operations ask besides.

Modes follow the kernel (security/apparmor/audit.c and lib.c): in complain mode what is refused is
allowed and logged, but a refusal that is quiet stays one.
"""

from __future__ import annotations

from collections.abc import Mapping

from lsmc.decide import Decision
from lsmc.engine.evaluator import Matcher, Node
from lsmc.engine.execution import EXECUTE, at_next_exec, execution
from lsmc.engine.ops import Operation
from lsmc.engine.requests import RequestError, encode, key_fields
from lsmc.engine.sockets import parts_for
from lsmc.engine.subjects import FREE_MODES, Profiles, mediates
from lsmc.engine.verdict import DecisionName, Exec, Verdict, both
from lsmc.ir.classes import FILE, LINK, ONEXEC
from lsmc.ir.mediation import MediationClass
from lsmc.numerals import natural
from lsmc.tables.groups import make_key
from lsmc.tables.records import ProfileRecord

Fields = Mapping[str, str]
READ = FILE.mask("r")


def hats_of(profile: ProfileRecord) -> str:
    """The profile whose hats one may enter: its parent's for a hat, else its own."""
    return profile.parent if profile.is_hat else profile.name


class Judge:
    """Judges operations by the profiles of a bundle."""

    def __init__(self, profiles: Profiles) -> None:
        self.profiles = profiles

    def operation(
        self,
        profile: ProfileRecord,
        operation: Operation,
        obj: str,
        owner: bool,
        fields: Fields,
        mediated: bool = False,
    ) -> Verdict:
        """The verdict of one profile on an operation; raises `RequestError`.

        `mediated` says that the kernel mediates the class, whatever the profile's abi.
        """
        if operation.cls == "rlimit":
            return self._judge_limit(profile, obj, fields)
        if operation.cls == "change_hat":
            return self._judge_hat(profile, obj)
        if profile.mode in FREE_MODES:
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
        first, *rest = parts_for(profile, operation, obj, fields, mediated)
        verdict = self._judge_class(profile, *first, owner, mediated)
        for part in rest:
            verdict = both(verdict, self._judge_class(profile, *part, owner, mediated))
        return verdict

    def _judge_class(
        self,
        profile: ProfileRecord,
        cls: MediationClass,
        obj: str,
        wanted: int,
        fields: Fields,
        owner: bool,
        mediated: bool = False,
    ) -> Verdict:
        if not mediates(profile, cls, mediated):
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
        matcher = self.profiles.matcher(profile)
        key = make_key(cls.code, key_fields(cls, obj, fields, profile.full_name))
        node = matcher.walk(key)
        decision = matcher.decide(node, cls, owner)
        if "//&" in (label := fields.get("peer", obj)) and cls.name in ("signal", "ptrace"):
            decision = self._compound(profile, cls, label, fields, wanted, owner, decision)
        verdict = self.judge(profile, matcher, node, decision, cls, wanted)
        if cls is FILE and not wanted and decision.audit & READ:
            # stat(2) asks for nothing, but an `audit` rule for reading logs it too
            verdict = verdict._replace(audited=True)
        if cls is FILE and wanted & EXECUTE and decision.allow & EXECUTE:
            verdict = self._with_exec(profile, verdict, decision, encode(obj))
        if cls is ONEXEC and not verdict.missing:
            facts = [match.rule.facts for match in matcher.matched(node)]
            verdict = verdict._replace(transition=at_next_exec(profile, obj, facts))
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
        """A stack as peer: when its whole name does not match, every component must.

        The answer is theirs then, so that a quiet `deny` of the whole name is logged.
        """
        if not wanted & ~whole.allow:
            return whole
        allow = quiet = wanted
        audit = 0
        rest = {k: v for k, v in fields.items() if k != "peer"}
        matcher = self.profiles.matcher(profile)
        for part in label.split("//&"):
            key = make_key(cls.code, key_fields(cls, part, rest, profile.full_name))
            one = matcher.decide(matcher.walk(key), cls, owner)
            allow, quiet, audit = allow & one.allow, quiet & one.quiet, audit | one.audit
        return whole._replace(allow=allow, quiet=quiet, audit=audit & allow)

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
            rules = self.profiles.refs(profile, matcher, node, decision, wanted)
            audited = profile.audit or bool(wanted & decision.audit)
            return Verdict(True, "allow", granted, (), audited, None, rules)
        rules = self.profiles.refs(profile, matcher, node, decision, missing & decision.deny)
        audited = bool(missing & ~quiet)
        name: DecisionName = "deny-explicit" if missing & decision.deny else "deny-implicit"
        # executing is never refused there: the program runs in a learning profile
        executes = cls is FILE and bool(missing & EXECUTE)
        if profile.mode == "complain" and (audited or executes):
            return Verdict(
                True,
                "complain",
                granted,
                cls.names(missing),
                audited,
                None,
                rules,
                f"profile `{profile.full_name}` is in complain mode: would be denied",
            )
        return Verdict(False, name, granted, cls.names(missing), audited, None, rules)

    def _judge_link(self, profile: ProfileRecord, obj: str, owner: bool, fields: Fields) -> Verdict:
        """A hard link: `l` on the new name, the pair, and where asked the subset test.

        Each is asked when the one before it was granted, and the pair says what is logged
        (`profile_path_link` in the kernel's file.c).
        """
        rest = {k: v for k, v in fields.items() if k not in ("target", "class")}
        plain = self._judge_class(profile, FILE, obj, FILE.mask("l"), rest, owner)
        if "target" not in fields:
            return plain._replace(note="without `target=` only the new name is judged")
        matcher = self.profiles.matcher(profile)
        key = make_key(LINK.code, key_fields(LINK, obj, fields, profile.full_name))
        node = matcher.walk(key)
        decision = matcher.decide(node, LINK, owner)
        pair = self.judge(profile, matcher, node, decision, LINK, LINK.mask(("link",)))
        verdict = both(plain, pair)
        if plain.decision != "allow":
            return verdict._replace(allowed=plain.allowed, audited=plain.audited)
        verdict = verdict._replace(audited=pair.audited)
        if pair.decision == "allow" and decision.allow & LINK.mask(("subset",)):
            lacking = self._beyond_target(matcher, obj, fields["target"], owner)
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

    def _beyond_target(self, matcher: Matcher, link: str, target: str, owner: bool) -> int:
        """The permissions that a link's name has and its target has not."""

        def decision(path: str) -> Decision:
            node = matcher.walk(make_key(FILE.code, (encode(path),)))
            return matcher.decide(node, FILE, owner)

        new, old = decision(link), decision(target)
        lacking = new.allow & ~FILE.mask("l") & ~old.allow
        both_execute = new.allow & old.allow & EXECUTE
        if not lacking and both_execute and new.transition and old.transition:
            same = new.transition._replace(unsafe=False) == old.transition._replace(unsafe=False)
            if not same or (new.transition.unsafe and not old.transition.unsafe):
                lacking |= EXECUTE
        return lacking

    def _judge_limit(self, profile: ProfileRecord, obj: str, fields: Fields) -> Verdict:
        """Raising a hard limit above the profile's value is refused."""
        limit = dict(profile.rlimits).get(obj.lower().removeprefix("rlimit_"))
        value = fields.get("value", "infinity")
        asked = natural(value)
        if value != "infinity" and asked is None:
            raise RequestError(f"`{value}` is no number", value)
        beyond = limit not in (None, "infinity") and (asked is None or asked > int(limit or 0))
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
        """Entering a hat asks no rule: the hat must be a child of the profile, or a sibling.

        Programs probe for hats, so the kernel logs no failure but in complain mode, where a hat
        that does not exist is made (`change_hat` in the kernel's domain.c).
        """
        parent = hats_of(profile)
        hat = self.profiles.find(f"{parent}//{obj}")
        if hat is not None and hat.is_hat:
            entered = Exec("", hat.full_name, True, None)
            return Verdict(True, "allow", ("change_hat",), (), profile.audit, entered, ())
        complain = profile.mode == "complain"
        note = f"`{parent}` has no hat `{obj}`" if hat is None else f"`{hat.full_name}` is no hat"
        learned = complain and hat is None
        return Verdict(
            learned,
            "complain" if learned else "deny-implicit",
            (),
            ("change_hat",),
            complain,
            None,
            (),
            note,
        )

    def _with_exec(
        self, profile: ProfileRecord, verdict: Verdict, decision: Decision, path: bytes
    ) -> Verdict:
        transition = execution(self.profiles, profile, decision, path)
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
