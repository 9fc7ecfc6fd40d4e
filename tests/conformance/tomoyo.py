"""Decisions of a real kernel with TOMOYO: its form of lines, what it granted, where programs ran.

Lines that the kernel refuses are errors of policy here; so a policy with such lines is judged
without them, as the kernel holds it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import lsmc
from lsmc.logs.envelope import Envelope
from lsmc.modules.registry import module_named
from lsmc.modules.tomoyo.log.parse import read_message
from lsmc.policy import Policy
from tests.conformance.result import Result

_ATTRIBUTES = ("task", "path1", "path1.parent", "path2", "path2.parent", "exec", "symlink.target")
#: Lines that every system of the lab had, and that the kernel's own text leaves out.
_LAB = ("initialize_domain /sbin/modprobe from any", "initialize_domain /sbin/hotplug from any")
_MODULE = "tomoyo"


def lines(folder: Path) -> Result:
    """The form of each line of policy, and which are refused."""
    result = Result("tomoyo lines")
    for case in _rows(folder / "policy_lines.jsonl"):
        if case["kind"] == "profile":
            _profile_line(case, result)
            continue
        if case["line"] == "use_profile 255":
            result.skipped.append("use_profile 255: the lab had no such profile")
            continue
        head = "<kernel> /x\n" if case["kind"] == "domain" else ""
        found = _printed(case["kind"], head + case["line"])
        rest = [line for line in found or [] if line not in ("<kernel> /x", "use_profile 0", "")]
        if case["line"].startswith("use_profile") and found:
            rest = [line for line in found if line.startswith("use_profile")]
        result.add(rest == case["kernel"], f"{case['line']}: {found}, not {case['kernel']}")
    return result


def _profile_line(case: dict[str, Any], result: Result) -> None:
    """A line of a profile: the kernel makes the profile even where it finds nothing in the line."""
    found = _printed("profile", case["loaded_as"])
    name = case["loaded_as"].partition("=")[0]
    if found is None:
        made = any(line.startswith(f"{name}=") for line in case["kernel"])
        result.add(not made, f"{case['line']} is refused")
        return
    wanted = [line for line in case["kernel"] if not line.startswith("PROFILE_VERSION=20110903")]
    result.add(found == wanted, f"{case['line']}: {found}, not {case['kernel']}")


_FILES = {"domain": "domain_policy.conf", "exception": "exception_policy.conf"}


def _printed(kind: str, text: str) -> list[str] | None:
    """What the kernel would print of a file; None for one with a line that it refuses."""
    syntax = module_named(_MODULE).syntax
    assert syntax is not None
    try:
        data = syntax(_FILES.get(kind, "profile.conf"), f"{text}\n".encode("latin-1"))
    except lsmc.PolicyError:
        return None
    return data.decode("latin-1").splitlines()


def policies(folder: Path) -> Result:
    """What the kernel shows of whole files of domains and exceptions."""
    result = Result("tomoyo policies")
    for case in _rows(folder / "policies.jsonl"):
        domain = _printed("domain", "\n".join(_taken("domain", case["domain"])))
        wanted = case["kernel_domain"].strip().split("\n")
        if "use_profile 99" in case["domain"]:  # the lab had no such profile
            domain = [line.replace(" 99", " 0") for line in domain or []]
        result.add(domain == wanted, f"{case['name']}: {domain}, not {wanted}")
        found = _printed("exception", "\n".join(_taken("exception", case["exception"])))
        shown = sorted(line for line in found or [] if not line.endswith(_LAB))
        # the kernel prints a group in the order in which its members were once made
        kernel = sorted(line for line in case["kernel_exception"].split("\n") if line)
        result.add(shown == kernel, f"{case['name']}: {shown}, not {kernel}")
    return result


def _taken(kind: str, some: Iterable[str]) -> Iterator[str]:
    """The lines of a file that are not refused."""
    head = "<kernel> /x\n" if kind == "domain" else ""
    for line in some:
        if line.startswith("<kernel>") or _printed(kind, head + line) is not None:
            yield line


def decisions(folder: Path) -> Result:
    """What was granted, by which mode, and the domain of each program that ran."""
    result = Result("tomoyo decisions")
    steps = {case["id"]: case for case in _rows(folder / "syscalls.jsonl")}
    with TemporaryDirectory() as scratch:
        opened = {
            case["name"]: _policy(case, Path(scratch) / str(number))
            for number, case in enumerate(_rows(folder / "policies.jsonl"))
        }
        for case in _rows(folder / "decisions.jsonl"):
            first, second, rest = case["request"].split(" ", 2)
            verdict = opened[case["policy"]].answer(
                {
                    "subject": case["domain"],
                    "op": f"{first} {second}",
                    "object": rest,
                    "attributes": {name: case[name] for name in _ATTRIBUTES if name in case},
                }
            )
            refused = "deny-implicit" if case["mode"] == "enforcing" else case["mode"]
            wanted = "allow" if case["granted"] else refused
            about = f"{case['id']}: {case['domain']} {case['request']}"
            result.add(verdict.decision == wanted, f"{about}: {verdict.decision}, not {wanted}")
            step = steps[case["id"].partition("#")[0]]
            if second == "execute":
                target = verdict.transition.target if verdict.transition else None
                domain = step.get("exec_domain")
                if any(check["request"].startswith("file read") for check in step["checks"]):
                    result.skipped.append(f"{about}: the interpreter of a script is refused")
                else:
                    result.add(target == domain, f"{about}: runs in {target}, not {domain}")
    return result


def records(folder: Path) -> Result:
    """The fields of each record, and the question that it asks."""
    result = Result("tomoyo records")
    for case in _rows(folder / "decisions.jsonl"):
        found = read_message(Envelope(case["record"]))
        wanted = {name: case[name] for name in _ATTRIBUTES if name in case}
        fields = ("domain", "request", "mode", "granted", "profile")
        right = found is not None and all(getattr(found, name) == case[name] for name in fields)
        result.add(
            right and found is not None and dict(found.header) == wanted,
            f"{case['id']}: {found and found.to_json()}",
        )
    return result


def _policy(case: dict[str, Any], folder: Path) -> Policy:
    folder.mkdir()
    texts = {
        "profile.conf": case["profile"],
        "exception_policy.conf": _taken("exception", case["exception"]),
        "domain_policy.conf": _taken("domain", case["domain"]),
    }
    for name, some in texts.items():
        kept = (line for line in some if line != "use_profile 99")
        (folder / name).write_text("".join(f"{line}\n" for line in kept), encoding="latin-1")
    return lsmc.compile(folder)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)
