"""However a text came about, what is found in it is what lint finds in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lsmc.base.diagnostics import Diagnostic
from lsmc.compiler.inputs import Options, OverlaidFiles
from lsmc.lint.config import Config
from lsmc.lint.run import Linter
from lsmc.lint.setup import Setup
from lsmc.modules.registry import module_named
from lsmc.server.documents import Documents
from lsmc.server.positions import Range, Text
from lsmc.server.session import Session
from tests.places import PROFILES

#: What is put into texts: pieces of the languages, and what breaks them.
PIECES = st.sampled_from(
    [
        *("", " ", "\n", ",", "{", "}", '"', "#", "@{X}", "@{HOME}", "/etc/** rw,", "deny ", "\0"),
        *("\n  capability chown,\n", "include <abstractions/base>\n", "ä𝄞", "\r\n", "Px -> ", "("),
        *(")", "(allow web.process_t ", "(type x_t)", "<kernel> /bin/sh\n", "file read /x\n", "- "),
    ]
)
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 30), PIECES), min_size=1, max_size=5)


def said(found: list[Diagnostic]) -> list[str]:
    return sorted(f"{one} {one.span and one.span.end} {one.related}" for one in found)


def fresh(path: Path, data: bytes, module: str, base: str) -> list[str]:
    """What lint finds in a text, from nothing."""
    make = module_named(module).lint
    assert make is not None
    lint = make()
    documents = Documents()
    documents.open(path.as_uri(), module, 1, data.decode("utf-8", "surrogatepass"))
    session = Session(lambda *_: None, lambda _: None)
    session.desk.close()
    session.documents = documents
    page = session.page(str(path))
    assert page is not None
    judged = page.scope
    files = OverlaidFiles({str(path): data, **judged.texts})
    read = lint.reader(Options(base=base), files, None)
    included = str(path) not in judged.paths
    paths = judged.paths
    text = next(((one, judged.texts[one]) for one in paths if one in judged.texts), None)
    if text is None and module == "apparmor":
        text = str(path), data
    if text is not None:
        read = lint.reader(Options(base=base), files, text)
    selected = Setup(Config()).selected(lint)
    linter = Linter(read, selected, lint, Config(), included=included)
    return said(
        [
            one
            for one in linter.lint(paths).findings
            if one.file not in judged.texts
            and (one.severity == "error" or one.file in (None, str(path)))
        ]
    )


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("nginx", "apparmor"),
        ("abstractions/base", "apparmor"),
        ("tunables/global", "apparmor"),
        ("selinux/web.cil", "selinux"),
        ("tomoyo/domain_policy.conf", "tomoyo"),
        ("smack/accesses", "smack"),
    ],
)
@settings(
    max_examples=6,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),  # each example lints several times
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(edits=EDITS)
def test_edits_one_by_one_find_what_lint_finds_in_the_last_text(
    name: str, module: str, edits: list[tuple[float, int, str]]
) -> None:
    path = PROFILES / name
    found: list[Diagnostic] = []

    def publish(_: str, __: Mapping[str, int], some: dict[str, list[Diagnostic]]) -> None:
        found[:] = [one for listed in some.values() for one in listed]

    faults: list[str] = []
    session = Session(publish, faults.append)
    session.desk.close()  # here the work is done at once
    document = session.documents.open(path.as_uri(), module, 1, path.read_text())
    session.judge_now(document.path)
    for number, (where, length, new) in enumerate(edits, 2):
        text: Text = document.text
        start = int(where * len(text.data))
        change = Range(text.position(start), text.position(min(len(text.data), start + length)))
        changed = session.documents.change(document.uri, number, [(change, new)])
        assert changed is not None
        document = changed
        session.judge_now(document.path)
    base = str(PROFILES) if module == "apparmor" else "/etc/apparmor.d"
    assert said(found) == fresh(path, document.text.data, module, base)
    assert not faults
