"""All kinds of questions to a bundle of SELinux policy, which may be damaged."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

from lsmc.base.errors import Error
from lsmc.modules.selinux.analysis.abilities import abilities
from lsmc.modules.selinux.analysis.graph import DomainGraph
from lsmc.modules.selinux.analysis.written import written_rules
from lsmc.modules.selinux.diff.compare import diff
from lsmc.modules.selinux.engine import Engine
from lsmc.modules.selinux.explain.explain import explain
from lsmc.modules.selinux.tables.layout import Section
from lsmc.output.json import dumps, explanation
from lsmc.tables.errors import BundleError
from lsmc.tables.sections import Sections
from tests.modules.selinux.policies import compiled, random_policy
from tests.modules.selinux.test_engine import WEB
from tests.modules.selinux.test_labels import TEXT

CONTEXTS = ("sys_u:web_r:web_t:s0:c0", "sys_u:object_r:page_t:s0", "ann_u:object_r:t1_t:s1:c0.c2")


@cache
def samples() -> list[bytes]:
    """Bundles of small policies."""
    return [bytes(compiled(text).data) for text in (WEB, TEXT, random_policy(3))]


def sections_of(data: bytes) -> dict[int, bytes]:
    opened = Sections(data, Section)
    return {number: bytes(opened.body(number)) for number in Section}


def explained(engine: Engine, request: dict[str, str]) -> None:
    dumps(explanation(explain(engine, {**request, "path": "/srv/log"})))


def ask_everything(data: bytes) -> None:
    """Put all kinds of questions to a bundle; any error but lsmc's own is a fault."""
    try:
        engine = Engine(data, "damaged")
    except BundleError:
        return
    labels = engine_labels(engine)
    asked: list[Callable[[], object]] = [
        lambda: list(written_rules(engine)),
        lambda: diff(engine, Engine(samples()[0], "whole")),
        lambda: diff(Engine(samples()[1], "whole"), engine),
        lambda: graph_of(engine),
    ]
    for subject in (*CONTEXTS, "web_t", "t0_t"):
        asked.append(partial(abilities, engine, subject, ()))
        for obj in (*CONTEXTS, "page_t", "", "/srv/log"):
            for op in ("file:read,ioctl", "process:transition", "dir:search", "file:execute"):
                request = {"subject": subject, "op": op, "object": obj}
                asked.append(partial(engine.answer, request))
                asked.append(partial(explained, engine, request))
                asked.append(partial(batched, engine, request))
            asked.append(partial(explain, engine, request))
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
