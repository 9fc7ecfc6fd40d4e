"""`lsmc load`: policy into the running kernel."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from lsmc.cli.faults import WRONG, YES, UsageFault
from lsmc.cli.options import Reading, policy_options, screen_of, screen_options

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lsmc.cli.screen import Screen
    from lsmc.modules.parts import Loading, Part

_DONE = {"add": "added", "replace": "loaded", "remove": "removed"}
#: Bytes of a file of compiled policy.
_MOST = 1 << 30


@click.command("load")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--add", is_flag=True, help="Only profiles that are not there yet.")
@click.option("--replace", is_flag=True, help="New and changed [default].")
@click.option("--remove", is_flag=True, help="Take the profiles away.")
@click.option("--dry-run", is_flag=True, help="Compile and tell, but change nothing.")
@policy_options
@screen_options
@click.pass_context
def command(
    ctx: click.Context, /, paths: tuple[str, ...], dry_run: bool, reading: Reading, **ways: bool
) -> int:
    """Load policy into the running kernel.

    PATH is source, which is compiled for this kernel (or for --features), or what `lsmc compile
    --format kernel` wrote.  Everything is compiled before anything is loaded.  A kernel that can
    (`policy/set_load`) takes all profiles of a file or none.  Needs root.

    Exit status: 0 all profiles, 2 not all of them; what is in the kernel now is told.
    """
    from lsmc.base.errors import KernelRefusal
    from lsmc.base.text import counted
    from lsmc.modules.registry import module_of
    from lsmc.output.styled import safe

    given = [way for way, wanted in ways.items() if wanted]
    if len(given) > 1:
        raise UsageFault(f"{' and '.join(f'--{way}' for way in sorted(given))} exclude each other")
    how = given[0] if given else "replace"
    screen = screen_of(ctx)
    module = module_of(paths, reading.module)
    loading = module.needs(module.loading, "`load`")()
    done: list[str] = []
    failed: list[str] = []
    for part in list(_parts(loading, paths, how, reading, screen)):
        if dry_run:
            names = ", ".join(map(safe, part.names))
            size = f", {len(part.data)} bytes" if part.data else ""
            screen.remark(f"would be {_DONE[how]}: {names}{size}")
            continue
        try:
            loading.send(how, part, None)
        except KernelRefusal as fault:
            failed += part.names
            screen.error(str(fault))
        else:
            done += part.names
    if not dry_run:
        screen.remark(f"{_DONE[how]}: {counted(len(done), 'profile')}")
    if failed:
        names = ", ".join(f"`{safe(name)}`" for name in done) or "none"
        screen.remark(
            f"{counted(len(failed), 'profile')} not {_DONE[how]}; {_DONE[how]} were {names}"
        )
        _tell_held(failed, loading.held(None), screen)
    return WRONG if failed else YES


def _tell_held(failed: Sequence[str], held: Mapping[str, str] | None, screen: Screen) -> None:
    """Say what the kernel has of the profiles that it did not take."""
    from lsmc.output.styled import safe

    if held is None:
        screen.remark("the kernel does not tell which profiles it has")
        return
    for name in failed:
        mode = held.get(name)
        now = "is not in the kernel" if mode is None else f"is as it was in the kernel ({mode})"
        screen.remark(f"  `{safe(name)}` {now}")


def _parts(
    loading: Loading, paths: Sequence[str], how: str, reading: Reading, screen: Screen
) -> Iterator[Part]:
    """What is sent apart, of all paths."""
    from lsmc.base.files import read_regular
    from lsmc.modules.parts import Part

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
    parts = [part for data in compiled for part in loading.parts(data, None)]
    if how != "remove":
        yield from parts
        return
    for name in loading.removed([name for part in parts for name in part.names]):
        yield Part((name,))


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

    from lsmc.cli.reading import check_paths, usable_cache
    from lsmc.modules.parts import POLICY_ALONE

    jobs = reading.jobs or os.cpu_count() or 1
    cache = usable_cache(reading, screen)
    files = list(loading.render(sources, reading.options(), jobs, POLICY_ALONE, cache))
    check_paths(sources, [file.source for file in files], screen)
    for file in files:
        screen.diagnostics(file.diagnostics)
        yield file.data
