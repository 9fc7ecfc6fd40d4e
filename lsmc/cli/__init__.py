"""The command `lsmc`.

Importing click alone takes three times as long as starting Python, so a plain query of a bundle is
answered without it; everything else goes to the click group.  Both run the same code below the
options.
"""

from __future__ import annotations

import gc
import sys

from lsmc.base.errors import exhausted

#: New objects after which Python searches them for garbage (`gc.set_threshold`).  Nearly all that a
#: command makes lives to its end; 700, the default, are made again and again while modules are
#: imported, and a compilation of a few dozen profiles makes a hundred thousand.
_YOUNG = 200_000


def main() -> None:
    """The console script `lsmc`."""
    _main(sys.argv[1:])


def parser() -> None:
    """The console script `lsmc-apparmor-parser`, for the place of apparmor_parser."""
    _main(["parser", *sys.argv[1:]])


def _main(args: list[str]) -> None:
    gc.set_threshold(_YOUNG)
    sys.unraisablehook = _unraisable
    try:
        code = _run(args)
    except KeyboardInterrupt:  # before a command had begun
        code = 130
    except Exception as fault:  # noqa: BLE001 - its status would be that of a denial
        code = _failed(fault)
    _leave(code)


def _unraisable(unraisable: sys.UnraisableHookArgs) -> None:
    """Report what fails where nobody can catch it, but for memory, which the command reports."""
    if unraisable.exc_value is None or not exhausted(unraisable.exc_value):
        sys.__unraisablehook__(unraisable)


def _failed(fault: Exception) -> int:
    """Report an unexpected exception, a fault of lsmc, in one line; the exit code.

    With LSMC_TRACEBACK in the environment the traceback comes before it.
    """
    import os

    try:
        if exhausted(fault):
            said = "out of memory"
        else:
            trace = fault.__traceback__
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
            said = f"internal error: {type(fault).__name__}: {fault} ({place}); please report it"
        if os.environ.get("LSMC_TRACEBACK"):
            import traceback

            traceback.print_exception(fault)
        line = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in said)
        sys.stderr.write(f"lsmc: error: {line}\n")
    except Exception:  # noqa: BLE001, S110 - there is no way left to say it
        pass
    return 2


def _leave(code: int) -> None:
    """End the process with a code.

    Python would free the objects of a policy one by one: seconds for a large one, to no use.
    """
    import os

    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        sys.exit(code)  # which says so
    os._exit(code)


def _open_closed() -> None:
    """Open /dev/null for each standard stream that is closed."""
    import os

    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115


def _run(args: list[str]) -> int:
    """The exit code of a command line."""
    if sys.stdout is None or sys.stderr is None:  # who started us closed it
        _open_closed()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    if args[:1] == ["query"]:
        from lsmc.cli.quick import quick

        code = quick(args[1:])
        if code is not None:
            return code
    from lsmc.cli.group import cli

    return cli.main(args, prog_name="lsmc", standalone_mode=False)
