"""`lsmc log`: the records of logs, decoded."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from lsmc.cli.faults import WRONG, YES
from lsmc.cli.options import module_option, screen_of, screen_options
from lsmc.output.styled import Line, line, safe

if TYPE_CHECKING:
    from lsmc.cli.screen import Screen
    from lsmc.logs.reader import LogReader
    from lsmc.logs.record import Record

_ROLES = {"DENIED": "bad", "KILLED": "bad", "ERROR": "bad", "ALLOWED": "warn", "INVALID": "dim"}
_FIRST = ("event_type", "epoch", "audit_id", "audit_subid", "source")
#: Records that are printed at once.
_TOGETHER = 128


@click.command("log")
@click.argument("files", metavar="[FILE...]", nargs=-1)
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "jsonl")),
    help="How to print the records [text on a terminal, else jsonl].",
)
@module_option("Only the records of this security module.")
@screen_options
@click.pass_context
def command(
    ctx: click.Context, files: tuple[str, ...], form: str | None, module: str | None
) -> int:
    """Decode the records of security modules in logs: one JSON object a record.

    Reads what auditd, syslog, dmesg, `journalctl -o json` and `-o export`, and dbus-daemon write,
    plain or packed by gzip, xz, bzip2 or zstd; - is standard input.  Of a directory its logs are
    read, rotated files oldest first, and without a FILE this machine's.  Lines of others are
    skipped.
    A broken record is printed as INVALID with the fields before the fault, and reported; so is
    other text on what a module decided.  Exit status: 0, or 2 when such lines were not read.
    """
    from lsmc.cli.explaining import told_no_text
    from lsmc.cli.machine import OWN_LOGS, logs_of
    from lsmc.kernels.outlines import Sighting
    from lsmc.logs.merged import merged
    from lsmc.logs.reader import BrokenLine, LogReader
    from lsmc.modules.registry import log_forms
    from lsmc.output.records import sighting_writer

    screen = screen_of(ctx)
    text = form == "text" or (form is None and sys.stdout.isatty())
    reading = merged(log_forms(module))
    reader = LogReader(logs_of(files or (OWN_LOGS,), None, screen), reading)
    write = sighting_writer(reader)
    together: list[str] = []
    most = 1 if sys.stdout.isatty() else _TOGETHER
    reported = 0
    try:
        for entry in reader.sightings():
            if isinstance(entry, Sighting) and not text:
                together.append(write(entry))
                if len(together) < most:
                    continue
            if together:
                screen.text("".join(together))
                together.clear()
            if isinstance(entry, BrokenLine):
                if not entry.record.bare:
                    _show(entry.record, text, screen)
                if reported < len(reader.faults):
                    reported = len(reader.faults)
                    screen.located(entry.source.file, entry.source.line, entry.reason)
            elif not isinstance(entry, Sighting):
                _show(entry, text, screen)
            elif text:
                _show(reader.record(entry), text, screen)
        # a log with nothing in it to decode: show what stands there
        for record in reader.foreign:
            if not record.bare:
                _show(record, text, screen)
    finally:
        screen.text("".join(together))
        told_no_text(reader, screen)
        _summary(reader, screen)
    return WRONG if reader.broken else YES


def _show(record: Record, text: bool, screen: Screen) -> None:
    from lsmc.output.json import dumps

    if text:
        screen.show([_line(record)])
    else:
        screen.text(dumps(record.to_json()) + "\n")


def _line(record: Record) -> Line:
    """A record in one line: time, kind, then its fields as the log has them."""
    kind = record.kind
    when = ""
    if record.epoch is not None and record.epoch < 1 << 37:
        when = datetime.fromtimestamp(record.epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ ")
    fields = " ".join(
        f"{name}={_value(value)}" for name, value in _flat(record.to_json()) if name not in _FIRST
    )
    return line((when, "dim"), (kind, _ROLES.get(kind, "")), " ", fields)


def _flat(fields: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """The fields, and those of a part in its place."""
    for name, value in fields.items():
        if isinstance(value, dict) and name not in _FIRST:
            yield from _flat(value)
        else:
            yield name, value


def _value(value: object) -> str:
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        value = " ".join(map(str, value))
    text = safe(str(value)).replace('"', '\\"')
    return f'"{text}"'


def _summary(reader: LogReader, screen: Screen) -> None:
    broken = (f"{reader.broken} broken", "bad" if reader.broken else "")
    lines = f"{reader.lines} line{'s' * (reader.lines != 1)}"
    screen.remark(f"{lines}: {reader.used} used, {reader.skipped} skipped, ", broken)
