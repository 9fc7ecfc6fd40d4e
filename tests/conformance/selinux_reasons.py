"""Why SELinux refuses what log records tell of: the class of the reason, and the booleans.

`selinux/logs.jsonl.gz` has for each record what `audit2why` says.  Its DONTAUDIT counts permissions
that are granted, too; such cases are skipped, as are records with a permission that no class has
and a context that is not valid: it tells the context, and we the permission.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsmc.engine.verdict import UnknownName
from lsmc.explain.explanation import Explanation
from lsmc.modules.selinux.engine import Engine
from lsmc.modules.selinux.explain.explain import explain
from tests.conformance.result import Result
from tests.conformance.selinux_decisions import cases, policy

#: The reasons in the order in which they are told, by our obstacles.
_REASONS = {
    "invalid-subject": "BADSCON",
    "invalid-object": "BADTCON",
    "no-rule": "TERULE",
    "boolean": "TERULE",
    "constraint": "CONSTRAINT",
    "role": "RBAC",
    "bounds": "BOUNDS",
}


def run(folder: Path) -> Result:
    """Judge the reason for every record."""
    result = Result("selinux reasons")
    for case in cases(folder, "logs"):
        got = _reason(policy(folder, case["policy"]).engine, case["expected"])
        want = (case["reason"], sorted(case["data"]) if case["reason"] == "BOOLEAN" else [])
        unknown = got[0] == "BADPERM" and want[0] in ("BADSCON", "BADTCON")
        if unknown or (want[0] == "DONTAUDIT" and got[0] == "TERULE"):
            result.skipped.append(f"{case['id']}: {got}, not {want}")
        else:
            result.add(got == want, f"{case['id']}: {got}, not {want}")
    return result


def _reason(engine: Engine, record: Mapping[str, Any]) -> tuple[str, list[list[object]]]:
    """The reason in the words of `audit2why`, and the booleans one of which is enough."""
    request = {
        "subject": record["scontext"],
        "op": f"{record['class']}:{','.join(record['perms'])}",
        "object": record["tcontext"],
    }
    try:
        found = explain(engine, request)
    except UnknownName as fault:
        return ("BADTCLASS" if fault.what == "class" else "BADPERM"), []
    kinds = [one.kind for one in found.obstacles]
    single = _single(found)
    if single and not {"no-rule", "constraint", "role", "bounds"} & set(kinds):
        return "BOOLEAN", single
    if "dontaudit" in kinds and {"no-rule", "boolean"} & set(kinds):
        return "DONTAUDIT", []
    known = [reason for kind, reason in _REASONS.items() if kind in kinds]
    return (known or ["ALLOW"])[0], []


def _single(found: Explanation) -> list[list[object]]:
    """The booleans each of which would open it alone, with their values."""
    return sorted(
        [name, int(value)]
        for one in found.obstacles
        for way in one.settings
        if len(way) == 1
        for name, value in way.items()
    )
