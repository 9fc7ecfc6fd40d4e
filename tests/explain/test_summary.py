"""Summaries of parts of logs: however a log is divided, the whole is the same."""

from __future__ import annotations

import json
import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsmc.explain.summary import Summary, merge, summarise
from lsmc.modules.apparmor.log.form import FORMAT
from lsmc.modules.apparmor.log.grouping import GROUPING
from tests.fuzz.targets.log import SAMPLES

NAMES = [f"/srv/{folder}/{name}" for folder in "abc" for name in ("x", "y", "1234", "z/z", "")]
HOSTS = [f"host{number}" for number in range(12)]


def records() -> st.SearchStrategy[bytes]:
    """Lines of records that are alike in part."""
    return st.builds(
        _record,
        st.integers(1, 40),
        st.sampled_from(HOSTS),
        st.sampled_from(("p", "q", "r//null-/bin/x")),
        st.sampled_from(NAMES),
        st.integers(0, 99),
    )


def _record(epoch: int, host: str, profile: str, name: str, pid: int) -> bytes:
    return (
        f"Jan  1 00:00:00 {host} kernel: audit: type=1400 audit({epoch}.000:{pid}):"
        f' apparmor="DENIED" operation="open" profile="{profile}" name="{name}" pid={pid}'
        f' comm="c{pid}" requested_mask="r" denied_mask="r" fsuid=0 ouid=0\n'
    ).encode()


OTHERS = [
    b"Jan  1 00:00:00 host0 cron[1]: nothing\n",
    b'Jan  1 00:00:00 host0 kernel: audit: type=1400 audit(1.2:3): apparmor="DENIED" name=\n',
    *(text.encode() + b"\n" for text in SAMPLES if "\n" not in text),
]


def text_of(summary: Summary) -> str:
    return json.dumps([summary.to_json(), summary.level, [one[:2] for one in summary.causes]])


def part(lines: list[bytes], first: int, most: int) -> Summary:
    return summarise(lines, FORMAT, GROUPING, name="log", first=first, most=most)


@given(
    st.lists(st.one_of(records(), st.sampled_from(OTHERS)), max_size=40),
    st.sampled_from((1, 2, 3, 5, 8, 10_000)),
    st.randoms(use_true_random=False),
)
@settings(max_examples=150, deadline=None)
def test_any_division_and_any_order(lines: list[bytes], most: int, rnd: random.Random) -> None:
    whole = part(lines, 1, most)
    cuts = sorted(rnd.randrange(len(lines) + 1) for _ in range(rnd.randrange(5)))
    bounds = [0, *cuts, len(lines)]
    parts = [part(lines[start:end], start + 1, most) for start, end in pairwise(bounds)]
    while len(parts) > 1:
        one = parts.pop(rnd.randrange(len(parts)))
        other = parts.pop(rnd.randrange(len(parts)))
        assert text_of(merge(one, other, GROUPING)) == text_of(merge(other, one, GROUPING))
        parts.append(merge(one, other, GROUPING))
    assert text_of(parts[0]) == text_of(whole)
    assert len(whole.causes) <= max(most, 3)
    assert sum(one.cause.count for one in whole.causes) == whole.counts.grouped
    assert whole.used + whole.skipped + whole.broken == len(lines)


def test_hosts_and_places() -> None:
    lines = [_record(9, "b", "p", "/x", 1), _record(3, "a", "p", "/x", 2), OTHERS[0], OTHERS[1]]
    found = part(lines, 101, 100)
    (kept,) = found.causes
    assert kept.cause.hosts.counts == {"a": 1, "b": 1}
    assert (kept.cause.first, kept.cause.last) == (3, 9)
    assert kept.cause.record.source == ("log", 102)
    assert [fault.source for fault in found.faults] == [("log", 104)]
    assert (found.used, found.skipped, found.broken) == (2, 1, 1)


@pytest.mark.parametrize("most", [5, 50, 500])
def test_many_causes(most: int) -> None:
    """Noisy directories are folded before the others, and nothing is lost."""
    lines = [_record(n, "h", "p", f"/srv/d/{chr(97 + n % 26)}{n}x", n) for n in range(1, 1000)]
    lines += [_record(1, "h", "q", "/etc/passwd", 1)]
    found = part(lines, 1, most)
    assert len(found.causes) <= most
    assert sum(one.cause.count for one in found.causes) == 1000
    objects = [one.cause.object for one in found.causes]
    assert objects[0] == "/srv/d/*"
    if most > 5:
        assert objects == ["/srv/d/*", "/etc/passwd"]
