"""Reading logs, beside libapparmor's own reader called from Python."""

from __future__ import annotations

import subprocess
from pathlib import Path

from bench import log_lines
from bench.compiling import seconds, times_of
from bench.model import Row, Section
from bench.process import Usage, in_turn, run

#: Debian's Python is the one that its package python3-libapparmor is for.
_PYTHON = "/usr/bin/python3"
_PARSE = """
import sys, LibAppArmor as one
with open(sys.argv[1], encoding="utf-8") as log:
    for line in log:
        one.free_record(one.parse_record(line.rstrip("\\n")))
"""
_FIELDS = """
import sys, LibAppArmor as one
NAMES = ("event", "audit_id", "operation", "requested_mask", "denied_mask", "fsuid", "ouid",
    "profile", "name", "comm", "pid", "epoch", "audit_sub_id", "info", "peer", "net_family")
with open(sys.argv[1], encoding="utf-8") as log:
    for line in log:
        record = one.parse_record(line.rstrip("\\n"))
        {name: getattr(record, name, None) for name in NAMES}
        one.free_record(record)
"""


def logs(lsmc: str, work: Path, times: int, *, quick: bool) -> Section:
    """`lsmc log` and `lsmc explain --log`: processor time of whole processes."""
    count = 100_000 if quick else 1_000_000
    records = log_lines.write(work / "records.log", count, 1.0)
    mixed = log_lines.write(work / "mixed.log", count, 0.1)
    policy = work / "logs.aa"
    policy.write_text(
        "".join(f"profile /usr/bin/{name} {{ /srv/{name}/** r, }}\n" for name in log_lines.PROGRAMS)
    )
    explain = [lsmc, "explain", "--policy", str(policy), "--format", "jsonl", "--log"]
    commands = {
        "log": [lsmc, "log", str(records)],
        "parse": [_PYTHON, "-c", _PARSE, str(records)],
        "fields": [_PYTHON, "-c", _FIELDS, str(records)],
        "log of few": [lsmc, "log", str(mixed)],
    }
    if not _has_peer():
        del commands["parse"], commands["fields"]
    found = in_turn(commands, times)
    own = found["log"]
    rows = [Row("`lsmc log`, all lines are records", _rate(count, own))]
    for name, what in (("parse", "parse_record"), ("fields", "parse_record, 16 fields read")):
        if name in found:
            peer = found[name]
            said = f"{_rate(count, peer)} ({what})"
            ratio = times_of(peer.cpu, own.cpu)
            rows.append(Row("`lsmc log` beside libapparmor", _rate(count, own), said, ratio))
    few = found["log of few"]
    rows.append(Row("`lsmc log`, a tenth of the lines are records", f"{_rate(count, few)} lines"))
    for log, what in ((records, "all records"), (mixed, "a tenth records")):
        usage = run([*explain, str(log)])
        memory = f"{usage.peak // 1024} MiB"
        rows.append(Row(f"`lsmc explain --log`, {what}", f"{seconds(usage.cpu)}, {memory}"))
    title = f"Logs of {count:,} lines, {records.stat().st_size // 10**6} and "
    return Section(title + f"{mixed.stat().st_size // 10**6} MB, processor time", tuple(rows))


def _has_peer() -> bool:
    try:
        return not subprocess.run(
            [_PYTHON, "-c", "import LibAppArmor"], capture_output=True, check=False
        ).returncode
    except OSError:
        return False


def _rate(count: int, usage: Usage) -> str:
    return f"{count / usage.cpu:,.0f}/s"
