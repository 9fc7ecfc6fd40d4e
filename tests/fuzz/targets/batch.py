"""Batch requests: the lines of `lsmc query --batch`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from json import dumps as json

from lsmc.cli.ask import _answer, _Malformed
from lsmc.compiler.inputs import Options
from lsmc.modules.apparmor.build.driver import bundle
from lsmc.modules.apparmor.build.front import front_end
from lsmc.modules.apparmor.classes import CLASSES
from lsmc.modules.apparmor.operations import OPERATIONS
from lsmc.output.json import dumps, verdict
from lsmc.policy import Policy
from tests.fuzz.target import MemoryFiles, Target, words
from tests.places import ROOT

FIELDS = words(
    "family type protocol ip port peer_ip peer_port label peer_label interface addr peer_addr bus "
    "path member name signal peer source fstype options oldroot exec target value"
)
VALUES = ("inet", "stream", "tcp", "::1", "10.0.0.1", "80", "@x", "system", "a.b", "kill", "rw,ro")
WORDS = (
    *(f'"{op.name}"'.encode() for op in OPERATIONS),
    *(f'"{cls.name}"'.encode() for cls in CLASSES),
    *(b'"%s": ' % field for field in FIELDS),
    *words(
        '"subject": "op": "object": "owner": "class": "perms": "mediated": true false null 1e9 -1 '
        '"\\ud800" "\\u0000" [] {} "files" "files//kid" "files//&net" ":ns:p" "/bin/x" "" "r"'
    ),
)


@cache
def policy() -> Policy:
    """A policy with a profile for each class."""
    text = (ROOT / "tests/differential/cases.aa").read_bytes()
    found = front_end(Options("/"), MemoryFiles({"/p": text})).compile("/p")
    return Policy(bundle(list(found.profiles), list(found.diagnostics))[0])


def seeds() -> Iterable[bytes]:
    """A request for each operation, each class and each field, and one that is nested deeply."""
    names = policy().profiles
    for number, op in enumerate(OPERATIONS):
        some = {
            FIELDS[(number + k) % len(FIELDS)].decode(): VALUES[(number + k) % 11] for k in range(3)
        }
        for more in ({}, some):
            subject = names[number % len(names)]
            request = {"subject": subject, "op": op.name, "object": "/a/b", **more}
            yield json(request).encode()
    for cls in CLASSES:
        yield json(
            {
                "subject": "files",
                "class": cls.name,
                "perms": list(cls.permissions),
                "object": "/x/é",
                "owner": False,
                "mediated": True,
            },
            ensure_ascii=False,
        ).encode()
    yield b'{"context": ' + b"[" * 2000


def run(data: bytes) -> None:
    """Each line is answered, or refused with its reason."""
    requests = []
    for line in data.split(b"\n"):
        try:
            found = _answer(policy(), line)
        except _Malformed as refused:
            str(refused).encode("utf-8", "backslashreplace")
            continue
        dumps(verdict(found)).encode("utf-8", "surrogateescape")
        requests.append((line, found))
    for line, found in requests:
        assert _answer(policy(), line) == found, "another answer the second time"


TARGET = Target("batch", run, seeds, WORDS, longest=4096)
