"""Exit codes, and the single place that turns exceptions into messages."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from lsmc.base.errors import exhausted
from lsmc.cli.screen import Screen

YES = 0
NO = 1
WRONG = 2
INTERRUPTED = 130
PIPE_CLOSED = 141  # as the shell reports a program that SIGPIPE ended


class UsageFault(Exception):
    """Wrong use of the command line that the option parser does not detect."""


def guarded(work: Callable[[], int], screen: Screen) -> int:
    """Run some work and return its exit code; each expected failure becomes one message."""
    try:
        code = work()
        sys.stdout.flush()
    except BrokenPipeError:
        _silence()
        return PIPE_CLOSED
    except KeyboardInterrupt:
        _flush()
        return INTERRUPTED
    except Exception as fault:
        if not exhausted(fault):
            if not _explained(fault, screen):
                raise
            return WRONG
    else:
        return code
    _flush()  # here the work has given back what it had
    screen.error("out of memory")
    return WRONG


def _explained(fault: Exception, screen: Screen) -> bool:
    """Report a fault of use, a file, the policy, the bundle or a question; False for others."""
    from lsmc.base.diagnostics import PolicyError
    from lsmc.base.errors import Error
    from lsmc.tables.errors import BundleError

    _flush()
    if isinstance(fault, UsageFault):
        screen.error(str(fault))
    elif isinstance(fault, OSError):
        screen.error(_os_message(fault))
    elif isinstance(fault, PolicyError):
        screen.diagnostics(d for d in fault.diagnostics if d.severity == "error")
    elif isinstance(fault, BundleError):
        screen.error(f"`{screen.about}`: {fault}" if screen.about else str(fault))
    elif isinstance(fault, Error):
        screen.error(str(fault))
    else:
        return False
    return True


def _os_message(fault: OSError) -> str:
    reason = (fault.strerror or str(fault)).lower()
    if fault.filename is None:
        return reason
    name = os.fsdecode(fault.filename)
    return f"`{name}`: {reason}"


def _flush() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        _silence()


def _silence() -> None:
    """Send what the interpreter still flushes at exit to /dev/null."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
