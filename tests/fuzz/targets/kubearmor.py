"""Policy of KubeArmor: any text is read, or refused with a place, and can be asked and linted."""

from __future__ import annotations

from collections.abc import Iterable

import lsmc
from lsmc.base.diagnostics import PolicyError
from lsmc.base.source import Source
from lsmc.compiler.inputs import DiskFiles, Options
from lsmc.modules.kubearmor.compile import compile_sources
from lsmc.modules.kubearmor.lint.linter import LINT
from lsmc.modules.kubearmor.syntax.reader import read
from tests.fuzz.target import Target, words
from tests.places import PROFILES

_HEAD = "apiVersion: security.kubearmor.com/v1\nkind: KubeArmorPolicy\nmetadata: {name: a}\n"
SAMPLES = (
    f"""{_HEAD}spec:
  file:
    matchPaths:
    - path: /a
      fromSource: [{{path: /b}}]
    matchDirectories:
    - dir: /c/d/
      recursive: true
  action: Block
""",
    f"""{_HEAD}spec:
  selector: {{matchLabels: {{app: web}}}}
  process:
    action: Allow
    matchPaths: [{{execname: x}}, {{path: /y, allowedArgs: [-m], pts: false}}]
  network: {{matchProtocols: [{{protocol: 'tcp,udp'}}], matchDNSQueries: [{{domain: a.b}}]}}
""",
    """kind: KubeArmorHostPolicy
metadata: {name: n}
spec:
  nodeSelector: {matchLabels: {a: b}}
  capabilities: {matchCapabilities: [{capability: kill}]}
  apparmor: |
    deny /x r,
""",
    """kind: KubeArmorClusterPolicy
metadata: {name: c}
spec:
  selector:
    matchExpressions:
    - {key: namespace, operator: NotIn, values: [a]}
  file: {matchPatterns: [{pattern: '/*'}]}
""",
    "kind: Namespace\nmetadata:\n  name: a\n  annotations: {kubearmor-file-posture: block}\n---\n",
)
WORDS = words(
    "apiVersion: kind: metadata: name: spec: file: process: network: capabilities: syscalls: "
    "matchPaths: matchDirectories: matchPatterns: matchProtocols: - path: dir: pattern: protocol: "
    "fromSource: recursive: true ownerOnly: readOnly: action: Allow Block Audit &a *a <<: [ ] { } "
    "--- ? : | > ! !!int / /a/ * ** {a,b} tcp all kill"
)
_QUESTIONS = (
    {"op": "open", "object": "/a"},
    {"op": "exec", "object": "/y", "source": "/b"},
    {"op": "connect", "object": "tcp"},
    {"op": "capable", "object": "kill"},
    {"op": "resolve", "object": "a.b"},
)


def seeds() -> Iterable[bytes]:
    """Each sample, and all of them together."""
    yield from (text.encode() for text in SAMPLES)
    yield "\n---\n".join(SAMPLES).encode()


def run(data: bytes) -> None:
    """What is read is compiled, opened, asked and linted; faults have places."""
    source = Source.from_bytes("a.yaml", data)
    for fault in read([source]).diagnostics:
        assert fault.location is None or fault.location.line >= 1
    options = Options(base=str(PROFILES))
    try:
        bundle, _ = compile_sources([source], options)
    except PolicyError:
        return
    policy = lsmc.Policy(bundle)
    for question in _QUESTIONS:
        for enforcer in ("bpf", "apparmor"):
            try:
                policy.answer({"subject": "*", "enforcer": enforcer, **question})
            except lsmc.RequestError:
                assert enforcer == "apparmor", "the map refuses nothing"
    tree, _ = LINT.reader(options, DiskFiles(), ("a.yaml", data))(["a.yaml"], {}, 1)
    for check in LINT.checks.values():
        for finding in check.run(tree):
            assert finding.location is None or finding.location.line >= 1


TARGET = Target("kubearmor", run, seeds, WORDS)
