"""A rule of which the chosen abi keeps only a part.

What it does: finds rules that the compiler weakens because the feature set lacks what they need:
`unix` rules that become coarse `network unix` rules, network rules that lose addresses, ports,
labels, interface or permissions, and the capabilities `perfmon`, `bpf` and `checkpoint_restore`
that become `sys_admin`.

Why is this bad: the rule grants, or denies, more than it says.

Bad:

```apparmor
abi <abi/3.0>,
profile tool /usr/bin/tool {
  capability checkpoint_restore,  # found
}
# file: abi/3.0
caps {mask {sys_admin chown
}
}
```

Good:

```apparmor
abi <abi/4.0>,
profile tool /usr/bin/tool {
  capability checkpoint_restore,
}
```

How sure: exact, for the abi that the file names.

How to fix: name an abi that keeps the rule, or write what is left of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.abi import abi_with, shown_abi
from lsmc.modules.apparmor.lint.messages import listing, quoted
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.lint.written_rules import written_rules
from lsmc.modules.apparmor.lower.rules.network import PERMISSION_WORDS
from lsmc.modules.apparmor.resolve.features import Features
from lsmc.modules.apparmor.syntax import ast

_SPLIT_OFF = ("perfmon", "bpf", "checkpoint_restore")


class Loss(NamedTuple):
    """What a rule becomes, and a feature that would keep it."""

    becomes: str
    features: tuple[str, ...]


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each such rule."""
    for text, rule in written_rules(tree):
        loss = _loss(rule, text.features)
        if loss is None:
            continue
        newer = abi_with(tree, loss.features)
        for place in text.places:
            yield CHECK.finding(
                rule.span,
                f"under {shown_abi(text.features)} {quoted(rule.span)} {loss.becomes}",
                help=f"write `abi <{newer}>,`" if newer else "write what is left of it",
                profile=place.name,
                related=[Label(span, "included here") for span in text.fragment.via],
            )


def _loss(rule: ast.Rule, features: Features) -> Loss | None:
    body = rule.body
    if isinstance(body, ast.CapabilityRule):
        return _capability(body, features)
    if isinstance(body, ast.ClassRule) and body.kind == "unix":
        return _unix(rule, body, features)
    if isinstance(body, ast.ClassRule) and body.kind == "network":
        return _network(body, features)
    return None


def _capability(body: ast.CapabilityRule, features: Features) -> Loss | None:
    listed = features.words("caps/mask")
    lost = [w.text for w in body.names if w.text in _SPLIT_OFF and w.text not in listed]
    if not lost:
        return None
    names = listing(f"`{name}`" for name in lost)
    return Loss(f"speaks of `sys_admin` in place of {names}", (f"caps/mask/{lost[0]}",))


def _unix(rule: ast.Rule, body: ast.ClassRule, features: Features) -> Loss | None:
    if "network/af_unix" in features or "network_v9/af_unix" in features:
        return None
    if not any(name in features for name in ("network", "network_v8", "network_v9")):
        return None
    needs = ("network/af_unix", "network_v9/af_unix")
    if rule.prefix.effect == "deny":
        return Loss("is dropped: nothing is denied", needs)
    kind = next((c.values[0].text for c in body.conditions if c.name.text == "type"), "")
    whole = f"network unix {kind}".strip()
    return Loss(f"becomes `{whole}`: every address, peer and permission", needs)


def _network(body: ast.ClassRule, features: Features) -> Loss | None:
    conditions = (*body.conditions, *(body.peer or ()))
    named = [c.name.text for c in conditions]
    fine = "network_v8/af_inet" in features or "network_v9/af_inet" in features
    if not any(name in features for name in ("network", "network_v8", "network_v9")):
        return None
    if conditions and not fine:
        lost = listing(f"`{name}`" for name in named)
        return Loss(
            f"loses {lost}: it speaks of every address",
            ("network_v8/af_inet", "network_v9/af_inet"),
        )
    if "interface" in named and "network_v9_skb/iface" not in features:
        return Loss("loses `interface`: it speaks of every one", ("network_v9_skb/iface",))
    perms = body.perms or tuple(w for w in body.words[:1] if w.text in PERMISSION_WORDS)
    if perms and "network_v8" not in features and "network_v9" not in features:
        return Loss("speaks of every permission", ("network_v8", "network_v9"))
    if not fine and any(word.text == "icmp" for word in body.words):
        return Loss(
            "becomes every raw socket of the family", ("network_v8/af_inet", "network_v9/af_inet")
        )
    return None


CHECK = Check("LSM403", "downgraded-rule", "warning", run)
