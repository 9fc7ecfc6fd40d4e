"""Where programs run."""

from __future__ import annotations

import pytest

from tests.modules.tomoyo.support import A, asked, domain, opened


def runs_in(lines: str, program: str, exceptions: str = "", profile: int = 3) -> str | None:
    """The domain of a program, None where the execution fails."""
    verdict = asked(opened(domain(lines, profile=profile), exceptions), f"file execute {program}")
    assert verdict.allowed
    assert verdict.transition is not None
    return verdict.transition.target


@pytest.mark.parametrize(
    ("word", "target"),
    [
        ("", f"{A} /b"),
        ("keep", A),
        ("child", f"{A} /b"),
        ("parent", "<kernel>"),
        ("initialize", "<kernel> /b"),
        ("/c", f"{A} /c"),
        ("<kernel> /c /d", "<kernel> /c /d"),
        ("reset", None),
        ("<web> /c", None),
    ],
)
def test_words(word: str, target: str | None) -> None:
    assert runs_in(f"file execute /b {word}", "/b") == target


def test_the_pattern_that_matches_names_the_program() -> None:
    assert runs_in("file execute /\\*", "/b", "initialize_domain /b from any\n") == f"{A} /\\*"
    exceptions = "path_group G /b\npath_group G /\\$\n"
    assert runs_in("file execute @G", "/12", exceptions) == f"{A} /\\$"


@pytest.mark.parametrize(
    ("exceptions", "target"),
    [
        ("initialize_domain /b from any", "<kernel> /b"),
        ("initialize_domain /b from /bin/a", "<kernel> /b"),
        ("initialize_domain /b from /bin/x", f"{A} /b"),
        ("keep_domain any from <kernel> /bin/a", A),
        ("keep_domain any from any\ninitialize_domain any from any", "<kernel> /b"),
        ("no_initialize_domain /b from any\ninitialize_domain /b from any", f"{A} /b"),
        ("no_initialize_domain /b\ninitialize_domain /b\nkeep_domain any from any", A),
        ("no_keep_domain /b from any\nkeep_domain any from any", f"{A} /b"),
        ("reset_domain /b from any\ninitialize_domain /b from any", None),
        ("aggregator /\\* /c", None),
    ],
)
def test_lines_in_the_kernel_s_order(exceptions: str, target: str | None) -> None:
    if exceptions.startswith("aggregator"):
        assert runs_in("file execute /c", "/b", exceptions) == f"{A} /c"
    else:
        assert runs_in("file execute /b", "/b", exceptions) == target


def test_a_program_that_no_line_grants_has_its_own_name() -> None:
    assert runs_in("", "/b", "initialize_domain /b from any\n", profile=2) == "<kernel> /b"


def test_the_kernel_makes_a_domain_as_an_heir() -> None:
    exceptions = "acl_group 1 file read /etc/hosts\n"
    engine = opened(domain("use_group 1", "file execute /b"), exceptions)
    verdict = asked(engine, "file read /etc/hosts", f"{A} /b")
    assert verdict.allowed
    assert "the kernel makes this domain" in verdict.note
    assert not asked(engine, "file execute /b", f"{A} /b").allowed


def test_a_domain_whose_profile_is_not_defined_is_not_ready() -> None:
    profiles = "3-CONFIG={ mode=enforcing }\n"
    engine = opened(domain("file execute /b <kernel>"), profiles=profiles)
    verdict = asked(engine, "file execute /b")
    assert verdict.allowed
    assert verdict.transition is not None
    assert verdict.transition.target is None
    assert "ENOMEM" in verdict.note


@pytest.mark.parametrize(
    ("envp", "fails"), [(["A=1"], False), (["A=1", "B=2"], True), (["=x"], False), (["B"], True)]
)
def test_variables_are_asked_in_the_new_domain(envp: list[str], fails: bool) -> None:
    text = domain("file execute /b") + domain("misc env A", name=f"{A} /b")
    attributes = {"exec": {"realpath": "/b", "argc": 0, "envc": 1, "argv": [], "envp": envp}}
    verdict = asked(opened(text), "file execute /b", attributes=attributes)
    assert verdict.allowed
    assert verdict.transition is not None
    assert (verdict.transition.target is None) == fails
    assert ("`misc env B` is refused" in verdict.note) == fails
