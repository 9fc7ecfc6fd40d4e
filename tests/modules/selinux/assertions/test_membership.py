"""A neverallow that fails names the statements by which types are in its attributes."""

from __future__ import annotations

import pytest

from lsmc.base.diagnostics import PolicyError
from tests.modules.selinux.support import policy

POLICY = """(type web_t)(type script_t)(type shadow_t)
(typeattribute daemon)
(typeattribute base_typeattr_18)
(typeattribute rest)
(typeattributeset daemon (script_t))
(typeattributeset daemon (web_t))
(typeattributeset base_typeattr_18 (and daemon (not script_t)))
(typeattributeset rest (not daemon))
(macro writes ((type t)) (allow t shadow_t (file (write))))
"""


def notes(text: str) -> list[tuple[int | None, str]]:
    with pytest.raises(PolicyError) as fault:
        policy(POLICY + text)
    (one,) = fault.value.diagnostics
    assert one.name == "neverallow"
    return [(label.span.location().line, label.message) for label in one.related]


def test_through_attributes() -> None:
    """The rule, who copied it, and each step from the type to the attribute."""
    text = "(neverallow base_typeattr_18 shadow_t (file (write)))\n(call writes (web_t))"
    assert notes(text) == [
        (9, "`web_t` to `shadow_t`: file write"),
        (11, "copied here"),
        (7, "this puts `daemon` into `base_typeattr_18`"),
        (6, "this puts `web_t` into `daemon`"),
    ]


def test_by_what_is_left_out() -> None:
    """A type that is in an attribute as it is not in another; the rule's own attribute, too."""
    text = "(neverallow web_t rest (file (read)))\n(allow daemon shadow_t (file (read)))"
    assert notes(text) == [
        (11, "`web_t` to `shadow_t`: file read"),
        (8, "this puts `shadow_t` into `rest`"),
        (6, "this puts `web_t` into `daemon`"),
    ]
