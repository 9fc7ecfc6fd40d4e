"""The verdict of one profile: its rules, its mode, and what some operations ask besides.

Modes follow the kernel (security/apparmor/audit.c and lib.c): in complain mode what is refused is
allowed and logged, but a refusal that is quiet stays one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from itertools import chain

from lsmc.base.numbers import natural
from lsmc.base.text import encode
from lsmc.engine.answer import Answer, Lookup
from lsmc.engine.verdict import Exec, RequestError, RuleRef, Verdict, both
from lsmc.ir.decision import Decision
from lsmc.ir.operation import AccessCheck, Operation
from lsmc.modules.apparmor.classes import EXECUTE, FILE, LINK, ONEXEC, PTRACE, READ, SIGNAL
from lsmc.modules.apparmor.decide.sockets import parts_for
from lsmc.modules.apparmor.decide.subjects import FREE_MODES, Profiles, mediates
from lsmc.modules.apparmor.requests.fields import key_fields
from lsmc.tables.groups import make_key
from lsmc.tables.records import ProfileRecord

Fields = Mapping[str, str]
_PROMPTED = "a `prompt` rule leaves the answer to the user"


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
    ) -> Answer:
        """What one profile says to an operation; raises `RequestError`.

        `mediated` says that the kernel mediates the class, whatever the profile's abi.
        """
        if operation.cls == "rlimit":
            return Answer(_judge_limit(profile, obj, fields))
        if operation.cls == "change_hat":
            return Answer(self._judge_hat(profile, obj))
        if profile.mode in FREE_MODES:
            note = f"profile `{profile.full_name}` is in {profile.mode} mode"
            return Answer(Verdict.unconfined(operation.perms, note=note))
        parts = tuple(parts_for(profile, operation, obj, fields, mediated))
        if operation.cls == "link":
            return self._judge_link(profile, parts, owner)
        if len(parts) == 1:
            return self._judge_part(profile, parts[0], owner, mediated)
        answers = [self._judge_part(profile, part, owner, mediated) for part in parts]
        return Answer(
            reduce(both, (answer.verdict for answer in answers)),
            tuple(lookup for answer in answers for lookup in answer.lookups),
        )

    def _judge_part(
        self, profile: ProfileRecord, part: AccessCheck, owner: bool, mediated: bool = False
    ) -> Answer:
        cls, wanted = part.cls, part.wanted
        if not mediates(profile, cls, mediated):
            abi = dict(profile.settings).get("abi", "")
            note = f"{cls.name} is not mediated under abi {abi}"
            return Answer(Verdict.allow(cls.names(wanted), note=note))
        lookups = self._look_up(profile, part, owner)
        verdict = self._judge(profile, part, lookups)
        decision = lookups[0].decision
        if cls is FILE and not wanted and decision.audit & READ:
            # stat(2) asks for nothing, but an `audit` rule for reading logs it too
            verdict = verdict._replace(audited=True)
        if cls is FILE and wanted & EXECUTE and decision.allow & EXECUTE:
            verdict = self._with_exec(profile, verdict, decision, encode(part.object))
        if cls is ONEXEC and not verdict.missing:
            from lsmc.modules.apparmor.decide.exec_transition import at_next_exec

            matched = self.profiles.matcher(profile).matched(lookups[0].node)
            facts = [match.rule.facts for match in matched]
            verdict = verdict._replace(transition=at_next_exec(profile, part.object, facts))
        return Answer(verdict, lookups)

    def _look_up(
        self, profile: ProfileRecord, part: AccessCheck, owner: bool
    ) -> tuple[Lookup, ...]:
        """The look-ups that decide a part.

        A stack as peer is looked up by its whole name; the permissions which that does not grant
        every component must (`aa_label_match` in the kernel's label.c).
        """
        whole = self._look(profile, part, owner)
        label = part.fields.get("peer", part.object)
        if part.cls not in (SIGNAL, PTRACE) or not whole.missing or "//&" not in label:
            return (whole,)
        rest = {name: value for name, value in part.fields.items() if name != "peer"}
        lacking = part._replace(wanted=whole.missing, fields=rest)
        components = tuple(
            self._look(profile, lacking._replace(object=name), owner) for name in label.split("//&")
        )
        granted = part._replace(wanted=part.wanted & ~whole.missing)
        if not granted.wanted:
            return components
        return whole._replace(part=granted, missing=0), *components

    def _look(self, profile: ProfileRecord, part: AccessCheck, owner: bool) -> Lookup:
        cls = part.cls
        matcher = self.profiles.matcher(profile)
        values = key_fields(cls, part.object, part.fields, profile.full_name)
        node = matcher.walk(make_key(cls.code, values))
        decision = matcher.decide(node, cls, owner)
        return Lookup(
            profile=profile,
            part=part,
            values=values,
            owner=owner,
            node=node,
            decision=decision,
            missing=part.wanted & ~decision.allow,
        )

    def _judge(
        self, profile: ProfileRecord, part: AccessCheck, lookups: Sequence[Lookup]
    ) -> Verdict:
        """The verdict of a profile's mode on what its rules grant.

        Of several look-ups the kernel logs unless all that ask for a permission are quiet.
        """
        cls = part.cls
        missing = denied = loud = audit = 0
        for look in lookups:
            missing |= look.missing
            denied |= look.missing & look.decision.deny
            loud |= look.part.wanted & ~look.decision.quiet
            audit |= look.part.wanted & look.decision.audit
        granted = cls.names(part.wanted & ~missing)
        if not missing:
            rules = self._refs([(look, look.part.wanted) for look in lookups])
            return Verdict.allow(granted, audited=profile.audit or bool(audit), rules=rules)
        audited = profile.audit or bool(missing & loud)
        prompted = any(look.missing & look.decision.prompt for look in lookups)
        verdict = Verdict.deny(
            cls.names(missing),
            explicit=bool(denied),
            audited=audited,
            granted=granted,
            rules=self._refs([(look, look.missing & _refusing(look.decision)) for look in lookups]),
            note=_PROMPTED if prompted and not denied else "",
        )
        # executing is never refused there: the program runs in a learning profile
        executes = cls is FILE and bool(missing & EXECUTE)
        if profile.mode == "complain" and (audited or executes):
            return verdict.complain(_would_be_denied(profile))
        return verdict

    def _refs(self, wanted: Sequence[tuple[Lookup, int]]) -> tuple[RuleRef, ...]:
        """The rules behind some permissions of look-ups, each once."""
        refs = self.profiles.refs
        found = [refs(look.profile, look.node, look.decision, mask) for look, mask in wanted]
        return found[0] if len(found) == 1 else tuple(dict.fromkeys(chain.from_iterable(found)))

    def _judge_link(
        self, profile: ProfileRecord, parts: Sequence[AccessCheck], owner: bool
    ) -> Answer:
        """A hard link: `l` on the new name, the pair, and where asked the subset test.

        Each is asked when the one before it was granted, and the pair says what is logged
        (`profile_path_link` in the kernel's file.c).
        """
        name = self._judge_part(profile, parts[0], owner)
        plain = name.verdict
        if len(parts) == 1:
            return name._replace(
                verdict=plain._replace(note="without `target=` only the new name is judged")
            )
        lookups = self._look_up(profile, parts[1], owner)
        pair = self._judge(profile, parts[1], lookups)
        seen = (*name.lookups, *lookups)
        verdict = both(plain, pair)
        if plain.decision != "allow":
            return Answer(verdict._replace(allowed=plain.allowed, audited=plain.audited), seen)
        verdict = verdict._replace(audited=pair.audited)
        if pair.decision == "allow" and lookups[0].decision.allow & LINK.mask(("subset",)):
            beyond = self._beyond_target(name.lookups[0], parts[1].fields["target"])
            seen = (*seen, beyond)
            lacking = FILE.names(beyond.missing)
            if lacking:
                note = f"the link would open more than its target: {' '.join(lacking)}"
                refused = Verdict.deny(
                    lacking,
                    explicit=False,
                    audited=True,
                    granted=verdict.granted,
                    rules=verdict.rules,
                    note=note,
                )
                verdict = refused.complain(note) if profile.mode == "complain" else refused
        return Answer(verdict, seen)

    def _beyond_target(self, name: Lookup, target: str) -> Lookup:
        """The target of a link, asked for all that the new name has but `l`."""
        new = name.decision
        part = AccessCheck(FILE, target, new.allow & ~FILE.mask("l"), name.part.fields)
        look = self._look(name.profile, part, name.owner)
        old = look.decision
        both_execute = new.allow & old.allow & EXECUTE
        if not look.missing and both_execute and new.transition and old.transition:
            same = new.transition._replace(unsafe=False) == old.transition._replace(unsafe=False)
            if not same or (new.transition.unsafe and not old.transition.unsafe):
                return look._replace(missing=EXECUTE)
        return look

    def _judge_hat(self, profile: ProfileRecord, obj: str) -> Verdict:
        """Entering a hat asks no rule: the hat must be a child of the profile, or a sibling.

        Programs probe for hats, so the kernel logs no failure but in complain mode, where a hat
        that does not exist is made (`change_hat` in the kernel's domain.c).
        """
        parent = hats_of(profile)
        hat = self.profiles.find(f"{parent}//{obj}")
        if hat is not None and hat.is_hat:
            entered = Exec("", hat.full_name, True, None)
            return Verdict.allow(("change_hat",), audited=profile.audit, transition=entered)
        complain = profile.mode == "complain"
        note = (
            f"`{parent}` has no hat `{obj}`" if hat is None else f"`{hat.full_name}` is not a hat"
        )
        verdict = Verdict.deny(("change_hat",), explicit=False, audited=complain, note=note)
        return verdict.complain(note) if complain and hat is None else verdict

    def _with_exec(
        self, profile: ProfileRecord, verdict: Verdict, decision: Decision, path: bytes
    ) -> Verdict:
        from lsmc.modules.apparmor.decide.exec_transition import execution

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


def _refusing(decision: Decision) -> int:
    return decision.deny | decision.prompt


def _would_be_denied(profile: ProfileRecord) -> str:
    return f"profile `{profile.full_name}` is in complain mode: would be denied"


def _judge_limit(profile: ProfileRecord, obj: str, fields: Fields) -> Verdict:
    """Raising a hard limit above the profile's value is refused."""
    limit = dict(profile.rlimits).get(obj.lower().removeprefix("rlimit_"))
    value = fields.get("value", "infinity")
    asked = natural(value)
    if value != "infinity" and asked is None:
        raise RequestError(f"`{value}` is not a number", value)
    beyond = limit not in (None, "infinity") and (asked is None or asked > int(limit or 0))
    if not beyond:
        return Verdict.allow(("setrlimit",), audited=profile.audit)
    note = f"profile `{profile.full_name}` sets {obj} <= {limit}"
    verdict = Verdict.deny(("setrlimit",), explicit=True, audited=True, note=note)
    return verdict.complain(note) if profile.mode == "complain" else verdict
