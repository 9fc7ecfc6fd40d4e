"""`lsmc load`: policy into the running kernel."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from lsmc.cli.faults import WRONG, YES, UsageFault
from lsmc.cli.options import Reading, policy_options, screen_of, screen_options

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lsmc.cli.screen import Screen
    from lsmc.modules.parts import Loading

_DONE = {"add": "added", "replace": "loaded", "remove": "removed"}
#: Bytes of a file of compiled policy.
_MOST = 1 << 30


@click.command("load")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--add", "how", flag_value="add", help="Only profiles that are not there yet.")
@click.option(
    "--replace", "how", flag_value="replace", default="replace", help="New and changed [default]."
)
@click.option("--remove", "how", flag_value="remove", help="Take the profiles away.")
@click.option("--dry-run", is_flag=True, help="Compile and tell, but change nothing.")
@policy_options
@screen_options
@click.pass_context
def command(
    ctx: click.Context, paths: tuple[str, ...], how: str, dry_run: bool, reading: Reading
) -> int:
    """Load policy into the running kernel.

    PATH is source, which is compiled for this kernel (or for --features), or what `lsmc compile
    --format kernel` wrote.  Everything is compiled before anything is loaded, and each profile is
    given to the kernel by itself.  Needs root.

    Exit status: 0 all profiles, 2 not all of them; what is in the kernel now is told.
    """
    from lsmc.base.errors import KernelRefusal
    from lsmc.base.text import counted
    from lsmc.output.styled import safe

    screen = screen_of(ctx)
    parts = list(_parts(paths, how, reading, screen))
    done: list[str] = []
    failed = 0
    for loading, name, data in parts:
        if dry_run:
            screen.remark(f"would be {_DONE[how]}: {safe(name)}, {len(data)} bytes")
            continue
        try:
            loading.send(how, name, data, None)
        except KernelRefusal as fault:
            failed += 1
            screen.error(str(fault))
        else:
            done.append(name)
    if not dry_run:
        screen.remark(f"{_DONE[how]}: {counted(len(done), 'profile')}")
    if failed:
        names = ", ".join(f"`{safe(name)}`" for name in done) or "none"
        screen.remark(f"{counted(failed, 'profile')} not {_DONE[how]}; {_DONE[how]} were {names}")
    return WRONG if failed else YES


def _parts(
    paths: Sequence[str], how: str, reading: Reading, screen: Screen
) -> Iterator[tuple[Loading, str, bytes]]:
    """What is sent apart, of all paths, with its name."""
    from lsmc.base.files import read_regular
    from lsmc.modules.registry import module_of

    module = module_of(paths, reading.module)
    loading = module.needs(module.loading, "`load`")()
    compiled: list[bytes] = []
    sources: list[str] = []
    for path in paths:
        data = _start(path)
        if loading.compiled(data):
            compiled.append(read_regular(path, _MOST)[0])
        else:
            sources.append(path)
    if sources:
        compiled += _made(loading, sources, reading, screen)
    parts = [part for data in compiled for part in loading.profiles(data)]
    names = [name for name, _ in parts]
    sent = set(loading.removed(names) if how == "remove" else names)
    for name, part in parts:
        if name in sent:
            yield loading, name, part


def _start(path: str) -> bytes:
    """The first bytes of a file; none of a directory."""

    from lsmc.base.files import first_bytes

    if os.path.isdir(path):
        return b""
    try:
        return first_bytes(path, 32)
    except FileNotFoundError:
        raise UsageFault(f"`{path}`: no such file or directory") from None


def _made(
    loading: Loading, sources: Sequence[str], reading: Reading, screen: Screen
) -> Iterator[bytes]:
    """Sources compiled for the kernel."""

    from lsmc.modules.parts import POLICY_ALONE

    jobs = reading.jobs or os.cpu_count() or 1
    for file in list(loading.render(sources, reading.options(), jobs, POLICY_ALONE)):
        screen.diagnostics(file.diagnostics)
        yield file.data
