"""Small policies for tests, written as texts of YAML."""

from __future__ import annotations

import json
from textwrap import dedent, indent
from typing import Any

import lsmc
from lsmc.base.source import Source
from lsmc.modules.kubearmor.policy import Policy, PolicySet
from lsmc.modules.kubearmor.syntax.reader import Reading, read
from tests.places import PROFILES

#: A container that `policy` selects.
WEB = "namespace=shop,app=web"


def text(spec: str, *, kind: str = "KubeArmorPolicy", name: str = "web") -> str:
    """A document with a specification."""
    selector = "nodeSelector" if kind == "KubeArmorHostPolicy" else "selector"
    head = f"""\
        apiVersion: security.kubearmor.com/v1
        kind: {kind}
        metadata:
          name: {name}
          namespace: shop
        spec:
          {selector}:
            matchLabels:
              app: web
        """
    return dedent(head) + indent(dedent(spec), "  ")


def reading(*texts: str) -> Reading:
    """What is read of some texts, each a file `N.yaml`."""
    return read([Source.from_bytes(f"{n}.yaml", one.encode()) for n, one in enumerate(texts)])


def policies(*specs: str) -> tuple[Policy, ...]:
    """The policies of some specifications; none has errors."""
    found = reading(*(text(spec, name=f"p{number}") for number, spec in enumerate(specs)))
    assert [one for one in found.diagnostics if one.severity == "error"] == []
    return found.policies.policies


def policy_set(*specs: str) -> PolicySet:
    """The policies of some specifications together."""
    return PolicySet(policies(*specs), ())


def compiled(*specs: str) -> lsmc.Policy:
    """A compiled policy of some specifications."""
    whole = "\n---\n".join(text(spec, name=f"p{number}") for number, spec in enumerate(specs))
    return lsmc.compile_text(whole, name="web.yaml", base=PROFILES, module="kubearmor")


def document(spec: dict[str, Any], number: int = 0) -> str:
    """A document of a specification that is data; JSON is YAML too."""
    labels = {"matchLabels": {"app": "web"}}
    metadata = {"name": f"p{number}", "namespace": "shop"}
    whole = {"apiVersion": "security.kubearmor.com/v1", "kind": "KubeArmorPolicy"}
    return json.dumps({**whole, "metadata": metadata, "spec": {"selector": labels, **spec}})
