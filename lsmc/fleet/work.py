"""The work of one worker: parts of logs to summaries, and summaries to one.

Everything here is a plain function of its arguments, so that an engine may run it again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import NamedTuple

from lsmc.explain.log_groups import MAX_CAUSES, Grouping
from lsmc.explain.replay import exact
from lsmc.explain.summary import Summary, merge, summarise
from lsmc.fleet.exports import exported
from lsmc.fleet.parts import Part, pieces
from lsmc.fleet.sites import site_of
from lsmc.modules.parts import Logs
from lsmc.modules.registry import module_named


class Wanted(NamedTuple):
    """What is wanted of logs.

    Attributes:
        module: the name of the security module whose records are read.
        since: a time in seconds since 1970; older records are only counted.
        profile: a glob; records of other subjects are only counted.
        most: the bound of causes.
        sites: groups of hosts with policy of their own, each by globs; None for one policy.
        fields: where exports in JSON have the message and the host, by `lsmc.fleet.exports`.
    """

    module: str
    since: float | None = None
    profile: str | None = None
    most: int = MAX_CAUSES
    sites: tuple[tuple[str, ...], ...] | None = None
    fields: Mapping[str, str] | None = None


def summary_of(part: Part, wanted: Wanted) -> Summary:
    """What a part of a log says, its lines counted from 1; raises `UnreadableLog`."""
    logs = _logs(wanted)
    form = logs.form()
    found = pieces(part, form, () if wanted.fields is None else wanted.fields.values())
    return summarise(
        found if wanted.fields is None else exported(found, wanted.fields),
        form,
        exact(logs.grouping()),
        name=part.log,
        since=wanted.since,
        profile=wanted.profile,
        most=wanted.most,
        site=site(wanted),
    )


def site(wanted: Wanted) -> Callable[[str], int] | None:
    """What gives the number of the site of a host; None for one policy."""
    return lru_cache(maxsize=1 << 12)(partial(site_of, wanted.sites)) if wanted.sites else None


def lines_of(summary: Summary) -> int:
    """The number of lines of a part."""
    return summary.lines


def moved(summary: Summary, lines: int, wanted: Wanted) -> Summary:
    """The summary of a part where so many lines of its log stand before it."""
    return summary.moved(lines, grouping(wanted))


def merged(summaries: Sequence[Summary], wanted: Wanted) -> Summary:
    """One summary of several."""
    how = grouping(wanted)
    found = summaries[0]
    for other in summaries[1:]:
        found = merge(found, other, how)
    return found


def grouping(wanted: Wanted) -> Grouping:
    """How the records are grouped: letter by letter, as far as there are not too many causes."""
    found = exact(_logs(wanted).grouping())
    return found.by_site() if wanted.sites else found


def _logs(wanted: Wanted) -> Logs:
    module = module_named(wanted.module)
    return module.needs(module.logs, "a log")()
