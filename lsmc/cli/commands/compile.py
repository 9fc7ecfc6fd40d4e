"""`lsmc compile`: source files to a bundle, or to another format of the module."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from lsmc.cli.faults import YES, UsageFault
from lsmc.cli.options import Reading, policy_options, screen_of, screen_options

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lsmc.cli.screen import Screen
    from lsmc.compiler.outcome import Rendered
    from lsmc.modules.interface import SecurityModule

BUNDLE = "bundle"


@click.command("compile")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    required=True,
    help="The file to write, or a directory for `--format kernel`; - is stdout.  What ends in .zst"
    " is compressed, but for a bundle.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice((BUNDLE, "apparmor", "kernel")),
    default=BUNDLE,
    show_default=True,
    help="What to write: kernel is what AppArmor's own compiler loads, apparmor the profile that"
    " KubeArmor makes.",
)
@click.option("--name", metavar="PROFILE", help="With --format apparmor: the name of the profile.")
@policy_options
@screen_options
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    output: str,
    form: str,
    name: str | None,
    reading: Reading,
) -> int:
    """Compile policy files, or the files of directories, into one bundle.

    Nothing is written when the policy has errors.
    """
    from lsmc.cli.outputs import check_output
    from lsmc.cli.reading import check_paths
    from lsmc.compiler.inputs import DiskFiles
    from lsmc.modules.registry import module_of

    screen = screen_of(ctx)
    if name is not None:
        if form == BUNDLE:
            raise UsageFault("--name goes with --format apparmor")
        reading = reading._replace(settings=(*reading.settings, ("name", name)))
    if form == BUNDLE or not os.path.isdir(output):
        check_output(output)
    module = module_of(paths, reading.module)
    found, missing = module.files(paths, DiskFiles())
    check_paths(paths, (*found, *missing), screen)
    if form == BUNDLE:
        return _bundle(paths, output, reading, screen)
    return _other(module, form, paths, output, reading, screen)


def _bundle(paths: tuple[str, ...], output: str, reading: Reading, screen: Screen) -> int:
    from lsmc.cli.outputs import is_stdout, write_output
    from lsmc.cli.reading import compile_paths
    from lsmc.output.styled import line, safe
    from lsmc.policy import Policy

    data, warnings = compile_paths(paths, reading, screen)
    screen.diagnostics(warnings)
    write_output(output, data)
    count = len(Policy(data))
    told = f"{safe(output)}: {count} profile{'' if count == 1 else 's'}"
    if is_stdout(output):
        screen.remark(told)
    else:
        screen.show([line(told)])
    return YES


def _other(
    module: SecurityModule,
    form: str,
    paths: tuple[str, ...],
    output: str,
    reading: Reading,
    screen: Screen,
) -> int:
    """Write policy in a format of its module."""
    from lsmc.base import zstd
    from lsmc.cli.outputs import write_output
    from lsmc.cli.reading import usable_cache
    from lsmc.output.styled import safe

    options = reading.options()
    module.check_settings(options)
    render = module.needs(module.formats.get(form), f"`--format {form}`")()
    jobs = reading.jobs or os.cpu_count() or 1
    rendered = list(render(paths, options, jobs, usable_cache(reading, screen)))
    screen.diagnostics(one for file in rendered for one in file.diagnostics)
    size = sum(len(file.data) for file in rendered)
    if os.path.isdir(output):
        _each(rendered, output)
    else:
        data = b"".join(file.data for file in rendered)
        if output.endswith(".zst"):
            data = zstd.compressed(data)
            size = len(data)
        write_output(output, data)
    screen.remark(
        f"{safe(output)}: {size} bytes of {len(rendered)} file{'s' * (len(rendered) != 1)}"
    )
    return YES


def _each(rendered: Iterable[Rendered], folder: str) -> None:
    """Write each file under the name of its source; `UsageFault` for two of one name.

    One that is there already is left as it is.
    """
    from lsmc.base.files import holds, write_file

    targets: dict[str, Rendered] = {}
    for file in rendered:
        name = os.path.basename(file.source)
        if name in targets:
            raise UsageFault(
                f"`{targets[name].source}` and `{file.source}` would both be `{name}`: "
                "write them to two directories"
            )
        targets[name] = file
    for name, file in targets.items():
        path = os.path.join(folder, name)
        if not holds(path, file.data):
            write_file(path, file.data)
