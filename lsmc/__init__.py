"""lsmc: compile Linux security policy to decision tables, check it, and explain its decisions.

The names below are the public API.  They are imported when first used, so that starting up costs
only what is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lsmc.analysis.diff import Change as Change
    from lsmc.api import check as check
    from lsmc.api import compile as compile  # noqa: A004 - the contract's name
    from lsmc.api import compile_text as compile_text
    from lsmc.api import diff as diff
    from lsmc.api import load as load
    from lsmc.diagnostics import Diagnostic as Diagnostic
    from lsmc.diagnostics import PolicyError as PolicyError
    from lsmc.engine.verdict import Permissions as Permissions
    from lsmc.engine.verdict import RuleRef as RuleRef
    from lsmc.engine.verdict import UnknownName as UnknownName
    from lsmc.engine.verdict import Verdict as Verdict
    from lsmc.explain.explainer import Explanation as Explanation
    from lsmc.layers.context import Context as Context
    from lsmc.policy import Policy as Policy

__version__ = "0.1.0"

_HOME = {
    "Context": "lsmc.layers.context",
    "Diagnostic": "lsmc.diagnostics",
    "Explanation": "lsmc.explain.explainer",
    "Permissions": "lsmc.engine.verdict",
    "Policy": "lsmc.policy",
    "PolicyError": "lsmc.diagnostics",
    "RuleRef": "lsmc.engine.verdict",
    "UnknownName": "lsmc.engine.verdict",
    "Verdict": "lsmc.engine.verdict",
    "Change": "lsmc.analysis.diff",
    "check": "lsmc.api",
    "compile": "lsmc.api",
    "diff": "lsmc.api",
    "compile_text": "lsmc.api",
    "load": "lsmc.api",
}

__all__ = ["__version__", *sorted(_HOME)]  # noqa: PLE0604 - all are strings


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module `lsmc` has no attribute `{name}`")
    import importlib

    return getattr(importlib.import_module(_HOME[name]), name)
