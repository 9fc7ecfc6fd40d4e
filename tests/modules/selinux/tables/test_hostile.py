"""Damaged bundles: an answer or `BundleError`, whatever the words say."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

import pytest

from lsmc.base.errors import Error
from lsmc.modules.selinux.analysis.abilities import abilities
from lsmc.modules.selinux.analysis.graph import DomainGraph
from lsmc.modules.selinux.analysis.written import written_rules
from lsmc.modules.selinux.diff.compare import diff
from lsmc.modules.selinux.engine import Engine
from lsmc.modules.selinux.tables.layout import Section
from lsmc.tables.errors import BundleError
from lsmc.tables.sections import Sections, pack_sections
from tests.modules.selinux.policies import compiled, random_policy
from tests.modules.selinux.test_engine import WEB
from tests.modules.selinux.test_labels import TEXT

SAMPLES = [bytes(compiled(text).data) for text in (WEB, TEXT, random_policy(3))]
CONTEXTS = ("sys_u:web_r:web_t:s0:c0", "sys_u:object_r:page_t:s0", "ann_u:object_r:t1_t:s1:c0.c2")


def sections_of(data: bytes) -> dict[int, bytes]:
    opened = Sections(data, Section)
    return {number: bytes(opened.body(number)) for number in Section}


def ask_everything(data: bytes) -> None:
    """Put all kinds of questions to a bundle; any error but lsmc's own is a fault."""
    try:
        engine = Engine(data, "damaged")
    except BundleError:
        return
    labels = engine_labels(engine)
    asked: list[Callable[[], object]] = [
        lambda: list(written_rules(engine)),
        lambda: diff(engine, Engine(SAMPLES[0], "whole")),
        lambda: diff(Engine(SAMPLES[1], "whole"), engine),
        lambda: graph_of(engine),
    ]
    for subject in (*CONTEXTS, "web_t", "t0_t"):
        asked.append(partial(abilities, engine, subject, ()))
        for obj in (*CONTEXTS, "page_t", "", "/srv/log"):
            for op in ("file:read,ioctl", "process:transition", "dir:search", "file:execute"):
                request = {"subject": subject, "op": op, "object": obj}
                asked.append(partial(engine.answer, request))
                asked.append(partial(batched, engine, request))
    for one in (*asked, *labels):
        try:
            one()
        except Error:
            continue


def batched(engine: Engine, request: dict[str, str]) -> None:
    list(engine.batch.answers([request], engine.answer))


def engine_labels(engine: Engine) -> list[Callable[[], object]]:
    def label(*words: str) -> Callable[[], object]:
        kind, subject, obj, cls = (*words, "", "", "")[:4]
        return lambda: engine.labels.label(kind, subject, obj, cls, None, {})

    pairs = [(one, other) for one in CONTEXTS for other in CONTEXTS]
    return [
        *(label(kind, *pair, "file") for kind in ("transition", "member") for pair in pairs),
        *(label("transition", *pair, "process") for pair in pairs),
        *(label(kind, "", obj) for kind, obj in (("port", "tcp:80"), ("genfs", "proc:/"))),
        *(label(kind, "", obj) for kind, obj in (("fs", "ext4"), ("sid", "kernel"))),
        lambda: engine.labels.file_label("/srv/log", "dir"),
        lambda: engine.labels.validate_transition(*CONTEXTS[:2], CONTEXTS[1], "file"),
    ]


def graph_of(engine: Engine) -> None:
    graph = DomainGraph(engine)
    for name in graph.names[:4]:
        for edge in graph.edges(name):
            if edge.rule is not None:
                graph.place(edge.rule)
        graph.refused(name)
        graph.reach(name)


@pytest.mark.parametrize("section", list(Section), ids=lambda one: one.name)
def test_wrong_words_in_a_section(section: Section) -> None:
    rng = random.Random(section)
    for sample in SAMPLES:
        whole = sections_of(sample)
        body = whole[section]
        for _ in range(5):
            ask_everything(pack_sections("selinux", {**whole, section: damaged(body, rng)}))


def damaged(body: bytes, rng: random.Random) -> bytes:
    """A section with a few words or bytes changed, or cut off, or longer."""
    kind = rng.randrange(4)
    if kind == 0:
        return body[: rng.randrange(len(body) + 1) // 4 * 4]
    if kind == 1:
        return body + rng.randbytes(4 * rng.randrange(1, 5))
    if not body:
        return rng.randbytes(4)
    found = bytearray(body)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(found)) // 4 * 4
        word = rng.choice((0, 1, 2, 0xFFFFFFFF, 0x80000000, rng.randrange(1 << 32), 40))
        found[at : at + 4] = word.to_bytes(4, "little")[: len(found) - at]
    return bytes(found)


def test_a_checksum_finds_any_other_change() -> None:
    data = bytearray(SAMPLES[0])
    data[-5] ^= 1
    opened = Sections(bytes(data), Section)
    with pytest.raises(BundleError):
        list(map(opened.body, Section))


@pytest.mark.parametrize("length", [0, 10, 100, 1000])
def test_a_bundle_that_is_cut_short(length: int) -> None:
    with pytest.raises(BundleError):
        Engine(SAMPLES[0][:length], "short")
