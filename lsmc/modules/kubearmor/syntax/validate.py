"""Checks nodes of YAML against what a document may hold: one diagnostic a fault, at its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsmc.base.diagnostics import Diagnostic, Edit, Fix
from lsmc.base.errors import close_words, did_you_mean
from lsmc.modules.kubearmor.syntax.nodes import Node
from lsmc.modules.kubearmor.syntax.schema import Field

_QUOTE = "write it in quotes"
_ADMISSION = "an API server refuses the document; a machine without one takes it"
_ARTICLE = {"object": "an", "array": "an", "integer": "an"}


def validate(node: Node, allowed: Field, name: str) -> Iterator[Diagnostic]:
    """The faults of a value: errors for types and missing fields, warnings for what is refused."""
    if node.kind == "null":
        return  # as if it were not written
    if node.kind != allowed.kind:
        wanted = f"{_ARTICLE.get(allowed.kind, 'a')} {allowed.kind}"
        found = f"{_ARTICLE.get(node.kind, 'a')} {node.kind}"
        quoted = allowed.kind == "string" and node.kind not in ("object", "array")
        message = f"`{name}` is {wanted}, not {found}"
        yield Diagnostic("LSM802", "type", "error", message, node.span, _QUOTE * quoted)
        return
    if node.kind == "array" and allowed.item is not None:
        for item in node.items:
            yield from validate(item, allowed.item, name)
    elif node.kind == "object":
        yield from _object(node, allowed, name)
    else:
        yield from _scalar(node, allowed, name)


def _object(node: Node, allowed: Field, name: str) -> Iterator[Diagnostic]:
    for key, value in node.members:
        known = allowed.fields.get(key.text, allowed.others)
        if known is None:
            yield Diagnostic(
                "LSM810",
                "unknown-field",
                "warning",
                f"`{name}` has no field `{key.text}`: KubeArmor does not see it",
                key.span,
                did_you_mean(key.text, allowed.fields),
                fix=_written(key, close_words(key.text, allowed.fields, most=1)),
            )
        elif known.kind != "null":
            yield from validate(value, known, key.text)
    for one in allowed.required:
        member = node.get(one)
        if member is None or member.kind == "null" or (member.kind == "string" and not member.text):
            message = f"`{name}` lacks `{one}`"
            yield Diagnostic("LSM803", "missing-field", "error", message, node.span)


def _scalar(node: Node, allowed: Field, name: str) -> Iterator[Diagnostic]:
    text = node.text
    if allowed.longest is not None and len(text.encode("utf-8", "replace")) > allowed.longest:
        message = f"`{name}` has more than {allowed.longest} bytes"
        yield Diagnostic("LSM805", "too-large", "error", message, node.span)
    elif allowed.words and text not in allowed.words:
        words = ", ".join(f"`{word}`" for word in allowed.words)
        meant = [word for word in allowed.words if word.lower() == text.lower()]
        yield _refused(node, f"`{name}` is one of {words}, not `{text}`", _written(node, meant))
    elif allowed.form is not None and not allowed.form.search(text):
        yield _refused(node, f"`{text}` is no `{name}` that the API server admits")
    elif node.kind == "integer" and not _within(text, allowed):
        wanted = f"a whole number from {allowed.least} to {allowed.most}"
        yield _refused(node, f"`{name}` is {wanted}, not `{text}`")


def _within(text: str, allowed: Field) -> bool:
    if allowed.least is None or allowed.most is None:
        return True
    return text.isdecimal() and allowed.least <= int(text[:9]) <= allowed.most


def _written(node: Node, words: Sequence[str]) -> Fix | None:
    """The fix that writes a word in place of a plain one; it changes what the policy does."""
    if not words or node.span.text != node.text:
        return None
    return Fix(f"write `{words[0]}`", (Edit(node.span, words[0]),), safe=False)


def _refused(node: Node, message: str, fix: Fix | None = None) -> Diagnostic:
    return Diagnostic("LSM811", "refused-value", "warning", message, node.span, _ADMISSION, fix=fix)
