"""Fingerprints of findings that stay the same when lines shift, as code hosts need them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.text import encode
from lsmc.output.report import LintReport


def fingerprints(report: LintReport) -> Iterator[tuple[Diagnostic, str]]:
    """Each finding with its fingerprint.

    That is its code, file, profile and text, and a number among equal ones.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    for found in report.findings:
        span = found.span
        file = report.named(span.source.path) if span is not None else ""
        text = " ".join(span.text.split()) if span is not None else ""
        key = (found.code, file, found.profile or "", text)
        seen[key] += 1
        data = encode("\0".join((*key, str(seen[key]))))
        yield found, hashlib.sha256(data).hexdigest()
