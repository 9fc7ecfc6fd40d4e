"""Learns AppArmor profiles from logs: new ones, and what existing ones lack."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, partial
from typing import NamedTuple

from lsmc.base.diagnostics import PolicyError
from lsmc.base.text import encode, listing
from lsmc.compiler.inputs import Options
from lsmc.explain.learning import CannotLearn, Choose, LearningRequest, Learnt, LearntFile, Left
from lsmc.modules.apparmor.build.compile import Compiler
from lsmc.modules.apparmor.build.front import front_end
from lsmc.modules.apparmor.decide.engine import Engine
from lsmc.modules.apparmor.learn.choose import Planner, ProfilePlan
from lsmc.modules.apparmor.learn.draft import Draft, Drafted, DraftInclude, ProfileDraft, Terms
from lsmc.modules.apparmor.learn.extend import extended
from lsmc.modules.apparmor.learn.gather import Gathered, RecordedAccess
from lsmc.modules.apparmor.learn.head import head_for
from lsmc.modules.apparmor.learn.lacking import quoted, refuses
from lsmc.modules.apparmor.learn.names import is_pattern, split
from lsmc.modules.apparmor.learn.programs import Program, programs
from lsmc.modules.apparmor.learn.text import FileHead, ProfileText, body_of, file_text
from lsmc.modules.apparmor.learn.verify import DraftFiles, compiled, laid_out
from lsmc.modules.apparmor.log.record import Record
from lsmc.modules.apparmor.suggest.abstractions import compile_abstractions
from lsmc.modules.apparmor.suggest.compilers import Version, compiler_for, installed
from lsmc.modules.apparmor.suggest.generalize import VariablePlaces

#: Characters of a program's name that the kernel keeps (TASK_COMM_LEN).
_COMM = 15
#: What does not stand in the names of profile files.
_NO_FILE = re.compile(r"[^A-Za-z0-9_.+-]+")


class _Target(NamedTuple):
    """A profile to learn: its name, what it attaches to, the program that ran, and its children."""

    name: str
    executable: str
    program: Program
    children: Mapping[str, Program] = {}


class ProfileLearner:
    """Learns from records, in the terms of a policy."""

    def __init__(self, policy: Engine, options: Options, wanted: LearningRequest) -> None:
        self._policy = policy
        self._options = options
        self._wanted = wanted
        self._gathered = Gathered()
        self._remarks: list[str] = []

    def add(self, record: Record) -> None:
        """Take a record in; raises `CannotLearn`."""
        self._gathered.add(record)

    def learnt(self, choose: Choose) -> Learnt:
        """What was learnt, after all checks; raises `CannotLearn`."""
        files: dict[str, LearntFile] = {}
        hazards: list[tuple[str, str]] = []
        left: list[Left] = []
        for targets in self._together(self._targets(programs(self._gathered))):
            new = self._policy.find(targets[0].name) is None
            make = self._new if new else self._extended
            draft, drafted, terms = make(targets, choose)
            for path, texts in drafted.files.items():
                if path in files:
                    raise CannotLearn(f"several profiles change `{path}`: learn each with --name")
                files[path] = LearntFile(path, *texts)
            self._remarks += draft.remarks
            left += _left(draft.left)
            for part in draft.parts:
                made = part.rules(terms)
                hazards += [(rule.text, hazard) for rule in made for hazard in rule.hazards]
        return Learnt(
            tuple(one for one in files.values() if one.old != one.new),
            tuple(dict.fromkeys(self._remarks)),
            tuple(dict.fromkeys(hazards)),
            (*self._gathered.left(), *left),
        )

    def _together(self, targets: Iterable[_Target]) -> list[list[_Target]]:
        """The profiles of one file together; a new one is alone in its file."""
        found: dict[str, list[_Target]] = {}
        for target in targets:
            record = self._policy.find(target.name)
            file = self._policy.bundle.place(record.place).file if record is not None else ""
            found.setdefault(file or f"new {target.name}", []).append(target)
        return list(found.values())

    # --- what is to be learnt

    def _targets(self, ran: Mapping[str, Program]) -> Iterator[_Target]:
        """The profiles that are wanted, with the programs that ran under them."""
        name, executable = self._wanted.name, self._wanted.executable
        if not ran:
            raise CannotLearn(f"the log has no record that a rule could be made of{self._why()}")
        if executable and not name:
            found, _ = self._policy.tables.attachments.find(encode(executable))
            name = found.full_name if found is not None else ""
        homes = sorted({self._home(root) for root in ran})
        for one in [name] if name or executable else homes:
            yield self._target(one, executable, ran, homes)

    def _why(self) -> str:
        """The first reason why records are left out."""
        first = next(iter(self._gathered.left()), None)
        if first is None or first.source is None:
            return ""
        return f": {first.source.file}:{first.source.line}: {first.reason}"

    def _home(self, name: str) -> str:
        """The profile to which a name of the log belongs: itself, or what it is a new child of."""
        parent, _ = split(name)
        return name if not parent or self._policy.find(name) is not None else self._home(parent)

    def _target(
        self, name: str, executable: str, ran: Mapping[str, Program], homes: list[str]
    ) -> _Target:
        """One profile: the program of that name, and those that others ran of that path."""
        roots = {name, executable, posixpath.basename(executable)}
        names = [home for home in homes if home in roots]
        below = [one for root in sorted(ran) for one in _ran(ran[root], executable)]
        if not names and not below and len(homes) == 1 and self._policy.find(homes[0]) is None:
            names = homes  # it is to have another name
        if not names and not below:
            known = listing(quoted(home) for home in homes[:8])
            raise CannotLearn(
                f"the log has no records of {quoted(name or executable)}: it has those of {known}"
            )
        program = Program()
        for one in (*(ran[root] for root in names if root in ran), *below):
            program.absorb(one)
        name = name or next(iter(names), posixpath.basename(executable))
        children = {
            child.removeprefix(f"{home}//"): ran[child]
            for home in names
            for child in sorted(ran)
            if child != home and self._home(child) == home
        }
        record = self._policy.find(name)
        if record is None and not executable:
            executable = self._executable(name, program, ran)
        elif record is None:
            owner, _ = self._policy.tables.attachments.find(encode(executable))
            if owner is not None:
                told = f"{quoted(executable)} has the profile {quoted(owner.full_name)}"
                raise CannotLearn(f"{told}: extend it with --name {quoted(owner.full_name)}")
        return _Target(name, executable if record is None else "", program, children)

    def _executable(self, name: str, program: Program, ran: Mapping[str, Program]) -> str:
        """The program that a profile is for, as the log shows it; empty when it does not."""
        if name.startswith("/"):
            return "" if is_pattern(name) else name
        found: set[str] = set()
        for other in ran.values():
            for path, accesses in other.executes.items():
                if any(access.record.name2 == name for access in accesses):
                    found.add(path)
        for letter in "mr":  # a program is mapped, a script is read
            found = found or {
                path
                for access in program.accesses
                if letter in (access.record.denied_mask or access.record.mask or "")
                and (path := access.record.name or "").startswith("/")
                and access.record.command in (posixpath.basename(path)[:_COMM], path)
            }
        if len(found) == 1:
            return found.pop()
        self._remarks.append(
            f"{quoted(name)} attaches to no program: the log does not show which one it is; name it"
            " with --exec"
        )
        return ""

    # --- drafts

    @cached_property
    def _front(self) -> Compiler:
        return front_end(self._options)

    @cached_property
    def _header(self) -> tuple[FileHead, Version | None]:
        return head_for(self._front.library, self._options, installed())

    @property
    def _head(self) -> FileHead:
        """What new files begin with."""
        return self._header[0]

    def _new(self, targets: list[_Target], choose: Choose) -> tuple[Draft, Drafted, Terms]:
        """The draft of a new profile."""
        (target,) = targets
        file = _NO_FILE.sub(".", target.name.strip("/")).strip(".") or "profile"
        path = posixpath.join(self._wanted.folder, file)
        bare = file_text(self._head, [_bare(target.name, target.executable, self._head.base)])
        engine, terms = self._terms(path, bare, self._header[1], choose)
        planner = Planner(self._policy, partial(_needs, engine, target.name), choose)
        plan = planner.plan(*target)
        self._send_on(planner)
        terms = terms._replace(names=_names([plan]))
        skeleton = self._compiled(path, [plan])
        draft = Draft(terms, [plan], skeleton, skeleton)

        def write(parts: list[ProfileDraft]) -> Drafted:
            made = [body_of(part, terms) for part in parts]
            body = made[0]._replace(name=target.name, children=tuple(made[1:]), local=file)
            new = file_text(self._head, [body])
            return Drafted({path: (None, encode(new).decode("latin-1"))})

        drafted = draft.checked(path, write, ())
        if not laid_out(path, drafted.now().read(path), self._options):
            raise CannotLearn("the draft does not stand its checks: `lsmc fmt` would change it")
        return draft, drafted, terms

    def _extended(self, targets: list[_Target], choose: Choose) -> tuple[Draft, Drafted, Terms]:
        """What existing profiles of one file lack."""
        policy = Engine(self._policy.bundle.data, enforce=True)
        record = policy.find(targets[0].name)
        assert record is not None
        file = policy.bundle.place(record.place).file
        if not self._front.library.files.exists(file):
            raise CannotLearn(f"`{file}`, the file of {quoted(record.full_name)}, is not there")
        compiler = compiler_for(dict(record.settings), self._options.target)
        _, terms = self._terms(file, None, compiler, choose)
        others: set[str] = set()
        plans: list[ProfilePlan] = []
        for target in targets:
            others |= self._settle(policy, target)
            planner = Planner(self._policy, partial(_needs, policy, target.name), choose)
            plans.append(planner.plan(*target))
            self._send_on(planner)
        terms = terms._replace(names=_names(plans))
        draft = Draft(terms, plans, policy, self._compiled("<new profiles>", plans))

        def write(parts: list[ProfileDraft]) -> Drafted:
            return extended(self._front.library, policy, parts, terms)

        return draft, draft.checked(file, write, others), terms

    def _settle(self, policy: Engine, target: _Target) -> set[str]:
        """Take out the executions that an existing profile allows; gives those that lead away."""
        others: set[str] = set()
        for path in sorted(target.program.executes):
            request = {"class": "file", "perms": ["x"], "object": path, "subject": target.name}
            transition = policy.answer(request).verdict.transition
            if transition is None:
                continue
            del target.program.executes[path]
            ran = target.program.ran.pop(path, None)
            if transition.target != target.name:
                others.add(path)
                where = quoted(transition.target or "that it asks for, which is not loaded")
                for access in ran.accesses if ran is not None else ():
                    told = f"{quoted(path)} runs under the profile {where}"
                    self._gathered.leave(access.record, told)
            elif ran is not None:
                target.program.absorb(ran)
        return others

    def _send_on(self, planner: Planner) -> None:
        """Name what ran under profiles that the policy has, where these do not allow it."""
        policy = Engine(self._policy.bundle.data, enforce=True)
        for path, profile, program in planner.elsewhere:
            told = f"{quoted(path)} has the profile {quoted(profile)}, which does not allow it"
            reason = f"{told}: learn it with --name {quoted(profile)} --exec {quoted(path)}"
            for access in program.accesses:
                if any(refuses(policy, profile, one) for one in access.requests):
                    self._gathered.leave(access.record, reason)

    def _compiled(self, path: str, plans: Iterable[ProfilePlan]) -> Engine:
        """The policy of bare profiles, to ask what the ones that are to be lack."""
        bodies = []
        for plan in plans:
            own, *children = (
                _bare(one.name if one is plan else one.local, one.executable, self._head.base)
                for one in plan.all()
            )
            bodies.append(own._replace(children=tuple(children)))
        files = DraftFiles({path: encode(file_text(self._head, bodies))})
        try:
            return compiled(path, files, self._options)
        except PolicyError as fault:
            first = next(iter(fault.diagnostics), None)
            raise CannotLearn(f"a profile of that name does not compile: {first}") from None

    def _terms(
        self, path: str, text: str | None, compiler: Version | None, choose: Choose
    ) -> tuple[Engine, Terms]:
        """The words of a file, and its policy."""
        files = DraftFiles({path: encode(text)} if text is not None else {})
        front = front_end(self._options, files)
        found = front.compile(path)
        abi = next(
            (line for line in (text or "").split("\n") if line.startswith("abi ")),
            f"abi <{self._head.abi}>," if self._head.abi else "",
        )
        places = VariablePlaces(found.preamble.variables)
        whole = bool(places.names) or not self._head.tunables  # abstractions need their variables
        terms = Terms(
            options=self._options,
            compiler=compiler,
            places=places,
            abstractions=compile_abstractions(self._front, abi) if whole else {},
            base=self._head.base if whole else "",
            names={},
            choose=choose,
            exact=self._wanted.exact,
        )
        return compiled(path, files, self._options), terms


def _bare(name: str, executable: str, base: str) -> ProfileText:
    """A profile that has nothing but the abstraction for all programs."""
    return ProfileText(name, executable, (), (DraftInclude(base),) if base else (), ())


def _needs(engine: Engine, subject: str, accesses: Iterable[RecordedAccess]) -> set[str]:
    """The requests that a profile does not allow."""
    return {
        repr(request)
        for access in accesses
        for request in access.requests
        if refuses(engine, subject, request)
    }


def _names(plans: Iterable[ProfilePlan]) -> dict[str, str]:
    """The names that profiles of the log have in a draft."""
    return {name: one.name for plan in plans for one in plan.all() for name in one.program.names}


def _ran(program: Program, path: str) -> Iterator[Program]:
    """The runs of a program below another one."""
    for name, one in sorted(program.ran.items()):
        if name == path:
            yield one
        yield from _ran(one, path)


def _left(found: Iterable[tuple[RecordedAccess, str]]) -> list[Left]:
    """Accesses without a rule, those of one reason together."""
    counts: dict[str, list[RecordedAccess]] = {}
    for access, reason in found:
        counts.setdefault(reason, []).append(access)
    return [
        Left(some[0].record.source, len(some), reason) for reason, some in sorted(counts.items())
    ]
