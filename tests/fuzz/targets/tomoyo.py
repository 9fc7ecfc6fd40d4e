"""Policy of TOMOYO: read, compiled, opened, linted, formatted, and asked."""

from __future__ import annotations

from collections.abc import Iterable

from lsmc.base.diagnostics import PolicyError
from lsmc.base.errors import Error
from lsmc.base.source import Source
from lsmc.compiler.inputs import Options
from lsmc.lint.run import run as run_checks
from lsmc.modules.tomoyo.abilities import abilities, rules
from lsmc.modules.tomoyo.compile import compile_sources
from lsmc.modules.tomoyo.diff import diff
from lsmc.modules.tomoyo.engine import TomoyoEngine
from lsmc.modules.tomoyo.explain import explain
from lsmc.modules.tomoyo.formatting import TomoyoFormatter
from lsmc.modules.tomoyo.graph import DomainGraph
from lsmc.modules.tomoyo.lint.linter import LINT
from lsmc.output.excerpt import diagnostic_lines
from lsmc.output.explanation import explanation_lines
from tests.fuzz.target import MemoryFiles, Target, words
from tests.places import ROOT

#: Files of a policy: an input is the first of them, or several that NUL divides.
NAMES = ("domain_policy.conf", "exception_policy.conf", "profile.conf", "manager.conf")
ASKED = (
    ("file read", "/a"),
    ("file execute", "/bin/b"),
    ("file mkdir", "/a/ 0755"),
    ("file mount", "none /mnt/ tmpfs 0"),
    ("network inet", "stream bind ::1 80"),
    ("misc env", "HOME"),
)
WORDS = (
    *words("<kernel> <web> /a /bin/b use_profile use_group 3 0 255 file read/write execute mkdir"),
    *words("mount rename link create ioctl mkchar network inet unix stream dgram raw bind/listen"),
    *words("connect send 127.0.0.1 ::1 ::-ffff:: 0-65535 0755 0x1F 00 misc env HOME LD_\\* task"),
    *words("manual_domain_transition keep reset child parent initialize task.uid=0 path1.uid!="),
    *words('path1.perm=setuid path2.type=file exec.argv[0]="x" exec.envp["A"]=NULL @G @N'),
    *words('symlink.target="/\\*" grant_log=yes path_group number_group address_group aggregator'),
    *words("acl_group initialize_domain no_keep_domain keep_domain reset_domain from any"),
    *words(
        "3-CONFIG={ mode=enforcing } 3-CONFIG::file::open= grant_log=no PROFILE_VERSION=20150505"
    ),
    *words("/\\{\\*\\}/ \\* \\@ \\- \\$ \\? \\040 \\\\ \\q"),
    *(b"\n", b"\n\n", b" ", b"\t", b"\0", b"\xff", b"# "),
)


_SMALL = (
    r"""<kernel> /bin/a
use_profile 3
use_group 1
file read/write /a/\{\*\}/\*\-b task.uid=@N path1.perm=setuid
file execute /bin/\* exec.argv[0]="\*" exec.envp["A"]=NULL
file execute /bin/b <kernel> /c
file mount @G /mnt/ tmpfs 0
network inet dgram send ::1-::2 53
task manual_domain_transition <kernel> /bin/a //x
""",
    r"""path_group G /a
number_group N 0-9
acl_group 1 misc env LD_\*
aggregator /bin/\*sh /bin/b
no_keep_domain /bin/b from any
keep_domain any from <kernel> /bin/a
<web> initialize_domain /x from /y
""",
    "3-CONFIG={ mode=enforcing }\n0-CONFIG=disabled\n",
)


def seeds() -> Iterable[bytes]:
    """A small policy; the sample, a file at a time and all together."""
    yield "\0".join(_SMALL).encode()
    texts = [(ROOT / "profiles" / "tomoyo" / name).read_bytes() for name in NAMES]
    yield from texts
    yield b"\0".join(texts)


def run(data: bytes) -> None:
    """Do all that one can do with a policy."""
    files = dict(zip(NAMES, data.split(b"\0", len(NAMES) - 1), strict=False))
    for name, text in files.items():
        formatted = TomoyoFormatter(Options()).format(name, text)
        assert not formatted.refused, formatted.refused
    memory = MemoryFiles({f"/p/{name}": text for name, text in files.items()})
    tree, faults = LINT.reader(Options(), memory, None)(["/p"], {}, 1)
    found, wrong = run_checks(tree, LINT.checks.values())
    assert not wrong, wrong
    for one in (*faults, *found):
        list(diagnostic_lines(one))
    try:
        sources = [Source.from_bytes(name, text) for name, text in files.items()]
        bundle, _ = compile_sources(sources, Options())
    except PolicyError as refused:
        for fault in refused.diagnostics:
            list(diagnostic_lines(fault))
        return
    engine = TomoyoEngine(bundle, "fuzz")
    list(rules(engine))
    assert diff(engine, engine) == []
    graph = DomainGraph(engine)
    for subject in engine.subjects[:4]:
        abilities(engine, subject, ())
        graph.reach(subject)
        for op, obj in ASKED:
            try:
                answer = explain(engine, {"subject": subject, "op": op, "object": obj})
            except Error:  # a condition needs what is not said
                continue
            list(explanation_lines(answer))


TARGET = Target("tomoyo", run, seeds, WORDS)
