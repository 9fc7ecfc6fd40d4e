"""lsmc: compile Linux security policy to decision tables, check it, and explain its decisions.

    policy = lsmc.compile("/etc/apparmor.d")          # or compile_text, or load for a bundle
    policy.query("nginx", "read", "/etc/shadow")      # a Verdict, true when it is allowed
    policy.explain("nginx", "read", "/etc/shadow")    # why, and the rule that would allow it
    lsmc.explain_log(policy, "/var/log/audit/audit.log")  # the same for what a log tells of
    lsmc.check("/etc/apparmor.d")                     # what lint finds
    lsmc.diff(old, new)                               # what two policies decide differently
    lsmc.ModuleStack({"apparmor": one, "tomoyo": other})  # modules that are active together

The names of `__all__` are the public API; what lsmc raises is an `lsmc.Error`, or a TypeError for
an argument of the wrong type.  They are imported when first used, so that starting up costs only
what is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsmc.version import __version__

if TYPE_CHECKING:
    from lsmc.analysis.change import Change as Change
    from lsmc.analysis.graph import Graph as Graph
    from lsmc.api import LogExplanation as LogExplanation
    from lsmc.api import check as check
    from lsmc.api import compile as compile  # noqa: A004 - the contract's name
    from lsmc.api import compile_text as compile_text
    from lsmc.api import diff as diff
    from lsmc.api import explain_log as explain_log
    from lsmc.api import graph as graph
    from lsmc.api import load as load
    from lsmc.automata.dfa import StateLimit as StateLimit
    from lsmc.base.diagnostics import Diagnostic as Diagnostic
    from lsmc.base.diagnostics import MissingFile as MissingFile
    from lsmc.base.diagnostics import PolicyError as PolicyError
    from lsmc.base.diagnostics import UnreadableFile as UnreadableFile
    from lsmc.base.errors import Error as Error
    from lsmc.engine.permissions import Permissions as Permissions
    from lsmc.engine.verdict import RequestError as RequestError
    from lsmc.engine.verdict import RuleRef as RuleRef
    from lsmc.engine.verdict import UnknownName as UnknownName
    from lsmc.engine.verdict import Verdict as Verdict
    from lsmc.explain.explanation import Explanation as Explanation
    from lsmc.module_stack import ModuleStack as ModuleStack
    from lsmc.policy import Policy as Policy
    from lsmc.stack.context import Context as Context
    from lsmc.stack.context import ContextError as ContextError
    from lsmc.tables.errors import BundleError as BundleError

_HOME = {
    "BundleError": "lsmc.tables.errors",
    "ContextError": "lsmc.stack.context",
    "Error": "lsmc.base.errors",
    "Graph": "lsmc.analysis.graph",
    "MissingFile": "lsmc.base.diagnostics",
    "StateLimit": "lsmc.automata.dfa",
    "RequestError": "lsmc.engine.verdict",
    "UnreadableFile": "lsmc.base.diagnostics",
    "Context": "lsmc.stack.context",
    "Diagnostic": "lsmc.base.diagnostics",
    "Explanation": "lsmc.explain.explanation",
    "Permissions": "lsmc.engine.permissions",
    "ModuleStack": "lsmc.module_stack",
    "Policy": "lsmc.policy",
    "PolicyError": "lsmc.base.diagnostics",
    "RuleRef": "lsmc.engine.verdict",
    "UnknownName": "lsmc.engine.verdict",
    "Verdict": "lsmc.engine.verdict",
    "Change": "lsmc.analysis.change",
    "check": "lsmc.api",
    "compile": "lsmc.api",
    "diff": "lsmc.api",
    "compile_text": "lsmc.api",
    "explain_log": "lsmc.api",
    "graph": "lsmc.api",
    "LogExplanation": "lsmc.api",
    "load": "lsmc.api",
}

__all__ = ["__version__", *sorted(_HOME)]  # noqa: PLE0604 - all are strings


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module `lsmc` has no attribute `{name}`")
    import importlib

    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__all__", "__doc__", "__file__", "__name__", "__path__"]
