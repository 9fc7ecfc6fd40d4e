"""TOMOYO: patterns against a plain reading of the kernel's comparison, and diff against answers."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from lsmc.modules.tomoyo.diff import diff
from lsmc.modules.tomoyo.evaluate import answer
from lsmc.modules.tomoyo.patterns import Glob
from tests.modules.tomoyo.support import asked, domain, opened

#: Pieces of patterns with the regular expressions that say the same of one component.
CHARACTER = r"(?:[^/\\]|\\\\|\\[0-3][0-7][0-7])"
PIECES = {
    "a": "a",
    "b": "b",
    "1": "1",
    ".": r"\.",
    r"\*": f"{CHARACTER}*",
    r"\@": r"(?:[^/\\.]|\\\\|\\[0-3][0-7][0-7])*",
    r"\?": CHARACTER,
    r"\$": "[0-9]+",
    r"\+": "[0-9]",
    r"\X": "[0-9a-fA-F]+",
    r"\A": "[a-zA-Z]+",
    r"\\": r"\\\\",
    r"\040": r"\\040",
}
components = st.lists(st.sampled_from(sorted(PIECES)), min_size=1, max_size=4)
names = st.lists(
    st.lists(
        st.sampled_from(["a", "b", "1", ".", r"\\", r"\040", r"\177"]), min_size=1, max_size=3
    ),
    min_size=1,
    max_size=3,
).map(lambda parts: "/" + "/".join(map("".join, parts)))


@settings(max_examples=400, deadline=None)
@given(st.lists(components, min_size=1, max_size=2), components, names)
def test_patterns_are_what_regular_expressions_say(
    folders: list[list[str]], last: list[str], name: str
) -> None:
    # the last component has a letter, so that it is no rest that the kernel ignores
    parts = [*folders, ["a", *last]]
    pattern = "/" + "/".join(map("".join, parts))
    expression = "/" + "/".join("".join(PIECES[one] for one in part) for part in parts)
    assert Glob(pattern).matches(name) == bool(re.fullmatch(expression, name))


CONDITIONS = ("", " task.uid=0", " task.uid!=0", " task.uid=1-5", " path1.uid=task.uid")
lines = st.builds(
    "file {} {}{}".format,
    st.sampled_from(("read", "read/write", "write")),
    st.sampled_from(("/a", "/b", r"/\a", r"/\*", r"/\*\-a", r"/\A")),
    st.sampled_from(CONDITIONS),
)
policies = st.lists(lines, max_size=3)


@settings(max_examples=200, deadline=None)
@given(policies, policies)
def test_diff_agrees_with_answers(old: list[str], new: list[str]) -> None:
    before, after = opened(domain(*old)), opened(domain(*new))
    changes = diff(before, after)
    for change in changes:
        assert change.witness is not None
        decided = [answer(one, change.witness).allowed for one in (before, after)]
        assert decided == [change.direction == "narrower", change.direction == "wider"]
    if changes:
        return
    for name in ("/a", "/b", "/ab", "/1"):
        for permission in ("read", "write"):
            for uid in (0, 1, 6):
                for owner in (0, 1):
                    known = {"task": {"uid": uid}, "path1": {"uid": owner}}
                    line = f"file {permission} {name}"
                    answers = [asked(one, line, attributes=known) for one in (before, after)]
                    assert answers[0].allowed == answers[1].allowed
