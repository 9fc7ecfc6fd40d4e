"""The command `lsmc`.

Importing click alone takes three times as long as starting Python, so a plain question to a bundle
is answered without it; everything else goes to the click group.  Both run the same code below the
options.
"""

from __future__ import annotations


def main() -> None:
    """The console script."""
    import sys

    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    code = None
    if sys.argv[1:2] == ["query"]:
        from lsmc.cli.quick import quick

        code = quick(sys.argv[2:])
    if code is None:
        from lsmc.cli.group import cli

        code = cli.main(prog_name="lsmc", standalone_mode=False)
    sys.exit(code)
