"""The programs of a log as they ran one another: who executed what, and what each asked for then.

A task in complain mode that executes a program without a rule runs it under a profile made for
learning, `NAME//null-PROGRAM`, and so on from there: the names are the tree.
"""

from __future__ import annotations

from collections.abc import Iterable

from lsmc.modules.apparmor.learn.gather import LEARNING, Gathered, RecordedAccess

#: Programs below one another that are followed; deeper ones count with the last.
_DEPTH = 16


class Program:
    """A program as it ran: its accesses but executions, what it executed, and what became of that.

    `names` are those that the log has for it.
    """

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.accesses: list[RecordedAccess] = []
        self.executes: dict[str, list[RecordedAccess]] = {}
        self.ran: dict[str, Program] = {}
        self.flags: set[str] = set()

    def take(self, name: str, accesses: Iterable[RecordedAccess], flags: Iterable[str]) -> None:
        """Add what a subject of the log did."""
        self.names.add(name)
        self.flags.update(flags)
        for access in accesses:
            if path := access.executes:
                self.executes.setdefault(path, []).append(access)
            else:
                self.accesses.append(access)

    def absorb(self, other: Program) -> None:
        """Add what another program did, which runs under the same profile."""
        self.names |= other.names
        self.accesses += other.accesses
        self.flags |= other.flags
        for path, accesses in other.executes.items():
            self.executes.setdefault(path, []).extend(accesses)
        for path, program in other.ran.items():
            if path in self.ran:
                self.ran[path].absorb(program)
            else:
                self.ran[path] = program


def programs(gathered: Gathered) -> dict[str, Program]:
    """The programs that ran under a profile of their own, by its name, with those that they ran."""
    found: dict[str, Program] = {}
    renamed: dict[str, list[str]] = {}  # the numbers of some were known only later
    for name in gathered.subjects:
        renamed.setdefault(gathered.program_name(name), []).append(name)
    for whole, names in sorted(renamed.items()):
        root, *chain = whole.split(LEARNING)
        program = found.setdefault(root, Program())
        for path in chain[:_DEPTH]:
            if path.startswith("/"):  # what a bare number ran is not known: it counts with this
                program = program.ran.setdefault(path, Program())
        for name in names:
            subject = gathered.subjects[name]
            program.take(name, gathered.accesses(name), subject.flags)
            program.names.add(whole)
    return found
