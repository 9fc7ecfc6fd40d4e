"""The policy and the logs that a command is about: those that are named, else this machine's own.

What is read without being named is said on standard error.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lsmc.cli.faults import UsageFault
from lsmc.cli.reading import compile_paths, read_policies
from lsmc.compiler.inputs import DEFAULT_BASE
from lsmc.output.styled import safe

if TYPE_CHECKING:
    from lsmc.cli.options import Reading
    from lsmc.cli.screen import Screen
    from lsmc.logs.system import Command
    from lsmc.policy import Policy

#: The root directory of the machine.
ROOT = "/"
#: What `--log` is given where no file follows it.
OWN_LOGS = ""
#: Names that are told in full.
_FEW = 5


def check_names(policy: Sequence[str], logs: Sequence[str]) -> None:
    """Refuse what the shell made of `--log kern.log*`: all but the first would be policy."""
    from lsmc.logs.sets import set_of

    for path in policy:
        if set_of(path) in map(set_of, logs):
            raise UsageFault(
                f"`{path}` is a log, not POLICY: write --log before each, or name their directory"
            )


def policy_of(named: Sequence[str], reading: Reading, screen: Screen) -> tuple[Policy, Reading]:
    """One policy of some paths, or this machine's when there are none; and how it was read.

    Raises OSError, `BundleError`, `PolicyError`.
    """
    if not named:
        return _own_policy(reading, screen)
    return read_policies(named, reading, screen), reading


def _own_policy(reading: Reading, screen: Screen) -> tuple[Policy, Reading]:
    """The policy in the known places of this machine, without the files that have errors."""
    from lsmc.base.diagnostics import PolicyError
    from lsmc.compiler.inputs import DiskFiles
    from lsmc.modules.registry import DEFAULT, module_named
    from lsmc.policy import Policy

    module = module_named(reading.module or DEFAULT)
    found = [path for place in module.installed for path in sorted(glob.glob(_here(place)))]
    if not found:
        places = ", ".join(f"`{_here(place)}`" for place in module.installed) or "known places"
        raise UsageFault(f"no policy of {module.title} in {places}: name it with --policy PATH")
    if reading.base is None:
        reading = reading._replace(base=_here(DEFAULT_BASE))
    screen.remark(f"policy: {_listed(found)}")
    try:
        data, _ = compile_paths(found, reading, screen)
    except PolicyError as fault:
        files = [path for path in module.files(found, DiskFiles())[0] if path not in fault.files]
        if not files or not fault.files:
            raise
        screen.remark(
            ("not read, because of errors (`lsmc lint` shows them): ", "warn"), _listed(fault.files)
        )
        data, _ = compile_paths(files, reading, screen)
    return Policy(data, ", ".join(found)), reading


def logs_of(named: Sequence[str], since: float | None, screen: Screen) -> tuple[str | Command, ...]:
    """The logs of some files and directories; this machine's for `OWN_LOGS`.

    Rotated files are put in the order of time.  `since` is a time in seconds.  Raises OSError for
    directories, `UsageFault` where this machine has no log that can be read.
    """
    from lsmc.logs.sets import log_files

    paths = [path for path in named if path != OWN_LOGS]
    for path in paths:
        if os.path.normpath(path) == _here(DEFAULT_BASE):
            raise UsageFault(f"`{path}` is policy, not a log: write `{path} --log`")
    logs: list[str | Command] = list(log_files(paths))
    if len(paths) == len(named):
        if any(os.path.isdir(path) for path in paths):
            screen.remark(f"log: {_listed(logs)}")
        return tuple(logs)
    from lsmc.logs.system import system_logs

    own = system_logs(ROOT, since)
    for path, reason in own.unreadable:
        screen.remark((f"not read: {safe(path)}: {reason}", "warn"))
    if not own.logs:
        raise UsageFault(
            "no log of this machine can be read (neither its journal, nor audit.log, kern.log, "
            "syslog or messages in /var/log): run lsmc as root, or name a log: --log FILE"
        )
    screen.remark(f"log: {_listed(own.logs)}")
    return (*logs, *own.logs)


def _here(path: str) -> str:
    return os.path.join(ROOT, path.lstrip("/"))


def _listed(names: Sequence[str | Command]) -> str:
    texts = [name if isinstance(name, str) else name.about for name in names]
    more = f" and {len(texts) - _FEW} more" if len(texts) > _FEW else ""
    return safe(", ".join(texts[:_FEW])) + more
