"""Bundles: hostile ones are errors, whatever is asked of them."""

from __future__ import annotations

import random

import pytest

from lsmc.base.errors import Error
from lsmc.base.source import Source
from lsmc.modules.tomoyo.bundle import Section, pack
from lsmc.modules.tomoyo.engine import TomoyoEngine
from lsmc.modules.tomoyo.evaluate import answer
from lsmc.modules.tomoyo.policy import read_policy
from lsmc.tables.errors import BundleError
from lsmc.tables.layout import words
from lsmc.tables.sections import Sections, pack_sections
from tests.modules.tomoyo.support import A, domain

TEXTS = {
    "exception_policy.conf": "acl_group 1 file read @G\npath_group G /a\naggregator /x /y\n",
    "domain_policy.conf": domain("use_group 1", "file execute /b"),
}
REQUEST = {"subject": A, "op": "file read", "object": "/a"}
DATA = pack(read_policy([Source(name, text) for name, text in TEXTS.items()]))


def asked(data: bytes) -> str:
    engine = TomoyoEngine(data, "test")
    for name in engine.subjects:
        engine.find(name)
    return answer(engine, REQUEST).decision


def test_a_bundle_answers() -> None:
    assert asked(DATA) == "allow"


def test_the_same_policy_gives_the_same_bytes() -> None:
    again = pack(read_policy([Source(name, text) for name, text in TEXTS.items()]))
    assert again == DATA


@pytest.mark.parametrize("section", [one for one in Section if one is not Section.TEXTS])
@pytest.mark.parametrize("value", [0, 1, 7, 0x7FFFFFFF, 0xFFFFFFFF])
def test_wrong_numbers_are_errors_or_answers(section: Section, value: int) -> None:
    bundle = Sections(DATA, Section)
    bodies: dict[int, bytes] = {one: bytes(bundle.body(one)) for one in Section}
    numbers = list(bundle.words(section))
    for at in range(len(numbers)):
        changed = [*numbers[:at], value, *numbers[at + 1 :]]
        try:
            asked(pack_sections("tomoyo", {**bodies, section: words(changed)}))
        except Error:
            continue


def test_text_that_is_no_line_is_an_error() -> None:
    bundle = Sections(DATA, Section)
    bodies: dict[int, bytes] = {one: bytes(bundle.body(one)) for one in Section}
    bodies[Section.TEXTS] = bodies[Section.TEXTS].replace(b"file execute /b", b"file exocuto /b")
    with pytest.raises(BundleError, match="a line is damaged"):
        asked(pack_sections("tomoyo", bodies))


def test_cut_bundles_are_errors() -> None:
    generator = random.Random(1)
    for _ in range(50):
        with pytest.raises(BundleError):
            asked(DATA[: generator.randrange(len(DATA))])
