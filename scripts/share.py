"""Makes what an installation has below `share`: manual pages, and completions of shells.

    python scripts/share.py [DIRECTORY]     # `share` unless given

Each command has a page, made from its help as click has it.  The completions are click's own.
The same code gives the same bytes; SOURCE_DATE_EPOCH, if set, is the date of the pages.
"""

from __future__ import annotations

import datetime as dt
import inspect
import os
import re
import sys
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from lsmc.cli.group import cli
from lsmc.version import __version__

#: Where shells look for the completion of `lsmc`, below `share`.
COMPLETIONS = {
    "bash": "bash-completion/completions/lsmc",
    "fish": "fish/vendor_completions.d/lsmc.fish",
    "zsh": "zsh/site-functions/_lsmc",
}
#: Other names under which a command is installed.
ALIASES = {"lsmc-parser": "lsmc-apparmor-parser"}
#: What only the page of `lsmc` itself says, behind its commands: a head, and terms with meanings.
SECTIONS = {
    "EXIT STATUS": {
        "0": "allowed, clean, equal",
        "1": "denied, findings, differences",
        "2": "wrong use, unreadable input, errors in policy",
        "130": "interrupted",
        "141": "the reader of the output went away",
    },
    "ENVIRONMENT": {
        "NO_COLOR": "If set, the output has no colours.",
        "COLUMNS": "The width of tables, where the terminal does not tell.",
        "XDG_CACHE_HOME": "Holds the directory `lsmc` of compiled policy [~/.cache].",
        "LSMC_TRACEBACK": "If set, an internal error shows where it happened.",
    },
    "FILES": {
        "/etc/apparmor.d": "Where AppArmor's <magic> includes are, unless `--base` names another.",
        "lsmc.toml": "Configuration of `lsmc lint`; or the table tool.lsmc of pyproject.toml.",
        "~/.cache/lsmc": "Compiled policy; may be deleted at any time.",
    },
}
#: Words of help that are typed as they are: between backticks, and options.
_LITERAL = re.compile(r"`([^`]+)`|(?<![\w-])(--?[A-Za-z][\w-]*)")


def escaped(text: str) -> str:
    """Text as troff(1) prints it, with `-` as it is typed."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("~", "\\(ti").replace("^", "\\(ha")
    return re.sub(r"(?m)^(?=[.'])", r"\\&", text)


def prose(text: str) -> str:
    """A line of help, with what is typed in bold."""
    parts = []
    end = 0
    for match in _LITERAL.finditer(text):
        parts += [escaped(text[end : match.start()]), bold(match[1] or match[2])]
        end = match.end()
    return "".join([*parts, escaped(text[end:])])


def bold(text: str) -> str:
    """Text in bold."""
    return f"\\fB{escaped(text)}\\fR"


def paragraphs(text: str) -> str:
    """The paragraphs of a command's help; those that begin with \\b keep their lines."""
    made = []
    for paragraph in re.split(r"\n{2,}", inspect.cleandoc(text)):
        if paragraph.startswith("\b"):
            made.append(f".PP\n.nf\n{prose(paragraph[2:])}\n.fi\n")
        else:
            made.append(f".PP\n{prose(' '.join(paragraph.split()))}\n")
    return "".join(made)


def terms(rows: list[tuple[str, str]]) -> str:
    """Terms, already in troff's language, with their meanings."""
    return "".join(f".TP\n{term}\n{prose(meaning)}\n" for term, meaning in rows)


def option_term(term: str) -> str:
    """An option's names in bold, what follows them in italics."""
    name = re.compile(r"(--?[A-Za-z][\w-]*)( [^,]+)?")
    return name.sub(
        lambda m: bold(m[1]) + (f" \\fI{escaped(m[2].strip())}\\fR" if m[2] else ""), term
    )


def page_name(command: click.Command) -> str:
    """The name of a command's page: lsmc-query."""
    return "lsmc" if command is cli else f"lsmc-{command.name}"


def header(name: str) -> str:
    """The first line of a page."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    day = dt.datetime.fromtimestamp(int(epoch), dt.UTC).date() if epoch else ""
    return f'.TH {escaped(name.upper())} 1 "{day}" "lsmc {__version__}" "User Commands"\n'


def page(command: click.Command, ctx: click.Context, others: list[click.Command]) -> str:
    """The manual page of a command."""
    name = page_name(command)
    names = ", ".join(escaped(one) for one in (name, ALIASES.get(name)) if one)
    options = [
        (option_term(record[0]), record[1])
        for param in command.get_params(ctx)
        if isinstance(param, click.Option) and (record := param.get_help_record(ctx))
    ]
    called = [bold(ctx.command_path), *map(escaped, command.collect_usage_pieces(ctx))]
    parts = [
        header(name),
        f".SH NAME\n{names} \\- {prose(command.get_short_help_str(200).rstrip('.'))}\n",
        f".SH SYNOPSIS\n{' '.join(called)}\n",
    ]
    if name in ALIASES:
        parts.append(f".PP\n{' '.join([bold(ALIASES[name]), *called[1:]])}\n")
    parts.append(f".SH DESCRIPTION\n{paragraphs(command.help or '')}")
    if options:
        parts.append(f".SH OPTIONS\n{terms(options)}")
    if command is cli:
        rows = [(bold(f"{page_name(one)}(1)"), one.get_short_help_str(200)) for one in others]
        parts.append(f".SH COMMANDS\n{terms(rows)}")
        for head, meanings in SECTIONS.items():
            rows = [(bold(term), text) for term, text in meanings.items()]
            parts.append(f".SH {head}\n{terms(rows)}")
    else:
        parts.append(f".SH SEE ALSO\n{bold('lsmc')}(1)\n")
    return "".join(parts)


def pages() -> dict[str, str]:
    """The manual pages by file name."""
    root = cli.make_context("lsmc", [], resilient_parsing=True)
    commands = [cli.get_command(root, name) for name in cli.list_commands(root)]
    found = [command for command in commands if command is not None]
    made = {"lsmc.1": page(cli, root, found)}
    for command in found:
        inner = click.Context(command, root, command.name)
        made[f"{page_name(command)}.1"] = page(command, inner, found)
    for name, alias in ALIASES.items():
        made[f"{alias}.1"] = f".so man1/{name}.1\n"
    return made


def completion(shell: str) -> str:
    """The program that completes the words of `lsmc` in a shell."""
    found = get_completion_class(shell)
    assert found is not None
    one = found(cli, {}, "lsmc", "_LSMC_COMPLETE")
    return one.source_template.strip() % one.source_vars() + "\n"


def main(target: str = "share") -> None:
    """Write the files below a directory."""
    files = {f"man/man1/{name}": text for name, text in pages().items()}
    files |= {place: completion(shell) for shell, place in COMPLETIONS.items()}
    for place, text in files.items():
        path = Path(target, place)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
