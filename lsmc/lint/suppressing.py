"""The edit that silences a finding by a comment, as `lsmc.lint.suppression` reads it."""

from __future__ import annotations

from lsmc.base.diagnostics import Diagnostic, Edit, Fix
from lsmc.base.source import Span
from lsmc.lint.suppression import MARK


def silencing(finding: Diagnostic, mark: str, *, behind: bool) -> Fix | None:
    """A comment that silences a finding; None for an error, and for what has no place.

    Args:
        finding: what is to be silenced.
        mark: what a comment begins with, in the language of the policy.
        behind: whether comments may stand behind other text; else one stands on the line before.
    """
    span = finding.span
    if span is None or finding.severity == "error" or not mark:
        return None
    title = f"silence {finding.code} {finding.name} here"
    source, text = span.source, span.source.text
    if not behind:
        start = text.rfind("\n", 0, span.start) + 1
        comment = f"{mark} lsmc: ignore[{finding.code}]\n"
        return Fix(title, (Edit(Span(source, start, start), comment),), safe=False)
    end = text.find("\n", max(span.start, span.end - 1))
    end = len(text) if end < 0 else end
    end -= text[:end].endswith("\r")
    known = MARK.search(text, text.rfind("\n", 0, end) + 1, end)
    if known is not None and known["word"] == "ignore" and known["codes"]:
        at = known.end("codes")
        return Fix(title, (Edit(Span(source, at, at), f", {finding.code}"),), safe=False)
    start = len(text[:end].rstrip(" \t"))
    comment = f"  {mark} lsmc: ignore[{finding.code}]"
    return Fix(title, (Edit(Span(source, start, end), comment),), safe=False)
