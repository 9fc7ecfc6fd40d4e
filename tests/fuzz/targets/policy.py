"""Policy text: parsed, printed, formatted, compiled, linted and asked."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from zlib import crc32

from lsmc.automata.dfa import StateLimit
from lsmc.base.diagnostics import PolicyError
from lsmc.base.source import Source
from lsmc.compiler.inputs import Options
from lsmc.lint.run import Linter
from lsmc.modules.apparmor.build.compile import Compiler
from lsmc.modules.apparmor.build.driver import bundle
from lsmc.modules.apparmor.build.front import front_end
from lsmc.modules.apparmor.lint.linter import LINT
from lsmc.modules.apparmor.lint.tree import compile_tree
from lsmc.modules.apparmor.syntax.ast import meaning
from lsmc.modules.apparmor.syntax.formatter import format_text, same_meaning
from lsmc.modules.apparmor.syntax.parser import parse
from lsmc.modules.apparmor.syntax.printer import format_file
from lsmc.output.excerpt import diagnostic_lines
from lsmc.output.json import diagnostic, dumps, explanation
from lsmc.policy import Policy
from tests.fuzz.target import MemoryFiles, Target, words
from tests.modules.apparmor.test_error_catalogue import CASES
from tests.places import ROOT

PATH = "/policy/p"
OPTIONS = Options("/base")
#: Lint costs ten times what compiling does: one input in so many is linted.
LINTED = 4
INCLUDES = {
    "/base/inc/one": b"  /inc/** r,\n  deny /a/b w,\n  include <inc/two>\n",
    "/base/inc/two": b"  owner @{V}/* rw,\n  capability setuid,\n  include <inc/one>\n",
    "/base/inc/bad": b"  /x rz,\n  profile k { \xff\n",
    "/base/tunables/global": b"@{V}=/v /w/x\n@{W}=a b*\n$B = true\n@{multiarch}=*-linux-gnu*\n",
    "/base/abi/4.0": (ROOT / "profiles/abi/4.0").read_bytes(),
}
WORDS = (
    *words(
        "profile hat owner audit deny allow file network unix dbus signal ptrace mount umount "
        "remount pivot_root capability change_profile rlimit link subset safe unsafe userns "
        "io_uring mqueue all alias include abi if else not and or in defined true false "
        "prompt quiet other access exists magic priority= flags= xattrs= peer= set= type= "
        "addr= label= options= fstype= bus= path= interface= member= name= ip= port= "
        "protocol= send receive -> <= => complain enforce kill unconfined default_allow "
        "audit attach_disconnected #include @{V} @{W} ${B} <inc/one> <inc/two> <inc/bad> "
        "<tunables/global> <abi/4.0> ** {a,b} [^a-z] \\000 \\x41 rwmkl Px cix CUx pux ix ux "
        "//& //kid :ns: @{exec_path} @{profile_name} += ?= := == # \\\n"
    ),
    b" {\n",
    b" }\n",
    b",\n",
    b'"',
    b"\0",
    b"\xc3\xa9",
    b"# lsmc: ignore[LSM101]\n",
)


def seeds() -> Iterable[bytes]:
    """Each rule of the sample profiles alone, each kind of error, and a few whole profiles."""
    lines: set[str] = set()
    samples = (ROOT / "tests/differential/cases.aa", *sorted((ROOT / "profiles").rglob("*")))
    for path in samples:
        if path.is_file() and "abi" not in path.parts:
            lines.update(line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    rules = sorted(line for line in lines if line.endswith(",") and not line.startswith("#"))
    head = "include <tunables/global>\nprofile p /bin/p { include <inc/one>\n"
    yield from (f"{head}  {rule}\n}}\n".encode() for rule in rules)
    for _, text in CASES:
        whole = text[1:] if text.startswith("|") else f"profile p {{ {text}\n}}\n"
        yield whole.encode("utf-8", "surrogateescape")
    for name in ("nginx", "logger", "viewer"):
        yield (ROOT / "profiles" / name).read_bytes()


def run(data: bytes) -> None:
    """Everything that lsmc does with a policy file."""
    source = Source.from_bytes(PATH, data)
    tree, faults = parse(source)
    for fault in faults:
        list(diagnostic_lines(fault))
        dumps(diagnostic(fault))
    if not faults:
        again, wrong = parse(Source(PATH, format_file(tree)))
        assert not wrong, f"printed text is refused: {wrong[0].message}"
        assert meaning(again) == meaning(tree), "printed text has another tree"
        formatted, wrong = parse(Source(PATH, format_text(source)))
        assert not wrong, f"formatted text is refused: {wrong[0].message}"
        assert same_meaning(tree, formatted), "formatted text has another meaning"
    front = front_end(OPTIONS, MemoryFiles({**INCLUDES, PATH: data}))
    policy = compiled(front)
    if policy is not None:
        ask(policy)
    if crc32(data) % LINTED == 0:
        lint(front)


def compiled(front: Compiler) -> Policy | None:
    """The policy of the text, or None when it has errors."""
    found = front.compile(PATH)
    try:
        return Policy(bundle(list(found.profiles), list(found.diagnostics))[0])
    except PolicyError as refused:
        for fault in refused.diagnostics:
            list(diagnostic_lines(fault))
            dumps(diagnostic(fault))
        return None


def ask(policy: Policy) -> None:
    """A few questions to each profile."""
    for name in policy.profiles[:3]:
        dumps(explanation(policy.explain(name, "write", "/a/b", owner=False)))
        dumps(explanation(policy.explain(name, "exec", "/x/e")))
        policy.query(name, "connect", "inet", type="stream")
        policy.query(name, "signal_send", "q", signal="kill")


def lint(front: Compiler) -> None:
    """All checks; a check that fails is a finding."""
    front.library.text(PATH, front.library.files.read(PATH))
    read = partial(compile_tree, front)
    try:
        result = Linter(read, LINT.checks.values(), LINT).lint([PATH])
    except StateLimit:
        return
    for one in result.findings:
        list(diagnostic_lines(one))
        dumps(diagnostic(one))
    for fault in result.faults:
        assert "too complex" in fault.message, fault.message


TARGET = Target("policy", run, seeds, WORDS)
