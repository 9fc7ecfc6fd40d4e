"""The errors of reading KubeArmor policy, by code, with their pages."""

from __future__ import annotations

from typing import NamedTuple

from lsmc.lint.rule_docs import Page


class PolicyFault(NamedTuple):
    """What cannot be read: its name, what its page says, and examples if there are short ones."""

    name: str
    title: str
    what: str
    fix: str
    bad: str = ""
    good: str = ""


_HEAD = """apiVersion: security.kubearmor.com/v1
kind: KubeArmorPolicy
metadata:
  name: web
"""
_GOOD = f"""{_HEAD}spec:
  file:
    matchPaths:
      - path: /etc/shadow
  action: Block
"""
ERRORS = {
    "LSM801": PolicyFault(
        "yaml",
        "A file that is not YAML.",
        "text that is not YAML, a key that stands twice, an unknown alias, or more nesting or"
        " repetition than any policy needs.",
        "write what the message says; a text with `: `, `#` or a leading `*` needs quotes.",
        f"{_HEAD}spec:\n  action: Block\n  action: Allow\n",
        _GOOD,
    ),
    "LSM802": PolicyFault(
        "type",
        "A value of a wrong type.",
        "a value that is no text, number, list or object where the policy's form asks for one.",
        "write the type that is asked for: a list begins each member with `- `, and a text that"
        " looks like a number or `yes` needs quotes.",
        f"{_HEAD}spec:\n  file:\n    matchPaths:\n      path: /etc/shadow\n  action: Block\n",
        _GOOD,
    ),
    "LSM803": PolicyFault(
        "missing-field",
        "A field that an entry or a policy needs is missing.",
        "an entry without what it is for, or a policy without a name.",
        "write the field.",
        f"{_HEAD}spec:\n  file:\n    matchDirectories:\n      - recursive: true\n  action: Block\n",
        _GOOD,
    ),
    "LSM804": PolicyFault(
        "kind",
        "A kind that KubeArmor does not have.",
        "a document with KubeArmor's `apiVersion` and another `kind` than its own.",
        "correct the kind: KubeArmorPolicy, KubeArmorHostPolicy or KubeArmorClusterPolicy.",
        _HEAD.replace("KubeArmorPolicy", "KubearmorPolicy"),
        _GOOD,
    ),
    "LSM805": PolicyFault(
        "too-large",
        "A name, or an AppArmor profile, that is too large.",
        "a path of more than 4,096 bytes, which no kernel has, and policy whose profile would have"
        " more lines than are made.",
        "shorten the name; name fewer sources.",
    ),
}


def error_page(code: str) -> Page:
    """The page of an error."""
    fault = ERRORS[code]
    parts = [
        f"What it does: reports {fault.what}",
        "Why is this bad: the policy is not read, and nothing of it is enforced.",
    ]
    for title, text in (("Bad, refused", fault.bad), ("Good", fault.good)):
        if text:
            parts.append(f"{title}:\n\n```yaml\n{text}```")
    parts += ["How sure: exact.", f"How to fix: {fault.fix}"]
    return Page(code, fault.name, "error", True, fault.title, "\n\n".join(parts))
