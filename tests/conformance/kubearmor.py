"""KubeArmor: the AppArmor profile, the BPF map, and what both enforcers decide.

The answers of BPF are a kernel's with KubeArmor's programs, those of AppArmor are of the profile
that KubeArmor's template gives, compiled by `apparmor_parser` 3.0.8.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import lsmc
from lsmc.base.source import Source
from lsmc.modules.kubearmor.apparmor.profile import profile
from lsmc.modules.kubearmor.bpf.maps import container_map
from lsmc.modules.kubearmor.policy import Policy
from lsmc.modules.kubearmor.posture import Posture
from lsmc.modules.kubearmor.syntax.nodes import documents
from lsmc.modules.kubearmor.syntax.reader import read
from tests.conformance.result import Result

#: Requests whose expected answer is that of the profile's permission bits: the program may be
#: executed, but the profile that it would run under does not exist, so that the kernel refuses.
_NO_TARGET = "profile transition not found"
_OPERATIONS = {"network": "connect", "capability": "capable", "dns": "resolve"}
_POSTURES = {"process": "proc", "file": "file", "network": "net", "domain": "dns"}
_POSTURES |= {"capabilities": "cap"}


def _cases(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _texts(case: Mapping[str, Any], corpus: Path) -> list[str]:
    """The documents of a case as texts of YAML; JSON is YAML too."""
    if case["docs"]:
        return [json.dumps(document) for document in case["docs"]]
    texts = []
    for path, number in case["repo"]:
        source = Source.from_bytes(path, (corpus / path).read_bytes())
        found = list(documents(source))
        start = found[number].span.start
        texts.append(source.text[start : found[number].span.end])
    return texts


def _policies(case: Mapping[str, Any], corpus: Path) -> tuple[Policy, ...]:
    texts = (Source("case.yaml", text) for text in _texts(case, corpus))
    return tuple(one for text in texts for one in read([text]).policies.policies)


def profiles(folder: Path, corpus: Path) -> Result:
    """The lines of the profile and the number of its rules, and whether it loads."""
    result = Result("kubearmor profiles")
    for case in _cases(folder / "policies.jsonl"):
        posture = Posture(**case["posture"])
        made = profile(_policies(case, corpus), posture, case["profile_name"])
        lines = [line.strip() for line in made.text.splitlines()]
        right = lines == case["apparmor_profile"]
        result.add(right and made.rule_count == case["apparmor_rule_count"], case["id"])
    return result


def maps(folder: Path, corpus: Path) -> Result:
    """The keys and masks of the map, and the postures in it."""
    result = Result("kubearmor maps")
    expected = {case["id"]: case for case in _cases(folder / "bpf_maps.jsonl")}
    for case in _cases(folder / "policies.jsonl"):
        made = container_map(_policies(case, corpus), Posture(**case["posture"]))
        wanted = expected[case["id"]]
        keys = {
            (tuple(name) if isinstance(name, list) else name.strip("\0"), source): (first, second)
            for name, source, first, second in wanted["map"]
        }
        found = {key: (int(value.process), int(value.file)) for key, value in made.keys.items()}
        postures = {name: wanted["posture"][key] for name, key in _POSTURES.items()}
        right = keys == found and made.postures == {n: v for n, v in postures.items() if v}
        result.add(right, case["id"])
    return result


def requests(folder: Path, corpus: Path) -> Result:
    """What each enforcer decides; None where the profile does not load."""
    result = Result("kubearmor requests")
    cases = {case["id"]: case for case in _cases(folder / "policies.jsonl")}
    opened: dict[str, lsmc.Policy] = {}
    for case in _cases(folder / "requests.jsonl"):
        about = cases[case["policy"]]
        if about["id"] not in opened:
            with TemporaryDirectory() as place:
                path = Path(place) / "case.yaml"
                path.write_text("\n---\n".join(_texts(about, corpus)), encoding="latin-1")
                opened[about["id"]] = lsmc.compile([path], module="kubearmor")
        policy = opened[about["id"]]
        for enforcer in ("bpf", "apparmor"):
            found, note = _answer(policy, case, about["posture"], enforcer)
            if found != case[enforcer] and note == _NO_TARGET:
                result.skipped.append(case["id"])
                continue
            result.add(found == case[enforcer], f"{case['id']} {enforcer}: {found}")
    return result


def _answer(
    policy: lsmc.Policy, case: Mapping[str, Any], posture: Mapping[str, str], enforcer: str
) -> tuple[bool | None, str]:
    names = ("owner", "source", "is_dir", "family", "type", "protocol")
    fields = {name: case[name] for name in names if name in case}
    request = {
        "subject": "*",
        "op": _OPERATIONS.get(case["op"], case["op"]),
        "object": case.get("path") or case.get("capability") or case.get("name") or "",
        "posture": ",".join(f"{name}={value}" for name, value in posture.items()),
        "enforcer": enforcer,
        **fields,
    }
    try:
        verdict = policy.answer(request)
    except lsmc.RequestError:
        return None, ""
    return verdict.allowed, verdict.note
