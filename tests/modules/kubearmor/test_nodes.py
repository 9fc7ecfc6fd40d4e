"""YAML as nodes: places, aliases, and what is refused."""

from __future__ import annotations

import builtins
from typing import Any

import pytest

from lsmc.base.diagnostics import PolicyError
from lsmc.base.source import Source
from lsmc.modules.kubearmor.syntax.nodes import MAX_DEPTH, Node, documents


def parsed(text: str) -> list[Node]:
    return list(documents(Source.from_bytes("a.yaml", text.encode())))


def refused(data: bytes) -> str:
    with pytest.raises(PolicyError) as caught:
        list(documents(Source.from_bytes("a.yaml", data)))
    (one,) = caught.value.diagnostics
    return str(one)


def test_each_value_has_its_kind_and_place() -> None:
    (node,) = parsed("a: [1, yes, ~, 2.5, 'x']\nb:\n  c: ä ö\n  d: e\n")
    assert [one.kind for one in node.members[0][1].items] == [
        *("integer", "boolean", "null", "number", "string")
    ]
    inner = node.members[1][1]
    assert inner.span.location()[1:] == (3, 3, 4, 7)
    assert inner.members[0][1].span.location()[1:] == (3, 6, 3, 9)


def test_a_byte_order_mark_moves_no_place() -> None:
    (node,) = parsed("\ufeffa: b\nc: d\n")
    assert node.members[1][1].span.location()[1:3] == (2, 4)
    assert node.members[1][1].span.text == "d"


def test_documents_are_apart_and_may_be_empty() -> None:
    assert [one.kind for one in parsed("a: 1\n---\n---\nb: 2\n")] == ["object", "null", "object"]


def test_an_alias_is_the_node_that_it_names() -> None:
    (node,) = parsed("a: &x {b: 1}\nc: *x\n")
    assert node.members[0][1] is node.members[1][1]


def test_a_merge_key_gives_what_is_not_there() -> None:
    (node,) = parsed("a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  b: 3\n")
    merged = node.members[1][1]
    assert {key.text: value.text for key, value in merged.members} == {"b": "3", "c": "2"}


def test_anchors_end_with_their_document() -> None:
    assert "no anchor" in refused(b"a: &x 1\n---\nb: *x\n") or "undefined" in refused(
        b"a: &x 1\n---\nb: *x\n"
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"a: 1\nb: 2\na: 3\n", "a.yaml:3:1: error: the key `a` stands twice [LSM801]"),
        (b"a: [1, 2\n", "a.yaml:2:1: error: not YAML: "),
        (b"a: \xff\n", "a.yaml:1:4: error: not UTF-8"),
        (b"a: \x01\n", "a.yaml:1:4: error: not YAML: "),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "levels of nesting"),
        (b"? [a]\n: b\n", "a.yaml:1:3: error: a key is a text"),
        (b"a: *b\n", "b"),
        (b"<<: 1\n", "`<<` names an object"),
    ],
)
def test_what_is_refused_is_told_with_its_place(data: bytes, words: str) -> None:
    assert words in refused(data)


def test_repetition_by_aliases_is_bounded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "with each alias written out" in refused("\n".join(lines).encode())


def test_many_keys_take_no_square_of_time() -> None:
    (node,) = parsed("".join(f"k{number}: v\n" for number in range(20_000)))
    assert len(node.members) == 20_000


def test_a_missing_library_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "yaml":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    assert "pip install 'lsmc[kubearmor]'" in refused(b"a: 1\n")
