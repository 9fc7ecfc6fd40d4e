"""A key and the request that it stands for: each gives the other back."""

from __future__ import annotations

import itertools

import pytest

import lsmc
from lsmc.base.text import decode
from lsmc.ir.mediation import MediationClass
from lsmc.modules.apparmor.analysis.semantics import SEMANTICS
from lsmc.modules.apparmor.classes import CLASSES, UNIX
from lsmc.modules.apparmor.requests.fields import fields_of, key_fields
from lsmc.output.explanation import explanation_lines
from lsmc.output.styled import plain

BYTES = (b"a", b"\0", b"\xff", b"\xfe", b"\xff\xfe", "ä".encode())
ADDRESSES = list(
    dict.fromkeys(
        b"@" + b"".join(some) for n in range(4) for some in itertools.product(BYTES, repeat=n)
    )
)
HEAD = "profile p {\n"


@pytest.mark.parametrize("address", ADDRESSES, ids=ascii)
def test_abstract_addresses(address: bytes) -> None:
    text = decode(address)
    values = key_fields(UNIX, text, {"type": "stream", "peer_addr": text}, "p")
    key = b"\0".join(values)
    assert key.count(b"\0") == len(UNIX.fields) - 1
    assert fields_of(UNIX, key)["addr"] == fields_of(UNIX, key)["peer_addr"] == address
    request = SEMANTICS.request_of("p", UNIX, key, True, ("send",))
    assert request["object"] == request["peer_addr"] == text
    rest = {name: request[name] for name in UNIX.fields if name != "addr"}
    assert key_fields(UNIX, request["object"], rest, "p") == values


@pytest.mark.parametrize("cls", CLASSES, ids=[cls.name for cls in CLASSES])
def test_every_class_has_a_request(cls: MediationClass) -> None:
    key = b"\0".join(name.encode() for name in cls.fields)
    request = SEMANTICS.request_of("p", cls, key, False, cls.permissions)
    assert (request["subject"], request["class"], request["owner"]) == ("p", cls.name, False)
    assert {*request} - {"subject", "class", "owner", "perms", "object"} <= {*cls.fields}
    assert len(request) == 5 + max(len(cls.fields) - 1, 0)


@pytest.mark.parametrize("address", [a for a in ADDRESSES if len(a) > 1], ids=ascii)
def test_a_suggestion_allows_exactly_the_address(address: bytes) -> None:
    before = lsmc.compile_text(HEAD + 'unix bind type=stream addr="@s[a-z]*\\x00",\n}')
    asked = {"class": "unix", "type": "stream"}
    found = before.explain("p", "bind", decode(address), **asked)
    shown = plain(explanation_lines(found))
    assert "addr" not in shown or "\\xff\\xfe" not in shown or b"\xff\xfe" in address
    (suggestion,) = found.suggestions
    after = lsmc.compile_text(f"{HEAD}{suggestion.rule}\n}}")
    allowed = [a for a in ADDRESSES if after.query("p", "bind", decode(a), **asked).allowed]
    assert allowed == [address]
    for miss in found.misses:
        if miss.kind == "near":
            assert before.query("p", "bind", miss.example, **asked).allowed, miss
