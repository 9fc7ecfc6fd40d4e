"""Hostile policy: bounded depth, bounded size, one clear diagnostic."""

from __future__ import annotations

import pytest

from lsmc.api import compile_text
from lsmc.diagnostics import PolicyError


def names(text: str) -> list[str]:
    """The names of the errors of a policy."""
    with pytest.raises(PolicyError) as caught:
        compile_text(text, base="/nonexistent")
    return [d.name for d in caught.value.diagnostics]


def test_deep_blocks_are_refused() -> None:
    """Blocks nest to a limit, not to the end of the stack."""
    body = "owner { " * 500 + "/a r, " + "} " * 500
    assert "nested-too-deeply" in names(f"profile p {{ {body} }}\n")


def test_deep_profiles_are_refused() -> None:
    """So do profiles."""
    text = "".join(f"profile p{n} {{\n" for n in range(300)) + "}\n" * 300
    assert "nested-too-deeply" in names(text)


def test_deep_alternations_are_refused() -> None:
    """And alternations, which the compiler limits too."""
    glob = "/a" + "{b," * 60 + "c" + "}" * 60
    assert names(f'profile p {{ "{glob}" r, }}\n') == ["bad-alternation"]


def test_a_variable_that_multiplies_is_refused() -> None:
    """A product of values that no policy needs stops with the variable's name."""
    lines = ["@{V0}=a b c d e f g h i j"]
    lines += [f"@{{V{n}}}=@{{V{n - 1}}}@{{V{n - 1}}}" for n in range(1, 12)]
    text = "\n".join(lines) + "\nprofile p { /@{V11} r, }\n"
    assert names(text) == ["too-complex"]


def test_a_pattern_that_explodes_is_refused() -> None:
    """A pattern whose table needs more states than any may have names its rule."""
    glob = "/**a" + "[ab]" * 24
    assert names(f"profile p {{ {glob} r, }}\n") == ["too-complex"]


def test_thousands_of_rules_compile() -> None:
    """Size alone is no reason to refuse."""
    rules = "\n".join(f"  /srv/{n}/{n % 7}* r," for n in range(2000))
    policy = compile_text(f"profile p {{\n{rules}\n}}\n")
    assert policy.query("p", "read", "/srv/1999/4x").allowed
    assert not policy.query("p", "read", "/srv/1999/5x").allowed


def test_an_escaped_comma_in_a_class_ends() -> None:
    """`[\\,]` is a comma, where a compiler is known to loop."""
    policy = compile_text("profile p { /a[\\,b] r, }\n")
    assert policy.query("p", "read", "/a,").allowed
    assert policy.query("p", "read", "/ab").allowed
