"""Hostile policy: bounded depth, bounded size, one clear diagnostic."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsmc import api
from lsmc.api import check, compile_text
from lsmc.base.diagnostics import PolicyError


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


def test_values_shared_by_many_variables_are_worked_out_once() -> None:
    """Two references a line would double the work with each line."""
    lines = ["@{V0}=a"] + [f"@{{V{n}}}=@{{V{n - 1}}} x@{{V{n - 1}}}" for n in range(1, 60)]
    policy = compile_text("\n".join(lines) + "\nprofile p { /@{V59} r, }\n")
    assert policy.query("p", "read", "/" + "x" * 59 + "a").allowed
    assert not policy.query("p", "read", "/" + "x" * 60 + "a").allowed


def test_a_fault_at_the_end_of_a_chain_is_found_once() -> None:
    """What cannot be expanded is remembered as well."""
    lines = ["@{V0}=@{NO}"] + [f"@{{V{n}}}=@{{V{n - 1}}} x@{{V{n - 1}}}" for n in range(1, 60)]
    text = "\n".join(lines) + "\nprofile p { /@{V59} r, /@{V58} r, }\n"
    assert names(text) == ["undeclared-variable"] * 2


def test_a_chain_of_variables_may_be_long() -> None:
    """Neither the stack of Python nor the order of use bounds it."""
    lines = ["@{V0}=a"] + [f"@{{V{n}}}=@{{V{n - 1}}}" for n in range(1, 3000)]
    policy = compile_text("\n".join(lines) + "\nprofile p { /@{V2999} r, }\n")
    assert policy.query("p", "read", "/a").allowed


@pytest.mark.parametrize("used", ["ABCD", "DCBA", "CADB"])
def test_every_variable_of_a_cycle_is_named_for_itself(used: str) -> None:
    """Cycles that share a variable: what is said of each does not depend on the order of use."""
    text = "@{A}=@{B}\n@{B}=@{A} @{C}\n@{C}=@{B}\n@{D}=x@{D}\n@{E}=@{C}\n"
    rules = "".join(f"/@{{{name}}} r,\n" for name in used)
    with pytest.raises(PolicyError) as caught:
        compile_text(f"{text}profile p {{\n{rules}/@{{E}} r,\n}}\n")
    assert [(d.name, d.message) for d in caught.value.diagnostics] == [
        ("recursive-variable", f"`@{{{name}}}` refers to itself") for name in f"{used}C"
    ]


def test_a_text_that_doubles_is_refused() -> None:
    """One value each, twice as long each time."""
    lines = ["@{V0}=abcdefgh"] + [f"@{{V{n}}}=@{{V{n - 1}}}@{{V{n - 1}}}" for n in range(1, 40)]
    assert names("\n".join(lines) + "\nprofile p { /@{V39} r, }\n") == ["too-complex"]


@pytest.mark.parametrize(
    "text",
    [
        "@{V}=" + " ".join(f"v{n}" for n in range(2000)) + "\nprofile p {\nRULES}\n",
        "".join(f"alias /a -> /b{n},\n" for n in range(2000)) + "profile p {\nRULES}\n",
        "@{W}=" + " ".join(f"v{n}" for n in range(2000)) + "\nLINES" + "profile p { RULES }",
    ],
    ids=["values in rules", "aliases of rules", "values in variables"],
)
def test_what_rules_and_variables_make_together_is_bounded(text: str) -> None:
    """Many rules, each of a text that becomes a thousand times as long: one budget for a run."""
    rule = "/@{V%d}/a r,\n" if "LINES" in text else "/a/@{V}/%d r,\n"
    text = text.replace("RULES", "".join(rule % n for n in range(1000)))
    text = text.replace("LINES", "".join(f"@{{V{n}}}=@{{W}}x\n" for n in range(1000)))
    found = names(text if "@{V}=" in text else f"@{{V}}=x\n{text}")
    assert set(found) == {"too-complex"}
    assert len(found) < 1000


def test_hints_among_many_names_take_no_time() -> None:
    """The closest of thousands of names is not looked for letter by letter."""
    many = "".join(f"@{{NAME{n}}}=a\n" for n in range(1500))
    with pytest.raises(PolicyError) as caught:
        compile_text(f"{many}@{{RUNTIME}}=b\nprofile p {{ /@{{RUNTIMES}} r, }}\n")
    assert "`RUNTIME`" in caught.value.diagnostics[0].help


def test_a_pattern_that_explodes_is_refused() -> None:
    """A pattern whose table needs more states than any may have names its rule."""
    glob = "/**a" + "[ab]" * 24
    assert names(f"profile p {{ {glob} r, }}\n") == ["too-complex"]


def test_thousands_of_rules_compile() -> None:
    """Size alone is not a reason to refuse."""
    rules = "\n".join(f"  /srv/{n}/{n % 7}* r," for n in range(2000))
    policy = compile_text(f"profile p {{\n{rules}\n}}\n")
    assert policy.query("p", "read", "/srv/1999/4x").allowed
    assert not policy.query("p", "read", "/srv/1999/5x").allowed


def test_an_escaped_comma_in_a_class_ends() -> None:
    """`[\\,]` is a backslash and a comma, where a compiler is known to loop."""
    policy = compile_text("profile p { /a[\\,b] r, }\n")
    assert policy.query("p", "read", "/a,").allowed
    assert policy.query("p", "read", "/a\\").allowed
    assert policy.query("p", "read", "/ab").allowed


def test_an_attachment_that_explodes_is_refused() -> None:
    """As the pattern of a rule."""
    assert names(f"profile p /**a{'[ab]' * 24} {{ /a r, }}\n") == ["too-complex"]


def test_patterns_that_explode_share_one_budget(tmp_path: Path) -> None:
    """Each may have its 30,000 states by itself; the number of processes does not show."""
    for number in range(10):
        text = f"profile p{number} {{ /**a{'?' * 14}{number} r, }}\n"
        (tmp_path / f"p{number}").write_text(text)
    told = []
    for jobs in (1, 2):
        with pytest.raises(PolicyError) as caught:
            api.compile([tmp_path], base=tmp_path, jobs=jobs)
        told.append([(d.name, d.message, d.file) for d in caught.value.diagnostics])
    assert told[0] == told[1]
    assert [name for name, _, _ in told[0]] == ["too-complex"]
    assert "states that it may have here" in told[0][0][1]


def test_lint_tells_of_some_patterns_that_explode(tmp_path: Path) -> None:
    """Also of several, and the checks go on without their profiles."""
    text = "".join(f"profile p{n} {{ /**a{'[ab]' * 24}{n} r, }}\n" for n in range(3))
    (tmp_path / "p").write_text(f"{text}profile good {{ /a r, /a r, }}\n")
    found = check([tmp_path / "p"], base=tmp_path, jobs=1)
    assert [d.name for d in found].count("too-complex") == 3
    assert "duplicate-rule" in {d.name for d in found}


def test_a_pattern_whose_states_hold_much_is_refused() -> None:
    """Few states, but each with thousands of places of the pattern."""
    assert names("profile p { /" + "*a" * 3500 + " r, }\n") == ["too-complex"]
