"""Records of logs for the tests of learning, and `lsmc learn` run on them."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from click.testing import CliRunner, Result

from lsmc.cli.group import cli
from tests.places import PROFILES

_numbers = count(1)


def line(profile: str, rest: str, *, comm: str = "x", owner: bool | None = None) -> str:
    """A record of complain mode as the kernel writes it."""
    number = next(_numbers)
    who = "" if owner is None else f" fsuid=7 ouid={7 if owner else 0}"
    return (
        f'audit: type=1400 audit(1700000000.{number % 1000:03}:{number}): apparmor="ALLOWED" {rest}'
        f' profile="{profile}" pid={1000 + number} comm="{comm}"{who}'
    )


def file(
    profile: str,
    name: str,
    mask: str = "r",
    *,
    operation: str = "open",
    comm: str = "x",
    owner: bool = False,
) -> str:
    """A record of an access to a file."""
    words = f'operation="{operation}" name="{name}" requested_mask="{mask}" denied_mask="{mask}"'
    return line(profile, words, comm=comm, owner=owner)


def execution(profile: str, name: str, target: str = "") -> str:
    """A record of an execution, by default into a profile made for learning."""
    words = f'operation="exec" name="{name}" requested_mask="x" denied_mask="x"'
    return line(profile, f'{words} target="{target or f"{profile}//null-{name}"}"', owner=False)


def learn(folder: Path, lines: list[str], *more: str, policy: Path = PROFILES) -> Result:
    """What `lsmc learn` makes of a log."""
    log = folder / "log"
    log.write_text("".join(f"{one}\n" for one in lines))
    args = ["learn", str(policy), "--log", str(log), "--base", str(PROFILES), "--no-cache", *more]
    return CliRunner(env={"NO_COLOR": "1"}).invoke(cli, args, catch_exceptions=False)
