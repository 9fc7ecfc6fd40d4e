"""The public API as people meet it: names, help, exceptions, and what a policy looks like."""

from __future__ import annotations

import inspect
import os
import pydoc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import lsmc

TEXT = "profile b /usr/bin/b { /a r, }\nprofile a { }\n"


def test_the_names_are_listed_and_exist() -> None:
    assert set(lsmc.__all__) <= set(dir(lsmc))
    assert {"Any", "TYPE_CHECKING", "annotations"}.isdisjoint(dir(lsmc))
    for name in lsmc.__all__:
        assert getattr(lsmc, name) is not None
    with pytest.raises(AttributeError, match="no attribute `comple`"):
        _ = lsmc.comple  # type: ignore[attr-defined]


def test_help_describes_what_there_is() -> None:
    text = pydoc.plain(pydoc.render_doc(lsmc))
    for name in (
        "compile(",
        "compile_text(",
        "load(",
        "check(",
        "diff(",
        "class Policy",
        "Verdict",
    ):
        assert name in text


def test_every_exception_that_is_exported_is_one_kind() -> None:
    found = [getattr(lsmc, name) for name in lsmc.__all__ if name != "__version__"]
    errors = [one for one in found if inspect.isclass(one) and issubclass(one, Exception)]
    assert len(errors) >= 8
    assert [one for one in errors if not issubclass(one, lsmc.Error)] == []


def test_a_policy_is_a_collection_of_names() -> None:
    policy = lsmc.compile_text(TEXT)
    assert repr(policy) == "<lsmc.Policy '<memory>': 2 profiles>"
    assert repr(lsmc.compile_text("profile a { }")) == "<lsmc.Policy '<memory>': 1 profile>"
    assert len(policy) == 2
    assert list(policy) == ["a", "b"] == list(policy.profiles)
    assert "a" in policy
    assert "c" not in policy
    assert 3 not in policy


def test_a_missing_file_is_one_error_everywhere(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    for opening in (lsmc.load, lsmc.compile):
        for path in (missing, str(missing)):
            with pytest.raises(lsmc.MissingFile) as caught:
                opening(path)
            fault = caught.value
            assert isinstance(fault, FileNotFoundError)
            assert isinstance(fault, lsmc.PolicyError)
            assert isinstance(fault, lsmc.Error)
            assert (fault.errno, fault.filename) == (2, str(missing))
            (diagnostic,) = fault.diagnostics
            assert diagnostic.code == "LSM087"
            assert str(missing) in str(fault)
    with pytest.raises(lsmc.MissingFile):
        lsmc.compile([tmp_path, missing])


def test_what_cannot_be_read_is_one_of_ours(tmp_path: Path) -> None:
    with pytest.raises(lsmc.UnreadableFile) as caught:
        lsmc.load(tmp_path)
    assert isinstance(caught.value, OSError)
    no_bundle = tmp_path / "no"
    no_bundle.write_bytes(b"text")
    with pytest.raises(lsmc.BundleError):
        lsmc.load(no_bundle)
    for context in ({"uid": "x"}, {"nothing": 1}):
        with pytest.raises(lsmc.Error):
            lsmc.compile_text(TEXT).query("a", "read", "/a", context=context)
    with pytest.raises(lsmc.Error):
        lsmc.check(tmp_path, select=["LSM9999"])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda _: lsmc.load(3), "a path is a text or a Path, not int"),
        (lambda _: lsmc.load(b"x"), "a path is a text or a Path, not bytes"),
        (lambda _: lsmc.compile(3), "a path is a text or a Path, not int"),
        (lambda _: lsmc.compile([3]), "a path is a text or a Path, not int"),
        (lambda _: lsmc.check(None), "a path is a text or a Path, not NoneType"),
        (lambda _: lsmc.compile_text(3), "a policy text is str or bytes, not int"),
        (lambda _: lsmc.diff("a", "b"), "diff compares two policies, not str: `lsmc.compile`"),
        (lambda p: lsmc.diff(p, "b"), "diff compares two policies, not str"),
        (lambda _: lsmc.Policy(3), "a bundle is bytes, not int"),
        (lambda p: p.permissions("a", "file", b"/a"), "`object` is a text"),
        (lambda p: p.permissions("a", "file", "/a", owner=None), "`owner` is true or false"),
        (lambda p: p.permissions("a", 3, "/a"), "`cls` is a text"),
        (lambda p: p.permissions("a", "network", "inet", type=None), "`type` is a text"),
        (lambda p: p.answer("a"), "a request is an object"),
        (lambda p: list(p.query_many(["a"])), "a request is an object"),
        (lambda p: list(p.query_many([{"op": "read"}])), "`subject` is a text"),
        (lambda p: p.save(3), "a path is a text or a Path, not int"),
    ],
)
def test_wrong_types_are_told_in_words(call: Any, words: str) -> None:
    with pytest.raises(TypeError) as caught:
        call(lsmc.compile_text(TEXT))
    assert str(caught.value).startswith(words)


def test_paths_may_be_paths(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text(TEXT)
    for paths in (file, str(file), [file], (os.fspath(file),), {file: 1}):
        assert len(lsmc.compile(paths)) == 2


def test_the_graph_is_at_hand() -> None:
    text = "profile a { /usr/bin/b Px, }\nprofile b /usr/bin/b { }\n"
    edges = lsmc.graph(lsmc.compile_text(text)).edges("a")
    assert [(edge.source, edge.target) for edge in edges] == [("a", "b")]


def test_a_log_is_explained(tmp_path: Path) -> None:
    record = (
        'type=AVC msg=audit(1600000000.000:1): apparmor="{}" operation="open" class="file" '
        'profile="{}" name="/etc/x" pid=1 comm="x" requested_mask="r" denied_mask="r" '
        "fsuid=0 ouid=0"
    )
    lines = (record.format("DENIED", "a"), record.format("ALLOWED", "c"), "nothing", "apparmor=x")
    log = tmp_path / "log"
    log.write_text("".join(f"{line}\n" for line in lines))
    policy = lsmc.compile_text("profile a { }\nprofile c flags=(complain) { }\n")
    found = lsmc.explain_log(policy, log)
    assert [one.status for one in found.diagnoses] == ["denied", "complain"]
    assert found.used + found.skipped + found.broken == len(lines)
    assert len(found.faults) == found.broken
    strict = lsmc.explain_log(policy, [log], enforce=True, profile="c")
    assert [one.status for one in strict.diagnoses] == ["denied"]
    assert lsmc.explain_log(policy, log, since=datetime.now(UTC)).diagnoses == ()
    with pytest.raises(lsmc.MissingFile):
        lsmc.explain_log(policy, tmp_path / "missing")
