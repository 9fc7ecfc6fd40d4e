"""What helps where a rule for what was denied does not: flags, another way to execute, loading
policy, the rules of the other side, file modes.

The kernel's reasons are in `log/infos.py`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from lsmc.base.text import encode
from lsmc.engine.verdict import RequestError, RuleRef, UnknownName
from lsmc.explain.diagnosis import Diagnosis, Remedy, Request
from lsmc.explain.explanation import Explanation, Suggestion
from lsmc.modules.apparmor.analysis.hazards import hazards
from lsmc.modules.apparmor.classes import BY_NAME
from lsmc.modules.apparmor.decide.engine import Engine
from lsmc.modules.apparmor.decide.subjects import FREE_MODES
from lsmc.modules.apparmor.explain.reasons import explain_request
from lsmc.modules.apparmor.log.record import Record
from lsmc.modules.apparmor.peers import ANSWER, PEER
from lsmc.modules.apparmor.suggest.compilers import compiler_for, first_with, takes_class
from lsmc.modules.apparmor.suggest.executions import executed_by
from lsmc.modules.apparmor.suggest.suggest import word
from lsmc.tables.records import ProfileRecord

_DELETED, _DISCONNECTED = "deleted entry", "disconnected path"
_FLAGS = {_DELETED: "mediate_deleted", _DISCONNECTED: "attach_disconnected"}
_ABSENT = ("profile transition not found", "profile not found", "label not found", "ix fallback")
_UNIT = (
    "or start it without no_new_privs: `NoNewPrivileges=no` in the unit file of a service, and no"
    " setting there that implies it (systemd.exec(5))"
)
_MODES = (
    "mend the mode or the owner of the file that {who} could not open: these are asked before"
    " AppArmor, and the capability passes over those of all files"
)


class OtherRemedies:
    """Finds what helps besides rules for what was denied."""

    def __init__(self, policy: Engine) -> None:
        self.policy = policy

    def of(self, diagnosis: Diagnosis) -> Iterator[Remedy]:
        """The remedies for a cause that are no rules for it, the best first."""
        record = diagnosis.cause.record
        if not isinstance(record, Record):
            return
        profile = self.policy.tables.find(diagnosis.subject)
        info = record.info or ""
        if flag := next((flag for text, flag in _FLAGS.items() if text in info), ""):
            if profile is not None:
                yield self._flagged(profile, flag)
        elif info == "no new privs":
            yield from self._without_new_privs(diagnosis, record)
        elif info in _ABSENT:
            yield from self._absent(diagnosis, record)
        elif diagnosis.agreement in ("older", "unloaded") and profile is not None:
            yield self._advice(profile, f"load these files: {_load(self._file(profile))}")
        if diagnosis.status in ("denied", "complain"):
            for answer in diagnosis.answers:
                yield from self._settings(answer)
                yield from self._later_class(answer)
                yield from self._modes(answer, record)

    def suggestions(self, diagnosis: Diagnosis) -> Iterator[Suggestion]:
        """Rules besides those of the answers: of the other side, and under the name that a flag
        gives a file."""
        record = diagnosis.cause.record
        if not isinstance(record, Record):
            return
        info, name = record.info or "", record.name or ""
        if _DISCONNECTED in info or _DELETED in info:
            letters = (record.denied_mask or record.mask or "").replace("c", "w").replace("d", "w")
            perms = [letter for letter in letters if letter in BY_NAME["file"].permissions]
            if name and perms:
                request = {
                    "subject": diagnosis.subject,
                    "class": "file",
                    "perms": perms,
                    "object": f"/{name.lstrip('/')}",
                    "owner": record.fsuid is not None and record.fsuid == record.ouid,
                }
                yield from self._lacking(request)
        for answer in diagnosis.answers:
            yield from self._other_side(answer)

    def _lacking(self, request: Request) -> tuple[Suggestion, ...]:
        """What a profile lacks for a request."""
        found = self._explained(request)
        return found.suggestions if found is not None else ()

    def _explained(self, request: Request) -> Explanation | None:
        try:
            return explain_request(self.policy, request)
        except (RequestError, UnknownName):
            return None

    def _other_side(self, answer: Explanation) -> Iterator[Suggestion]:
        """What the profile of the peer lacks for an access that takes both sides."""
        asked = answer.request
        if asked.cls not in ANSWER or len(asked.profiles) != 1:
            return
        label = BY_NAME[asked.cls].fields[PEER[asked.cls]]
        main = BY_NAME[asked.cls].main
        name = asked.object if main == label else asked.fields.get(label, "")
        peer = self.policy.tables.find(name) if name != asked.subject else None
        perms = [back for p in asked.permissions if (back := ANSWER[asked.cls].get(p))]
        if peer is None or peer.mode in FREE_MODES or not perms:
            return
        fields, obj = dict(asked.fields), asked.object
        if main == label:
            obj = asked.subject
        else:
            fields[label] = asked.subject
        if asked.cls == "unix":
            obj, fields["peer_addr"] = fields.get("peer_addr", "none"), asked.object or "none"
        elif asked.cls == "dbus":
            obj = ""  # the bus asks with a name of its own, which no rule foresees
        request = {"subject": name, "class": asked.cls, "perms": perms, "object": obj, **fields}
        yield from self._lacking(request)

    def _flagged(self, profile: ProfileRecord, flag: str) -> Remedy:
        if flag in dict(profile.settings):
            return self._advice(
                profile,
                f"these files have `{flag}`, so the running profile is older: "
                f"{_load(self._file(profile))}",
            )
        return Remedy(
            kind="flag",
            rule=flag,
            profile=profile.full_name,
            file=self._file(profile),
            line=self.policy.bundle.place(profile.place).line,
            says=f"add `{flag}` to the flags of the profile",
        )

    def _without_new_privs(self, diagnosis: Diagnosis, record: Record) -> Iterator[Remedy]:
        """Another way to execute, under the same profile or under both; or no such restriction."""
        profile = self.policy.tables.find(diagnosis.subject)
        if profile is None:
            return
        name, target = record.name or "", record.name2 or ""
        risks = hazards("file", {"path": encode(name)}, ("x",))
        for ref in self._exec_rules(diagnosis.subject, record):
            same = executed_by(ref.text, "ix")
            if ref.via or word(encode(name)) not in ref.text:  # a rule of others, or for others too
                rule = f"{word(encode(name))} ix,"
                yield self._advice(profile, "")._replace(kind="exact", rule=rule, hazards=risks)
            elif same:
                says = f"execute it under the same profile: `{same}`"
                yield self._in_place(ref, same, says)._replace(kind="mend", hazards=risks)
            if target and (both := executed_by(ref.text, "Px", f"&{word(encode(target))}")):
                yield self._in_place(ref, both, f"or stack the profile: `{both}`")
        if record.operation in ("change_profile", "change_onexec") and record.name2:
            rule = f"change_profile -> &{word(encode(record.name2))},"
            says = f"let the program stack the profile: `{rule}`"
            yield self._advice(profile, says)._replace(rule=rule)
        yield self._advice(profile, _UNIT)

    def _absent(self, diagnosis: Diagnosis, record: Record) -> Iterator[Remedy]:
        """A profile that was to follow, and was not there."""
        profile = self.policy.tables.find(diagnosis.subject)
        target = (record.name2 or record.name or "").removeprefix("&")
        there = self.policy.tables.find(target)
        if there is not None:
            yield self._advice(there, f"load `{target}`: {_load(self._file(there))}")
        elif profile is not None:
            for ref in self._exec_rules(diagnosis.subject, record):
                same = executed_by(ref.text, "ix")
                says = f"write a profile `{target}`, or execute it under the same profile: `{same}`"
                yield self._in_place(ref, same, says)

    def _exec_rules(self, subject: str, record: Record) -> tuple[RuleRef, ...]:
        """The rules by which a file is executed."""
        if record.operation != "exec" or not record.name:
            return ()
        request = {"subject": subject, "class": "file", "perms": ["x"], "object": record.name}
        found = self._explained(request)
        reasons = found.reasons if found is not None else ()
        rules = [ref for one in reasons if one.permission == "x" for ref in one.rules]
        return tuple(dict.fromkeys(rules))

    def _settings(self, answer: Explanation) -> Iterator[Remedy]:
        """A higher limit, a hat that was missing."""
        asked = answer.request
        if not answer.verdict.missing or asked.cls not in ("rlimit", "change_hat"):
            return
        rule = f"set rlimit {asked.object} <= {asked.fields.get('value', 'infinity')},"
        if asked.cls == "change_hat":
            rule = f"hat {word(encode(asked.object))} {{ }}"
        for subject in asked.profiles:
            profile = self.policy.tables.find(subject.name)
            if profile is not None and profile.is_hat and asked.cls == "change_hat":
                profile = self.policy.tables.find(subject.name.rpartition("//")[0])
            if profile is not None:
                yield self._advice(profile, "")._replace(kind="exact", rule=rule)

    def _later_class(self, answer: Explanation) -> Iterator[Remedy]:
        """A class for which the compiler that was named has no rules."""
        asked = answer.request
        for subject in asked.profiles if answer.verdict.missing else ():
            profile = self.policy.tables.find(subject.name)
            if profile is None:
                continue
            compiler = compiler_for(dict(profile.settings), cls=asked.cls)
            if compiler is not None and not takes_class(compiler, asked.cls):
                had, first = (".".join(map(str, v)) for v in (compiler, first_with(asked.cls)))
                says = f"AppArmor {had} has no rules for {asked.cls}; {first} is the first that has"
                yield self._advice(profile, says)

    def _modes(self, answer: Explanation, record: Record) -> Iterator[Remedy]:
        """File modes, which are asked before AppArmor."""
        asked = answer.request
        if asked.cls == "capability" and asked.object in ("dac_override", "dac_read_search"):
            profile = self.policy.tables.find(asked.subject)
            if profile is not None:
                who = record.command or "the program"
                yield self._advice(profile, _MODES.format(who=who))

    def _in_place(self, ref: RuleRef, rule: str, says: str) -> Remedy:
        return Remedy(
            kind="advice",
            rule=rule,
            profile=ref.profile,
            file=ref.file,
            line=ref.line,
            says=says,
            replaces=ref,
        )

    def _advice(self, profile: ProfileRecord, says: str) -> Remedy:
        place = self.policy.bundle.place(profile.place)
        return Remedy(
            kind="advice",
            rule="",
            profile=profile.full_name,
            file=place.file,
            line=place.line,
            says=says,
        )

    def _file(self, profile: ProfileRecord) -> str:
        return self.policy.bundle.place(profile.place).file


def _load(file: str) -> str:
    """The command that loads the profiles of a file."""
    return f"`apparmor_parser -r {shlex.quote(file)}`"
