"""Which profile a program runs under that another one executes.

A program that has a profile gets it (`Px`).  A shell or another small helper runs under the profile
that executes it (`ix`), and so does one that asked for nothing beyond what that profile has, and
what the profiles around mostly run so.  A program with wishes of its own becomes a child (`Cx`).
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from lsmc.base.text import encode
from lsmc.engine.matcher import Matcher
from lsmc.explain.learning import Choice, Choose
from lsmc.modules.apparmor.classes import FILE
from lsmc.modules.apparmor.decide.engine import Engine
from lsmc.modules.apparmor.decide.exec_transition import exec_mode
from lsmc.modules.apparmor.learn.gather import RecordedAccess
from lsmc.modules.apparmor.learn.names import is_pattern, split
from lsmc.modules.apparmor.learn.programs import Program
from lsmc.modules.apparmor.suggest.suggest import word
from lsmc.tables.groups import make_key

#: Programs that scripts run in great numbers, and that do what the script asks of them: shells and
#: what POSIX and GNU coreutils, findutils, grep, sed and awk have.
HELPERS = frozenset(
    (
        *("sh", "bash", "dash", "ksh", "mksh", "zsh", "busybox", "env", "which", "run-parts"),
        *("[", "arch", "awk", "basename", "cat", "chgrp", "chmod", "chown", "cksum", "cmp", "comm"),
        *("cp", "cut", "date", "dd", "df", "diff", "dirname", "du", "echo", "egrep", "expr"),
        *("false", "fgrep", "find", "flock", "fold", "gawk", "getconf", "getopt", "grep", "groups"),
        *("gunzip", "gzip", "head", "hostname", "id", "install", "join", "kill", "link", "ln"),
        *("logger", "logname", "ls", "mawk", "md5sum", "mkdir", "mkfifo", "mktemp", "mv", "nice"),
        *("nohup", "nproc", "od", "original-awk", "paste", "printf", "ps", "pwd", "readlink"),
        *("realpath", "rm", "rmdir", "sed", "seq", "sha1sum", "sha256sum", "sha512sum", "sleep"),
        *("sort", "split", "stat", "stty", "sync", "tail", "tar", "tee", "test", "timeout"),
        *("touch", "tr", "true", "truncate", "tty", "uname", "uniq", "unlink", "wc", "who"),
        *("whoami", "xargs", "xz", "yes", "zcat"),
    )
)
#: Profiles around that are asked how they execute a program, and how many must agree.
_ASKED = 400
_AGREE = 2
#: What no directory holds.
_NO_PROGRAM = "lsmc: no program"
_MEANINGS = {
    "Px": "the profile that it has",
    "Cx": "a child profile of its own",
    "ix": "this same profile",
}


class Execution(NamedTuple):
    """A program that is executed: how, under which child (for `Cx`, and for `Px` with a name), and
    why.
    """

    path: str
    mode: str
    why: str
    target: str = ""

    @property
    def transition(self) -> str:
        """The mode as it is written in a rule."""
        return f"{self.mode} -> {self.target}" if self.target else self.mode


@dataclass
class ProfilePlan:
    """A profile that is to be: its name, what it attaches to, and what its program asked for."""

    name: str
    executable: str
    program: Program
    hat: bool = False
    executions: list[Execution] = field(default_factory=list)
    children: list[ProfilePlan] = field(default_factory=list)

    @property
    def local(self) -> str:
        """The name without those of its parents."""
        return split(self.name)[1]

    def all(self) -> Iterable[ProfilePlan]:
        """The profile and its children."""
        yield self
        for child in self.children:
            yield from child.all()


class Planner:
    """Decides for the programs below one profile; `needs` are the accesses that take a rule."""

    def __init__(
        self, policy: Engine, needs: Callable[[Iterable[RecordedAccess]], set[str]], choose: Choose
    ) -> None:
        self._policy = policy
        self._needs = needs
        self._choose = choose
        self._root: ProfilePlan | None = None
        #: What ran under profiles that it has already: the program and the profile.
        self.elsewhere: list[tuple[str, str, Program]] = []

    def plan(
        self, name: str, executable: str, program: Program, children: Mapping[str, Program]
    ) -> ProfilePlan:
        """The profile of a program, with the children that it needs.

        `children` are those that the log has already, by their names.
        """
        self._root = plan = ProfilePlan(name, executable, program)
        hats = _hats(program)
        for child in sorted({*children, *hats}):
            path = _path_of(program, f"{name}//{child}")
            ran = children.get(child, Program())
            called = child if child.startswith("/") and not is_pattern(child) else ""
            one = ProfilePlan(f"{name}//{child}", path or called, ran, hat=child in hats)
            plan.children.append(one)
            if path:
                target = "" if child == path else child
                plan.executions.append(Execution(path, "Cx", "as the log has it", target))
        self._fill(plan)
        for one in tuple(plan.children):
            self._fill(one)
        return plan

    def _fill(self, plan: ProfilePlan) -> None:
        program = plan.program
        done = {execution.path for execution in plan.executions}
        while left := sorted({*program.executes, *program.ran} - done):
            path = left[0]  # a program that runs under this profile may bring others
            done.add(path)
            ran = program.ran.get(path)
            execution = self._execution(plan, path, ran)
            if ran is not None and execution.mode == "ix":
                program.absorb(ran)
            elif ran is not None and execution.target:
                execution = self._child(plan, execution, ran)
            elif ran is not None:
                self.elsewhere.append((path, self._attached(path) or "", ran))
            plan.executions.append(execution)

    def _execution(self, plan: ProfilePlan, path: str, ran: Program | None) -> Execution:
        default, why = self._default(plan, path, ran)
        answers = [mode for mode in _MEANINGS if mode == default or self._possible(mode, path, ran)]
        chosen = default
        if len(answers) > 1:
            question = f"{word(encode(plan.name))} executes {word(encode(path))}: {why}"
            meant = tuple((mode, _MEANINGS[mode]) for mode in answers)
            chosen = self._choose(Choice(question, meant, default))
        if chosen != default:
            why = "chosen"
        target = self._child_name(path) if chosen == "Cx" else ""
        return Execution(path, chosen, why, target)

    def _possible(self, mode: str, path: str, ran: Program | None) -> bool:
        if mode == "Px":
            return self._attached(path) is not None
        assert self._root is not None
        return mode == "ix" or (ran is not None and not split(self._root.name)[0])

    def _default(self, plan: ProfilePlan, path: str, ran: Program | None) -> tuple[str, str]:
        if path == plan.executable:
            return "ix", "it executes itself"
        assert self._root is not None
        if path == self._root.executable:
            return "Px", "back to the profile above"
        found = self._attached(path)
        if found is not None:
            return "Px", f"it has the profile {word(encode(found))}"
        if posixpath.basename(path) in HELPERS:
            return "ix", "a helper"
        if split(self._root.name)[0]:
            return "ix", "a child has no children of its own"
        habit, count = self._habit(path)
        if habit == "ix":
            return "ix", f"as {count} other profiles execute it"
        if ran is None:
            return "ix", "no record shows what it does itself"
        more = self._needs(ran.accesses) - self._needs(plan.program.accesses)
        more = {one for one in more if repr(path) not in one}
        if not more and not ran.executes:
            return "ix", "it needs no more than this profile"
        number = len(more) + len(ran.executes)
        return "Cx", f"it needs {number} thing{'s' * (number != 1)} that this profile does not"

    def _attached(self, path: str) -> str | None:
        """The profile that attaches to a program, if it is another than the one in the making."""
        found, _ = self._policy.tables.attachments.find(encode(path))
        assert self._root is not None
        return found.full_name if found is not None and found.name != self._root.name else None

    def _habit(self, path: str) -> tuple[str, int]:
        """How most profiles around execute a program, and how many do.

        Those that execute whatever lies beside it in the same way say nothing about it.
        """
        modes: Counter[str] = Counter()
        beside = posixpath.join(posixpath.dirname(path), _NO_PROGRAM)
        bundle, tables = self._policy.bundle, self._policy.tables
        for number in range(min(bundle.profiles, _ASKED)):
            matcher = tables.matcher(bundle.profile(number))
            mode, other = (_executed(matcher, one) for one in (path, beside))
            if mode and mode != other:
                modes[mode] += 1
        mode, count = max(sorted(modes.items()), key=lambda one: one[1], default=("", 0))
        return (mode, count) if count >= _AGREE and 2 * count > modes.total() else ("", 0)

    def _child_name(self, path: str) -> str:
        """The name of the child for a program, below the profile that was asked for."""
        assert self._root is not None
        for child in self._root.children:
            if child.executable == path:
                return child.local
        base = posixpath.basename(path)
        taken = {child.local for child in self._root.children}
        number = 1
        name = base
        while name in taken or self._policy.find(f"{self._root.name}//{name}") is not None:
            number += 1
            name = f"{base}-{number}"
        return name

    def _child(self, plan: ProfilePlan, execution: Execution, ran: Program) -> Execution:
        """Plan a child; what a child executes becomes its sibling, as children have no children."""
        assert self._root is not None
        full = f"{self._root.name}//{execution.target}"
        known = next((one for one in self._root.children if one.name == full), None)
        if known is None:
            known = ProfilePlan(full, execution.path, ran)
            self._root.children.append(known)
        elif known.program is not ran:
            known.program.absorb(ran)
        self._fill(known)
        if plan is self._root:
            return execution._replace(target="" if execution.target == full else execution.target)
        return execution._replace(mode="Px", target=full)


def _executed(matcher: Matcher, path: str) -> str:
    """The mode in which a profile executes a program, empty if it does not."""
    decision = matcher.decide(matcher.walk(make_key(FILE.code, (encode(path),))), FILE, False)
    if decision.transition is None or not decision.allow & FILE.mask("x"):
        return ""
    return exec_mode(decision.transition)


def _hats(program: Program) -> set[str]:
    """The hats that a program asked for."""
    return {
        str(request["object"])
        for access in program.accesses
        for request in access.requests
        if request.get("op") == "change_hat"
    }


def _path_of(program: Program, profile: str) -> str:
    """What was executed under a profile; empty when the log does not show it."""
    return next(
        (
            path
            for path, accesses in sorted(program.executes.items())
            if any(access.record.name2 == profile for access in accesses)
        ),
        "",
    )
