"""`lsmc replay` after option parsing: reads logs once and puts their causes to two policies."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from lsmc.base.files import read_regular
from lsmc.cli.explaining import lines_read, since, told_faults
from lsmc.cli.faults import NO, WRONG, YES, UsageFault
from lsmc.cli.machine import logs_of
from lsmc.cli.options import Reading
from lsmc.cli.reading import progress_bar, read_policy
from lsmc.cli.screen import Screen
from lsmc.explain.log_groups import Cause, Causes
from lsmc.explain.replay import Replayed, exact, nowhere, tally
from lsmc.explain.replay import replay as replayed
from lsmc.explain.summary import Summary, summary_of
from lsmc.fleet.exports import exported, read_fields
from lsmc.fleet.parts import all_parts, is_address, pieces
from lsmc.fleet.sites import NOWHERE, Site, read_map
from lsmc.fleet.work import Wanted, site
from lsmc.logs.reader import LogChunk, LogReader
from lsmc.output.json import dumps
from lsmc.output.replay import Lines, count_lines, json_lines, replay_lines

if TYPE_CHECKING:
    from lsmc.compiler.outcome import Progress
    from lsmc.modules.interface import SecurityModule
    from lsmc.modules.parts import Logs
    from lsmc.policy import Policy

#: Bytes of a map of policies.
_MAP = 1 << 20


class ReplayOptions(NamedTuple):
    """Options of `replay`, as they were given; `old` and `new` are empty with `policies`."""

    old: str
    new: str
    policies: str | None
    logs: tuple[str, ...]
    since: str | None
    profile: str | None
    engine: str
    scheduler: str | None
    fields: tuple[str, ...]
    enforce: bool
    form: str


#: The policies before and after, of each site.
_Pair = tuple["Policy", "Policy"]


def replay(wanted: ReplayOptions, reading: Reading, screen: Screen) -> int:
    """Replay logs; the exit code says whether something would be newly denied."""
    if wanted.form == "html":
        from lsmc.cli.pages import page_library

        page_library()
    sites = _sites(wanted)
    pairs = [_pair(one, wanted.enforce, reading, screen) for one in sites]
    module = _module(pairs)
    logs = module.needs(module.logs, "a log")()
    asked = Wanted(
        module=module.name,
        since=since(wanted.since) if wanted.since is not None else None,
        profile=wanted.profile,
        sites=tuple(one.hosts for one in sites) if wanted.policies is not None else None,
        fields=read_fields(wanted.fields),
    )
    with progress_bar(screen) as progress:
        if wanted.engine == "dask":
            summary = _on_dask(wanted, asked, reading, screen, progress)
        else:
            summary = _here(wanted, asked, logs, screen, progress)
    told_faults(summary.faults, summary.broken, screen)
    found = sorted(
        _judged(summary, logs, pairs, asked, wanted.enforce),
        key=lambda one: (-one.cause.count, one.cause.order),
    )
    return _told(found, summary, wanted, screen)


def _sites(wanted: ReplayOptions) -> list[Site]:
    if wanted.policies is None:
        return [Site((), wanted.old, wanted.new)]
    return read_map(wanted.policies, read_regular(wanted.policies, _MAP)[0])


def _pair(one: Site, enforce: bool, reading: Reading, screen: Screen) -> _Pair:
    old, new = (read_policy(path, reading, screen) for path in (one.old, one.new))
    return (old.enforced, new.enforced) if enforce else (old, new)


def _module(pairs: Sequence[_Pair]) -> SecurityModule:
    """The one security module of all policies."""
    modules = {policy.module.title: policy.module for pair in pairs for policy in pair}
    if len(modules) > 1:
        raise UsageFault(f"policies of {' and '.join(sorted(modules))} are not compared")
    return next(iter(modules.values()))


def _judged(
    summary: Summary, logs: Logs, pairs: Sequence[_Pair], asked: Wanted, enforce: bool
) -> Iterator[Replayed]:
    """The causes with the answers of the policies of their site."""
    by_site: dict[int, list[Cause]] = {}
    for key, _, cause in summary.causes:
        number = key[0] if asked.sites is not None and isinstance(key, tuple) else 0
        by_site.setdefault(number, []).append(cause)
    for number, causes in by_site.items():
        if number == NOWHERE:
            yield from map(nowhere, causes)
            continue
        old, new = pairs[number]
        yield from replayed(logs.questions(), old.engine, new.engine, causes, enforce=enforce)


def _told(
    found: Sequence[Replayed], summary: Summary, wanted: ReplayOptions, screen: Screen
) -> int:
    """Print what came of it; the exit code."""
    counts, records = tally(found), summary.counts
    lines = Lines(
        used=summary.used,
        skipped=summary.skipped,
        broken=summary.broken,
        left_out=records.too_early + records.other_profiles,
        statuses=records.statuses,
    )
    if wanted.form == "jsonl":
        for one in json_lines(found, counts, lines):
            screen.text(dumps(one) + "\n")
    elif wanted.form == "html":
        from lsmc.cli.pages import PolicyFiles, page_library

        page = page_library().replay_page(
            found,
            PolicyFiles(),
            policies=wanted.policies or f"{wanted.old} to {wanted.new}",
            logs=wanted.logs,
            counts=list(count_lines(counts, lines)),
        )
        screen.text(page)
    else:
        screen.show(replay_lines(found))
        for text in count_lines(counts, lines):
            screen.remark(text)
    if summary.broken:
        return WRONG
    return NO if counts.causes["newly-denied"] else YES


def _here(
    wanted: ReplayOptions, asked: Wanted, logs: Logs, screen: Screen, progress: Progress | None
) -> Summary:
    """What the logs say, read one after the other."""
    form = logs.form()
    found = logs_of(wanted.logs, asked.since, screen)
    if asked.fields is not None:
        if "-" in wanted.logs:
            raise UsageFault("--field reads files, not standard input")
        columns = asked.fields.values()
        parts = all_parts([str(log) for log in found], 1 << 62)
        texts = ((part.log, pieces(part, form, columns)) for part in parts)
        chunks = [LogChunk(name, exported(text, asked.fields)) for name, text in texts]
        reader = LogReader(chunks, form)
    else:
        reader = LogReader(found, form)
    causes = Causes(
        exact(logs.grouping()), since=asked.since, profile=asked.profile, site=site(asked)
    )
    causes.read(reader, partial(lines_read, progress, reader) if progress else None)
    return summary_of(reader, causes)


def _on_dask(
    wanted: ReplayOptions,
    asked: Wanted,
    reading: Reading,
    screen: Screen,
    progress: Progress | None,
) -> Summary:
    """What the logs say, read in parts by several processes."""
    from lsmc.fleet.cluster import connected, summarised

    if "-" in wanted.logs:
        raise UsageFault("standard input cannot be read in parts: use --engine local")
    paths = [log for log in wanted.logs if not is_address(log)]
    local = [str(log) for log in logs_of(paths, asked.since, screen)] if paths else []
    parts = all_parts([*local, *filter(is_address, wanted.logs)])
    workers = reading.jobs or os.cpu_count() or 1
    with connected(wanted.scheduler, workers) as client:
        return summarised(client, parts, asked, progress)
