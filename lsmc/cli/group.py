"""The click group: commands are the modules of `lsmc.cli.commands`, imported when called."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterable
from functools import partial
from shutil import get_terminal_size

import click

from lsmc.base.errors import did_you_mean
from lsmc.cli import commands
from lsmc.cli.faults import WRONG, guarded
from lsmc.cli.options import screen_of, screen_options
from lsmc.cli.screen import Screen
from lsmc.output.table import NARROW
from lsmc.version import __version__

#: The commands in help, by what people come for; others stand under the last head.
_SECTIONS = {
    "Questions": ("query", "explain", "who", "can", "label", "graph", "learn"),
    "Policy in a repository": ("lint", "fmt", "test", "diff", "replay", "server"),
    "Compiling": ("compile", "load", "parser", "show"),
    "Reference": ("log", "ops", "rule", "help", "version"),
}
#: The columns of terms on a narrow screen.
_NARROW_TERMS = 10
_ORDER = [name for names in _SECTIONS.values() for name in names]


class _Formatter(click.HelpFormatter):
    """As click's own, but on a narrow screen terms leave most of it to their meanings."""

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Write terms with their meanings."""
        super().write_dl(list(rows), _NARROW_TERMS if self.width < NARROW else col_max, col_spacing)


click.Context.formatter_class = _Formatter


class Commands(click.Group):
    """Imports commands when called, and turns failures into messages and exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the modules in the folder, in the order shown in help."""
        del ctx
        found = sorted(module.name for module in pkgutil.iter_modules(commands.__path__))
        return sorted(found, key=lambda n: _ORDER.index(n) if n in _ORDER else len(_ORDER))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by section, each with its whole summary."""
        listed = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        width = max(map(len, listed))
        for head, names in _SECTIONS.items():
            last = head == list(_SECTIONS)[-1]
            chosen = [n for n in listed if n in names or (last and n not in _ORDER)]
            rows = [(n.ljust(width), c.get_short_help_str(200)) for n in chosen if (c := listed[n])]
            if rows:
                with formatter.section(head):
                    formatter.write_dl(rows)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The `command` of a module."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"lsmc.cli.commands.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name."""
        if args and args[0] not in self.list_commands(ctx) and not args[0].startswith("-"):
            question = did_you_mean(args[0], self.list_commands(ctx), most=1)
            ctx.fail(f"no command `{args[0]}`" + (f"; {question}" if question else ""))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> int:
        """Run a command for its exit code."""
        import logging

        # hashlib logs each algorithm that it cannot load, when memory runs out while it is imported
        logging.getLogger().addHandler(logging.NullHandler())
        return guarded(lambda: super(Commands, self).invoke(ctx) or 0, screen_of(ctx))

    def main(self, *args: object, **extra: object) -> int:  # type: ignore[override]
        """Run the command line; returns the exit code, or exits with it in standalone mode."""
        alone = extra.pop("standalone_mode", True)
        width = get_terminal_size().columns - 2
        if width < NARROW:  # click's own help has fifty columns at least
            extra.setdefault("terminal_width", max(width, 2 * _NARROW_TERMS))
        run = partial(super().main, *args, standalone_mode=False, **extra)
        try:
            code = guarded(lambda: int(run()), Screen())
        except click.ClickException as fault:
            code = _report(fault)
        except click.Abort:
            code = WRONG
        if alone:
            sys.exit(code)
        return code


def _report(fault: click.ClickException) -> int:
    """Report wrong use in one line."""
    ctx = fault.ctx if isinstance(fault, click.UsageError) else None
    if isinstance(fault, click.exceptions.NoArgsIsHelpError):
        click.echo(fault.format_message(), err=True)
        return WRONG
    screen = screen_of(ctx) if ctx is not None else Screen()
    message = fault.format_message().rstrip(".")
    hint = f"; see `{ctx.command_path} --help`" if ctx is not None else ""
    screen.error(message[:1].lower() + message[1:] + hint)
    return fault.exit_code


def _show_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(version_line())
        ctx.exit()


def version_line() -> str:
    """The version of lsmc, and how its kernels run."""
    from lsmc.kernels.walk import compiled

    return f"lsmc {__version__} ({'compiled' if compiled() else 'pure Python'} kernels)"


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "-V",
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and how the kernels run.",
)
@screen_options
def cli() -> None:
    """Compile Linux security policy to decision tables, ask them, and explain the answers.

    Exit status: 0 allowed or clean, 1 denied, 2 wrong use, unreadable input or errors in policy.
    """
