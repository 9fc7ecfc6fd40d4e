"""The check lines of a specification in Markdown: small policies and their outcome.

Lines stand in code blocks headed `aa`, several to a line, separated by `‖`.  `+` and `-` say that a
body is accepted or refused, `+|` and `-|` the same of a file, `=` and `#` that two policies decide
alike or not (`| ` before them makes them files), `>` that a body is accepted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lsmc.api import compile_text, diff
from lsmc.base.diagnostics import PolicyError
from lsmc.policy import Policy
from tests.conformance.result import Result

_BLOCK = re.compile(r"^```aa\n(.*?)^```", re.MULTILINE | re.DOTALL)
_REMARK = re.compile(r"‹[^›]*›")


def checks(text: str) -> Iterator[str]:
    """The checks of a specification, in order."""
    for block in _BLOCK.findall(text):
        for line in block.splitlines():
            yield from (part.strip() for part in line.split("‖") if part.strip())


def _policy(text: str, whole_file: bool, features: Path) -> Policy:
    text = _REMARK.sub("", text).strip().replace(" ↵ ", "\n").replace(" ↵", "\n")
    text = text if whole_file else f"profile p {{ {text} }}"
    end = "" if text.endswith("without newline") else "\n"
    return compile_text(text + end, name="check", base="/nonexistent", features=features)


def _accepted(text: str, whole_file: bool, features: Path) -> bool:
    try:
        _policy(text, whole_file, features)
    except PolicyError:
        return False
    return True


def judge(check: str, features: Path) -> bool:
    """Whether a check comes out as it says."""
    kind, rest = check[0], check[1:]
    if kind in "+-":
        whole = rest.startswith("|")
        return _accepted(rest[whole:], whole, features) == (kind == "+")
    if kind == ">":
        return _accepted(rest.split("⇒")[0], whole_file=False, features=features)
    left, right = re.split("[≡≢]", rest.strip(), maxsplit=1)
    whole = left.startswith("|")
    a, b = (_policy(text, whole, features) for text in (left.removeprefix("|"), right))
    return (not diff(a, b)) == (kind == "=")


def run(specification: Path, conformance: Path) -> Result:
    """Judge every check line."""
    features = conformance / "features" / "features.af_inet"
    result = Result("specification")
    for check in checks(specification.read_text()):
        try:
            right = judge(check, features)
            problem = check
        except PolicyError as fault:
            right, problem = False, f"{check}: {fault}"
        result.add(right, problem)
    return result
