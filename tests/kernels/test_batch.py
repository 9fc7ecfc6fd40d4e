"""Answers by the node that a path leads to, in both forms of the kernel."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lsmc.kernels
from lsmc.kernels import batch
from lsmc.kernels.walk import is_real_path


def _uncompiled() -> ModuleType:
    file = Path(lsmc.kernels.__file__).with_name("batch.py")
    spec = importlib.util.spec_from_file_location("uncompiled_batch", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FORMS = (batch, _uncompiled())
PATHS = st.lists(st.sampled_from(("/", "a", "b", ".", "\xe9", "\0")), max_size=7).map("".join)


class Letters:
    """A matcher whose nodes are the letters of a key, sorted: different paths meet."""

    def __init__(self) -> None:
        self.forgot = 0

    def walk(self, key: bytes) -> bytes:
        return bytes(sorted(key))

    def step(self, node: bytes, byte: int) -> bytes:
        return bytes(sorted((*node, byte)))

    def forget(self) -> None:
        self.forgot += 1


@pytest.mark.parametrize("form", FORMS)
@given(paths=st.lists(PATHS, max_size=12))
def test_paths_of_one_node_have_one_number(form: Any, paths: Iterable[str]) -> None:
    matcher = Letters()
    nodes = form.PathNodes(matcher, b"\1")
    numbers: dict[bytes, int] = {}
    for path in paths:
        data = path.encode()
        found = nodes.find(data)
        if is_real_path(data):
            assert numbers.setdefault(matcher.walk(data), found) == found >= 0
        else:
            assert found < 0
    assert len(set(numbers.values())) == len(numbers)


@pytest.mark.parametrize("form", FORMS)
@given(paths=st.lists(PATHS, max_size=12))
def test_an_answer_is_asked_once_for_each_node_and_shape(form: Any, paths: list[str]) -> None:
    asked: list[dict[str, Any]] = []

    def ask(request: dict[str, Any]) -> object:
        asked.append(request)
        return sorted(request["object"]), request.get("owner")

    matcher = Letters()
    nodes = form.PathNodes(matcher, b"\1")
    plain = {
        ("s", "read", None, None, False, 4): form.PathAnswers(nodes),
        ("s", "read", None, None, True, 3): form.PathAnswers(nodes),
    }
    requests = [
        {"subject": "s", "op": "read", "object": path, **owner}
        for path in paths
        for owner in ({}, {"owner": True}, {"owner": False})
    ]
    found = list(form.answers(requests, plain, ask, ask))
    assert found == [(sorted(one["object"]), one.get("owner")) for one in requests]
    real = [path for path in paths if is_real_path(path.encode())]
    distinct = {"".join(sorted(path)) for path in real}
    assert len(asked) == 3 * (len(distinct) + len(paths) - len(real))


@pytest.mark.parametrize("form", FORMS)
def test_what_is_kept_is_bounded(form: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    matcher = Letters()
    monkeypatch.setattr(form, "MAX_NODES", 20)
    nodes = form.PathNodes(matcher, b"\1")
    kept = nodes.kept()
    highest = 0
    for number in range(200):
        at = nodes.find(b"/" + b"a" * number)
        highest = max(highest, at)
        kept.extend([None] * (at + 1 - len(kept)))
        assert nodes.find(b"/" + b"a" * number) >= 0
    assert highest < 300
    assert len(kept) < 300
