"""`lsmc learn` after option parsing: reads logs, has policy drafted, and prints or writes it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from lsmc.cli.faults import WRONG, YES, UsageFault
from lsmc.output.styled import safe

if TYPE_CHECKING:
    from lsmc.cli.options import Reading
    from lsmc.cli.screen import Screen
    from lsmc.explain.learning import Choice, Choose, Learner, Learnt
    from lsmc.logs.reader import LogReader

#: Records between two moves of the progress bar; broken lines and reasons that are told one by one.
_STEP = 5_000
_FAULTS = 10
_REASONS = 20


class LearnOptions(NamedTuple):
    """Options of `learn`, as given."""

    policy: tuple[str, ...]
    logs: tuple[str, ...]
    executable: str
    name: str
    since: str | None
    exact: bool
    interactive: bool
    output: str | None
    write: bool


def learn(wish: LearnOptions, reading: Reading, screen: Screen) -> int:
    """Learn from logs; returns the exit status."""
    from lsmc.cli.explaining import since
    from lsmc.cli.machine import logs_of, policy_of
    from lsmc.cli.outputs import check_output
    from lsmc.cli.reading import progress_bar
    from lsmc.explain.learning import LearningRequest
    from lsmc.logs.reader import LogReader

    if wish.write and wish.output is not None:
        raise UsageFault("--write and --output exclude each other")
    if wish.executable and not wish.executable.startswith("/"):
        raise UsageFault(f"--exec `{wish.executable}` is not a path from the root directory")
    if '"' in wish.name or not wish.name.isprintable():
        raise UsageFault(f"--name `{wish.name}` is not a name that policy can write")
    choose = _chooser(wish)
    if wish.output is not None:
        check_output(wish.output)
    moment = since(wish.since) if wish.since is not None else None
    files = logs_of(wish.logs, moment, screen)
    policy, reading = policy_of(wish.policy, reading, screen)
    module = policy.module
    make = module.needs(module.learn, "learning")
    logs = module.needs(module.logs, "a log")()
    wanted = LearningRequest(wish.name, wish.executable, _folder(wish.policy, reading), wish.exact)
    learner: Learner = make(policy.engine, reading.options(), wanted)
    reader = LogReader(files, logs.form())
    with progress_bar(screen) as progress:
        following = _STEP
        for record in reader:
            if moment is None or record.epoch is None or record.epoch >= moment:
                learner.add(record)
            if progress is not None and reader.records >= following:
                following += _STEP
                progress("reading lines", reader.lines, 0)
    learnt = learner.learnt(choose)
    _give(learnt, wish, screen)
    _tell(learnt, reader, screen)
    return WRONG if reader.broken else YES


def _folder(paths: Sequence[str], reading: Reading) -> str:
    """Where new files of a policy belong: its first directory, else beside its first file.

    Beside bundles alone there is no policy: then it is where includes are.
    """
    from lsmc.cli.bundles import is_bundle
    from lsmc.compiler.inputs import DEFAULT_BASE

    for path in paths:
        if os.path.isdir(path):
            return path
    for path in paths:
        if not is_bundle(path):
            return os.path.dirname(path)
    return reading.base or DEFAULT_BASE


def _give(learnt: Learnt, wish: LearnOptions, screen: Screen) -> None:
    """Print what was learnt, or write it where that is asked for."""
    from lsmc.base.files import write_file
    from lsmc.cli.outputs import write_output
    from lsmc.output.patch import unified

    files = learnt.files
    if wish.write:
        for one in files:
            write_file(one.path, one.new.encode("latin-1"))
            screen.remark(f"{'created' if one.old is None else 'changed'} {safe(one.path)}")
        return
    whole = len(files) == 1 and files[0].old is None
    if whole:
        data = files[0].new.encode("latin-1")
    else:
        data = b"".join(unified(one.path, one.old or "", one.new) for one in files)
    if wish.output is not None:
        write_output(wish.output, data)
    elif whole:
        screen.policy(data)
    else:
        screen.patch(data)


def _tell(learnt: Learnt, reader: LogReader, screen: Screen) -> None:
    """Say on standard error what a person should know."""
    from lsmc.explain.hazards import HAZARDS

    if not learnt.files:
        rest = "" if learnt.left else ": the policy allows what the log has"
        screen.remark(f"nothing to learn{rest}")
    for rule, hazard in learnt.hazards:
        screen.remark(("hazard: ", "bad"), f"`{safe(rule)}`: {HAZARDS[hazard]}")
    for text in learnt.remarks:
        screen.remark(f"note: {safe(text)}")
    for one in learnt.left[:_REASONS]:
        where = f"{safe(one.source.file)}:{one.source.line}: " if one.source is not None else ""
        number = f"{one.records} record{'s' * (one.records != 1)} left out"
        screen.remark((where, "where"), f"{number}: {safe(one.reason)}")
    if len(learnt.left) > _REASONS:
        screen.remark(f"{len(learnt.left) - _REASONS} more reasons why records are left out")
    for fault in reader.faults[:_FAULTS]:
        screen.located(fault.source.file, fault.source.line, fault.reason)
    if reader.broken > _FAULTS:
        screen.remark(f"{reader.broken - _FAULTS} more lines could not be read")


def _chooser(wish: LearnOptions) -> Choose:
    """How choices are taken: asked on a terminal, or by their defaults."""
    from lsmc.explain.learning import unasked

    if not wish.interactive:
        return unasked
    if "-" in wish.logs:
        raise UsageFault("--interactive needs standard input for the answers: name a log file")
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageFault("--interactive needs a terminal; without it the defaults are taken")
    return _ask


def _ask(choice: Choice) -> str:
    """Ask a person; KeyboardInterrupt where none answers."""
    import click

    click.echo(safe(choice.question), err=True)
    for answer, meaning in choice.answers:
        default = " (default)" if answer == choice.default else ""
        click.echo(f"  {answer}: {safe(meaning)}{default}", err=True)
    words = _words(choice)
    try:
        given: str = click.prompt(
            "answer",
            type=click.Choice(words, case_sensitive=False),
            default=choice.default,
            err=True,
            show_choices=False,
        )
    except click.Abort:
        raise KeyboardInterrupt from None
    return given


def _words(choice: Choice) -> Iterable[str]:
    return [answer for answer, _ in choice.answers]
