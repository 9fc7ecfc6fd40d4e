"""Which text goes with a rule."""

from __future__ import annotations

import pytest

from lsmc.base.source import Source, Span
from lsmc.modules.apparmor.lint.removing import without


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("p {\n  /a r,\n  /x r,\n}\n", "p {\n  /a r,\n}\n"),
        ("p {\r\n  /a r,\r\n  /x r, # why\r\n}\r\n", "p {\r\n  /a r,\r\n}\r\n"),
        ("p { /a r, /x r, }", "p { /a r, }"),
        ("p { /a r,\n  /x r, }", "p { /a r,\n  }"),
        ("p {\n  /a r, /x r,\n}\n", "p {\n  /a r,\n}\n"),
        ("p {\n  # why\n  /x r,\n}\n", "p {\n}\n"),
        ("p {\n  /a r,\n\n  # why\n  /x r,\n}\n", "p {\n  /a r,\n}\n"),
        ("p {\n  /a r,\n\n  # why\n  /x r,\n\n  /b r,\n}\n", "p {\n  /a r,\n\n  /b r,\n}\n"),
        ("p {\n  # all\n  /x r,\n  /b r,\n}\n", "p {\n  # all\n  /b r,\n}\n"),
        ("p {\n  /a r,\n  # what\n  /x r,\n}\n", "p {\n  /a r,\n  # what\n}\n"),
        ("p {\n  #include <y>\n  /x r,\n}\n", "p {\n  #include <y>\n}\n"),
        ("# of the file\n/x r,\n\n/a r,\n", "# of the file\n\n/a r,\n"),
        ("/a r,\n/x r,", "/a r,\n"),
        ("/x r,", ""),
    ],
)
def test_a_rule_goes_with_what_is_about_it_alone(text: str, left: str) -> None:
    source = Source("t", text)
    at = text.index("/x r,")
    (edit,) = without(Span(source, at, at + 5), "").edits
    assert text[: edit.span.start] + edit.text + text[edit.span.end :] == left
