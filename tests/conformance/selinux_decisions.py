"""What SELinux policies decide, beside the answers of kernels.

`query-debian` and `query-random` hold access vectors, new labels, contexts and changes of labels,
`labels-debian` the labels of objects, ports and file systems, `xperm` calls of `ioctl`, `compile`
what a small policy grants to each pair of its types.
"""

from __future__ import annotations

import gzip
import json
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import lsmc
from lsmc.base.errors import Error
from lsmc.engine.verdict import Verdict
from lsmc.policy import Policy
from tests.conformance.result import Result

Case = Mapping[str, Any]

#: Bundles of Debian's policies, and the archive of each.
_ARCHIVES = {
    "debian": "debian-cil.tar.xz",
    "debian-mls": "debian-mls-cil.tar.xz",
    "debian-medium": "medium-cil.tar.xz",
}
#: The policies were compiled with `secilc -N`.
_UNCHECKED = {"no-neverallow": "yes"}
#: Edits of a policy that change nothing which is decided.
_REWRITES = frozenset(("comment", "reorder", "dup-allow", "covered-allow", "unfold-attr"))


def cases(folder: Path, name: str) -> Iterator[Case]:
    """The cases of a suite."""
    with gzip.open(folder / "conformance" / "selinux" / f"{name}.jsonl.gz", "rt") as lines:
        yield from map(json.loads, lines)


@cache
def policy(folder: Path, name: str) -> Policy:
    """A policy by its name in the cases."""
    archive = _ARCHIVES.get(name)
    if archive is None:
        source = folder / "conformance" / "selinux" / "policies" / f"{name}.cil"
        return lsmc.compile([str(source)], module="selinux", settings=_UNCHECKED)
    with tempfile.TemporaryDirectory() as place:
        with tarfile.open(folder / "corpora" / "selinux" / archive) as files:
            files.extractall(place, filter="data")
        return lsmc.compile(sorted(map(str, Path(place).iterdir())), module="selinux")


def queries(folder: Path, name: str) -> Result:
    """Judge every case of `query-debian` or `query-random`."""
    return _run(folder, name, cases(folder, name), _ASK)


def labels(folder: Path) -> Result:
    """Judge the labels of objects, ports and file systems."""
    found = (case for case in cases(folder, "labels-debian") if case["what"] != "path")
    return _run(folder, "labels-debian", found, _ASK)


def _run(
    folder: Path, name: str, found: Iterator[Case], ask: Mapping[str, Callable[[Policy, Case], str]]
) -> Result:
    result = Result(f"selinux {name}")
    for case in found:
        what = case.get("what", "av")
        problem = ask[what](policy(folder, case["policy"]), case)
        result.add(not problem, f"{case['id']}: {problem}")
    return result


def _wrong(got: Mapping[str, object], want: Mapping[str, object]) -> str:
    found = {name: (got[name], want[name]) for name in want if got[name] != want[name]}
    return f"got and wanted are {found}" if found else ""


def _vector(opened: Policy, case: Case) -> str:
    op = f"{case['class']}:{','.join(case['perms'])}"
    words = (case["scontext"], op, case["tcontext"])
    verdict = opened.enforced.query(*words, booleans=case["booleans"])
    if not case["valid"]:
        return "" if verdict.decision == "invalid-context" else f"taken for valid: {verdict}"
    found = opened.permissions(
        case["scontext"], case["class"], case["tcontext"], booleans=case["booleans"]
    )
    lax = opened.query(*words, booleans=case["booleans"])
    quiet = set(case["denied"]) <= set(case["dontaudit"])
    logged = case["perms"] if case["allowed"] else ()
    return _wrong(
        {
            "allowed": verdict.allowed,
            "granted": sorted(found.allow),
            "auditallow": sorted(found.audit),
            "dontaudit": sorted(found.quiet),
            "denied": sorted(verdict.missing),
            "permissive": lax.decision == "permissive",
            "audited": verdict.audited,
        },
        {
            "allowed": case["allowed"],
            "granted": sorted(case["granted"]),
            "auditallow": sorted(case["auditallow"]),
            "dontaudit": sorted(case["dontaudit"]),
            "denied": sorted(case["denied"]),
            "permissive": case["permissive"] and not case["allowed"],
            "audited": bool({*logged} & {*case["auditallow"]}) if case["allowed"] else not quiet,
        },
    )


def _new_label(opened: Policy, case: Case) -> str:
    words = (case["scontext"], case["tcontext"], case["class"], case["name"])
    try:
        label = opened.label(case["what"], *words, booleans=case.get("booleans"))
    except Error as fault:
        return f"{fault}" if case["valid"] else ""
    valid = label is not None and label.valid
    return _wrong(
        {"result": label, "valid": valid},
        {"result": case["result"], "valid": case.get("result_valid", False)},
    )


def _context(opened: Policy, case: Case) -> str:
    try:
        label = opened.label("context", object=case["context"])
    except Error as fault:
        return f"{fault}" if case["valid"] else ""
    return _wrong({"canonical": label}, {"canonical": case["canonical"]})


def _change(opened: Policy, case: Case) -> str:
    words = (case["old"], case["new"], case["task"], case["class"])
    verdict: Verdict = opened.validate_transition(*words)
    return _wrong(
        {"valid": verdict.decision != "invalid-context", "allowed": verdict.allowed},
        {"valid": case["valid"], "allowed": case["allowed"]},
    )


def _port(opened: Policy, case: Case) -> str:
    label = opened.label("port", object=":".join(case["ask"]))
    return _wrong({"result": label}, {"result": case["result"]})


def _genfs(opened: Policy, case: Case) -> str:
    fs, path, cls = case["ask"]
    label = opened.label("genfs", object=f"{fs}:{path}", cls=cls)
    return _wrong({"result": label}, {"result": case["result"]})


def _fs(opened: Policy, case: Case) -> str:
    label = opened.label("fs", object=case["ask"][0])
    return _wrong({"result": label}, {"result": case["result"]})


_ASK: Mapping[str, Callable[[Policy, Case], str]] = {
    "av": _vector,
    "transition": _new_label,
    "member": _new_label,
    "change": _new_label,
    "context": _context,
    "validatetrans": _change,
    "port": _port,
    "genfs": _genfs,
    "fsuse": _fs,
}


def numbers(folder: Path) -> Result:
    """Judge calls of `ioctl` by what the kernel logged: denied, granted or nothing."""
    result = Result("selinux xperm")
    for case in cases(folder, "xperm"):
        opened = policy(folder, case["policy"])
        for number in (*case["logged"], *case["silent"]):
            verdict = opened.query(
                case["scontext"], "file:ioctl", case["tcontext"], ioctl=int(number, 16)
            )
            logged = case["logged"].get(number)
            word = "granted" if verdict.allowed else "denied"
            right = verdict.audited == (logged is not None) and logged in (None, [word])
            result.add(right, f"{case['id']} {number}: {verdict} where the kernel logs {logged}")
    return result


def grants(folder: Path) -> Result:
    """Judge what the small policies that compile grant to each pair of types."""
    result = Result("selinux grants")
    for case in cases(folder, "compile"):
        granted = case["secilc-3.11"].get("grants")
        if granted is None or "setools_refuses" in granted:
            continue
        try:
            opened = lsmc.compile_text(case["text"], module="selinux")
        except Error as fault:
            result.add(False, f"{case['id']}: {fault}")
            continue
        found: dict[str, list[str]] = {}
        names = opened.engine.tables.names
        for source in names.types:
            for target in names.types:
                for cls in names.classes:
                    words = (f"sys_u:object_r:{source}:s0", cls, f"sys_u:object_r:{target}:s0")
                    allow = opened.permissions(*words).allow
                    if allow:
                        found[f"{source} {target} {cls}"] = sorted(allow)
        want = {key: sorted(value) for key, value in granted.items()}
        result.add(found == want, f"{case['id']} {case['case']}: {found} in place of {want}")
    return result


def differences(folder: Path) -> Result:
    """Judge pairs of policies: whether there are changes, and whether both decide as stated.

    `decisions_equal` is what libsepol grants to all pairs of types in one context each.  Where that
    is equal and `sediff` finds something, edits tell whether it is only written otherwise.
    """
    result = Result("selinux diff")
    for case in cases(folder, "diff"):
        old, new = (
            lsmc.compile_text(case[side], module="selinux", settings=_UNCHECKED)
            for side in ("old", "new")
        )
        changes = lsmc.diff(old, new)
        differ = not case["decisions_equal"] or (
            not case["sediff_equal"] and bool({*case["edits"]} - _REWRITES)
        )
        result.add(bool(changes) == differ, f"{case['id']} {case['edits']}: {changes[:1]}")
        for one in changes:
            if one.witness is not None and one.kind == "decision":
                answers = [policy.answer(one.witness) for policy in (old, new)]
                told = one.before._replace(rules=()) != one.after._replace(rules=())
                result.add(told or answers[0] != answers[1], f"{case['id']}: {one}")
        for pair in (*case["changes"], *case["changes_with_a_boolean_flipped"]):
            words = (pair["scontext"], pair["class"], pair["tcontext"])
            before, after = (
                policy.permissions(*words, booleans=pair["booleans"]).allow for policy in (old, new)
            )
            gained, lost = set(after - before), set(before - after)
            right = gained == {*pair["gained"]} and lost == {*pair["lost"]}
            result.add(right, f"{case['id']} {pair}: {before} and {after}")
    return result
