"""A draft in the making: what its profiles lack, made into rules, checked and mended in rounds.

Rules that others cover go, peers that the policy does not know are marked as such, and a rule for a
kind that does not allow what it is for gives way to one for the very object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from lsmc.base.diagnostics import Diagnostic, PolicyError
from lsmc.base.source import to_display
from lsmc.base.text import encode
from lsmc.compiler.inputs import Options
from lsmc.engine.matcher import Matcher
from lsmc.explain.hazards import HAZARDS
from lsmc.explain.learning import CannotLearn, Choice, Choose
from lsmc.modules.apparmor.analysis.hazards import hazards
from lsmc.modules.apparmor.decide.engine import Engine
from lsmc.modules.apparmor.learn.abstractions import Fit, fitting
from lsmc.modules.apparmor.learn.choose import ProfilePlan
from lsmc.modules.apparmor.learn.gather import RecordedAccess
from lsmc.modules.apparmor.learn.lacking import lacking, renamed
from lsmc.modules.apparmor.learn.names import is_pattern, written
from lsmc.modules.apparmor.learn.rules import DraftRule, Lack, rules
from lsmc.modules.apparmor.learn.verify import (
    DraftFiles,
    DraftRequest,
    compiled,
    findings,
    new_findings,
    refused,
)
from lsmc.modules.apparmor.suggest.compilers import Version
from lsmc.modules.apparmor.suggest.generalize import VariablePlaces
from lsmc.modules.apparmor.suggest.suggest import Wish, suggest
from lsmc.modules.apparmor.suggest.trial import allows

_ROUNDS = 8
_SCOPES = (
    ("kinds", "the kinds of what the log names: @{HOME}, @{pid}, globs for numbers"),
    ("names", "the very names of the log"),
)
_ALLOWED = (("yes", "allow it"), ("no", "leave it out"))
#: What the peer of a signal or of tracing needs.
_ANSWERS = {
    "send": "receive",
    "receive": "send",
    "trace": "tracedby",
    "read": "readby",
    "tracedby": "trace",
    "readby": "read",
}
#: Findings about a rule that others cover: it goes.
_COVERED = frozenset(("LSM101", "LSM102", "LSM103", "LSM104"))
#: Findings about what is not in the hands of a draft, and what is written beside the rule.
_MARKED = {
    "LSM109": "what was run in the log, whatever the includes have for others",
    "LSM202": "the log names this profile, which is not here",
    "LSM203": "the log names this peer, which no profile here has",
    "LSM204": "the profile of the peer needs its own rule for this",
}
#: Findings about a profile as such.
_ENTERED = {
    "LSM208": "entered by name: AppArmorProfile=, aa-exec, change_profile",
    "LSM209": "the log has it, but not how it is entered",
}


class DraftInclude(NamedTuple):
    """An abstraction of a draft, and why it is taken."""

    name: str
    why: str = ""


class Terms(NamedTuple):
    """What drafts of one policy share.

    Attributes:
        options: how policy is read.
        compiler: the release of the compiler that the draft is for, if that is known.
        places: the variables that stand for places.
        abstractions: the known abstractions, compiled.
        base: the abstraction for all programs, empty for none.
        names: the names that profiles of the log have in the draft.
        choose: takes decisions.
        exact: whether all rules are for the very objects.
    """

    options: Options
    compiler: Version | None
    places: VariablePlaces
    abstractions: Mapping[str, Matcher]
    base: str
    names: Mapping[str, str]
    choose: Choose
    exact: bool


@dataclass
class ProfileDraft:
    """One profile of a draft: what it lacks, and what was decided about it."""

    plan: ProfilePlan
    lacks: list[Lack]
    asked: list[DraftRequest]
    settings: list[str]
    includes: list[DraftInclude] = field(default_factory=list)
    dropped: set[str] = field(default_factory=set)
    marks: dict[str, str] = field(default_factory=dict)
    note: str = ""

    def rules(self, terms: Terms) -> list[DraftRule]:
        """The rules, without those that were dropped, with the marks."""
        made = [DraftRule("rlimit", text) for text in sorted(set(self.settings))]
        if is_pattern(self.plan.name) and not self.plan.executable:
            made.append(DraftRule("file", f"{written(self.plan.name)} mr,"))
        made += rules(self.lacks, self.plan.executions, terms.places)
        return [
            rule._replace(behind=self.marks.get(rule.text, rule.behind))
            for rule in sorted(made, key=lambda one: one.sort_key)
            if rule.text not in self.dropped
        ]


class Drafted(NamedTuple):
    """The texts of files, by path, with the texts of before (None for a new file)."""

    files: Mapping[str, tuple[str | None, str]]

    def now(self) -> DraftFiles:
        """The file system with the draft."""
        return DraftFiles({path: new.encode("latin-1") for path, (_, new) in self.files.items()})


#: Makes the texts of a draft of its parts.
Write = Callable[[list[ProfileDraft]], Drafted]


class Draft:
    """The parts of one draft, and its rounds."""

    def __init__(
        self, terms: Terms, plans: Iterable[ProfilePlan], policy: Engine, skeleton: Engine
    ) -> None:
        """`policy` is asked for the profile, `skeleton` for those children that are new."""
        self._terms = terms
        self._remarks: list[str] = []
        self.left: list[tuple[RecordedAccess, str]] = []
        self.parts: list[ProfileDraft] = []
        whole = [one for plan in plans for one in plan.all()]
        answered = _answered(whole, terms.names)
        for one in whole:
            engine = policy if policy.find(one.name) is not None else skeleton
            accesses = (*one.program.accesses, *answered.get(one.name, ()))
            self.parts.append(self._part(one, accesses, engine))

    def _part(
        self, plan: ProfilePlan, accesses: Iterable[RecordedAccess], engine: Engine
    ) -> ProfileDraft:
        terms = self._terms
        found = lacking(engine, plan.name, accesses, terms.names, terms.compiler)
        self.left += found.left
        own = encode(plan.executable)
        exact = terms.exact or (bool(found.lacks) and self._literally(plan))
        lacks = [
            lack._replace(exact=exact or lack.wish.fields.get("path") == own)
            for lack in found.lacks
        ]
        if own:
            wish = Wish("file", {"path": own}, ("m", "r"), owner=False)
            record = engine.find(plan.name)
            if record is not None and not allows(engine.tables.matcher(record), wish):
                lacks.append(Lack(wish, exact=True))
        part = ProfileDraft(plan, lacks, found.asked, found.settings)
        self._weigh(part)
        for execution in plan.executions:
            request = {"class": "file", "perms": ["x"], "object": execution.path, "owner": False}
            part.asked.append(DraftRequest(plan.name, request))
        self._include(part, engine)
        return part

    def _literally(self, plan: ProfilePlan) -> bool:
        """Whether a person wants rules for the very names of the log."""
        choice = Choice(f"{plan.name}: what are its rules for?", _SCOPES, "kinds")
        return self._terms.choose(choice) == "names"

    def _weigh(self, part: ProfileDraft) -> None:
        """Leave out what is hazardous, where a person says so."""
        answers: dict[str, str] = {}
        kept: list[Lack] = []
        for lack in part.lacks:
            wish = lack.wish
            risks = hazards(wish.cls, wish.fields, wish.permissions)
            rule = suggest(wish._replace(owner=False)) if risks else None
            if rule is not None and rule not in answers:
                what = "; ".join(HAZARDS[hazard] for hazard in risks)
                choice = Choice(f"{part.plan.name}: `{rule}` {what}", _ALLOWED, "yes")
                answers[rule] = self._terms.choose(choice)
            if rule is None or answers[rule] == "yes":
                kept.append(lack)
            elif lack.asked in part.asked:
                part.asked.remove(lack.asked)
        part.lacks = kept
        refused = sum(answer != "yes" for answer in answers.values())
        if refused:
            self._remarks.append(f"{part.plan.name}: left out by choice: {refused}")

    def _include(self, part: ProfileDraft, engine: Engine) -> None:
        """Take the abstractions that fit."""
        record = engine.find(part.plan.name)
        if record is None:
            return
        old = engine.tables.matcher(record)
        wishes = [lack.wish for lack in part.lacks]
        gone: set[int] = set()
        for fit in fitting(self._terms.abstractions, wishes, old):
            numbers = fit.allows - gone
            if not numbers or not self._taken(part, fit):
                continue
            gone |= numbers
            why = f"the log needs {fit.used} of its {fit.rules} rules"
            why += "".join(f"; hazard: {risk}" for risk in fit.risks)
            part.includes.append(DraftInclude(fit.name, why))
        part.lacks = [lack for number, lack in enumerate(part.lacks) if number not in gone]

    def _taken(self, part: ProfileDraft, fit: Fit) -> bool:
        """Whether an abstraction is taken; a hazardous one only by a person."""
        risky = "; ".join(fit.risks)
        text = f"{part.plan.name}: include <{fit.name}>: the log needs {fit.used} of its"
        text += f" {fit.rules} rules" + (f"; it also {risky}" if risky else "")
        default = "no" if fit.risks else "yes"
        answers = (("yes", "include it"), ("no", "write rules instead"))
        taken = self._terms.choose(Choice(text, answers, default)) == "yes"
        if fit.risks and not taken:
            self._remarks.append(f"{text}: not taken")
        return taken

    @property
    def remarks(self) -> list[str]:
        """What a person should know: marks of rules, rules for many files, includes not taken."""
        found = list(self._remarks)
        for part in self.parts:
            for rule in part.rules(self._terms):
                code, _, why = part.marks.get(rule.text, "").partition("] ")
                if code:
                    found.append(f"{part.plan.name}: `{rule.text}`: {why}")
                found += [f"{part.plan.name}: `{rule.text}`: {why}" for why in rule.broad]
        return found

    @property
    def programs(self) -> set[str]:
        """The programs that run under profiles of other files."""
        own = {part.plan.executable for part in self.parts}
        return {
            execution.path
            for part in self.parts
            for execution in part.plan.executions
            if execution.mode == "Px" and not execution.target and execution.path not in own
        }

    def checked(self, path: str, write: Write, programs: Iterable[str]) -> Drafted:
        """The texts of the draft after all checks; raises `CannotLearn`."""
        options = self._terms.options
        others = {*self.programs, *programs}
        before: list[Diagnostic] = []
        for _ in range(_ROUNDS):
            drafted = write(self.parts)
            files = drafted.now()
            try:
                engine = compiled(path, files, options, others)
                if not before and drafted.files.get(path, (None, ""))[0] is not None:
                    before = findings(path, DraftFiles({}), options, drafted.files)
                found = new_findings(findings(path, files, options, drafted.files), before)
            except PolicyError as fault:
                first = next(iter(fault.diagnostics), None)
                raise CannotLearn(f"the draft does not compile: {first}") from None
            covered = [one for one in found if self._is_old(one)]
            found = [one for one in found if one not in covered]
            bad = refused(engine, (one for part in self.parts for one in part.asked))
            mended = [self._literal(one) for one in bad]
            mended += [self._mended(one) for one in found]
            if not mended:
                self._remarks += map(_finding, covered)
                return drafted
            if not any(mended):
                what = f"it does not allow {_words(bad[0])}" if bad else _finding(found[0])
                raise CannotLearn(f"the draft does not stand its checks: {what}")
        raise CannotLearn("the draft does not stand its checks: it cannot be mended")

    def _is_old(self, finding: Diagnostic) -> bool:
        """Whether a finding is about what was there before: a rule that a new one covers, or no
        abstraction for all programs, where the file lacks the variables for it.
        """
        if finding.code == "LSM220":
            return not self._terms.base
        text = to_display(finding.span.text) if finding.span is not None else ""
        new = (rule.text for part in self.parts for rule in part.rules(self._terms))
        return finding.code in _COVERED and not any(_same(rule, text) for rule in new)

    def _literal(self, asked: DraftRequest) -> bool:
        """Make the rules for a request literal; False if they are already."""
        path = str(asked.request.get("object", ""))
        for part in self.parts:
            if part.plan.name != asked.subject:
                continue
            for number, lack in enumerate(part.lacks):
                named = b"\0".join(lack.wish.fields.values())
                if encode(path) in named and not (lack.exact or lack.folder):
                    part.lacks[number] = lack._replace(exact=True)
                    part.dropped.clear()
                    return True
        return False

    def _mended(self, finding: Diagnostic) -> bool:
        """Mend what lint found; False when that is not possible."""
        text = to_display(finding.span.text) if finding.span is not None else ""
        for part in self.parts:
            if finding.profile not in (None, part.plan.name):
                continue
            if finding.code in _ENTERED and not part.note:
                part.note = f"lsmc: ignore[{finding.code}] {_ENTERED[finding.code]}"
                return True
            base = DraftInclude(self._terms.base, "what every program needs")
            if finding.code == "LSM220" and base.name and base not in part.includes:
                part.includes.append(base)
                return True
            path = encode(str((finding.witness or {}).get("object", "")))
            own = Lack(Wish("file", {"path": path}, ("m", "r"), owner=False), exact=True)
            if finding.code == "LSM223" and path and own not in part.lacks:
                part.lacks.append(own)  # a program reads itself
                return True
            if finding.code in ("LSM116", "LSM216"):
                kept = [one for one in part.includes if one.name not in text]
                if kept != part.includes:
                    part.includes = kept
                    return True
            for rule in part.rules(self._terms):
                if not _same(rule.text, text):
                    continue
                if finding.code in _COVERED:
                    part.dropped.add(rule.text)
                    return True
                if finding.code in _MARKED and rule.text not in part.marks:
                    mark = f"lsmc: ignore[{finding.code}] {_MARKED[finding.code]}"
                    part.marks[rule.text] = mark
                    return True
        return False


def _answered(
    plans: Iterable[ProfilePlan], names: Mapping[str, str]
) -> dict[str, list[RecordedAccess]]:
    """What the profiles of a draft must allow as each other's peers, by profile."""
    found: dict[str, list[RecordedAccess]] = {}
    for one in plans:
        for access in one.program.accesses:
            for request in access.requests:
                peer = renamed(request, names).get("object")
                perms = [_ANSWERS[perm] for perm in request.get("perms", ()) if perm in _ANSWERS]
                if request.get("class") not in ("signal", "ptrace") or not perms:
                    continue
                answer = {**request, "perms": perms, "object": one.name}
                found.setdefault(str(peer), []).append(access._replace(requests=(answer,)))
    return found


def _same(rule: str, text: str) -> bool:
    """Whether a span of a text is a rule, or a part of it."""
    return bool(text) and (text.rstrip(",") == rule.rstrip(",") or text in rule)


def _words(asked: DraftRequest) -> str:
    fields = " ".join(
        f"{name}={value}" for name, value in asked.request.items() if name not in ("class", "op")
    )
    return f"{asked.request.get('class') or asked.request.get('op')} {fields}"


def _finding(one: Diagnostic) -> str:
    place = f"{one.location.file}:{one.location.line}: " if one.location is not None else ""
    return f"{place}{one.message} [{one.code}]"
