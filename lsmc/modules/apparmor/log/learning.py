"""What runs now in the place of a profile that was made for learning.

A task in complain mode that executes a program without a rule for it runs under `NAME//null-PATH`
(`aa_new_learning_profile` in the kernel's policy.c).  A policy that has a rule since gives the
program another profile, and that one answers for what the log has of it.
"""

from __future__ import annotations

from lsmc.engine.verdict import RequestError, UnknownName
from lsmc.explain.diagnosis import Asked
from lsmc.modules.apparmor.decide.engine import Engine

_LEARNING = "//null-"
#: Fields of requests that name profiles.
_PEERS = ("peer", "label", "peer_label")
#: Programs below one another that are followed.
_DEPTH = 16


def followed(policy: Engine, question: Asked) -> Asked:
    """A question about the profiles that a policy has in the place of those made for learning."""
    if not any(_LEARNING in str(name) for name in _names(question)):
        return question
    subjects = tuple(dict.fromkeys(_now(policy, name) for name in question.subjects))
    requests = tuple(
        {
            name: _now(policy, value) if _is_profile(name, request) else value
            for name, value in request.items()
        }
        for request in question.requests
    )
    return question._replace(subjects=subjects, requests=requests)


def _names(question: Asked) -> list[object]:
    """The names in a question that may be profiles."""
    values = (value for request in question.requests for value in request.values())
    return [*question.subjects, *values]


def _is_profile(field: str, request: object) -> bool:
    about = request.get("class") if isinstance(request, dict) else ""
    return field in ("subject", *_PEERS) or (field == "object" and about in ("signal", "ptrace"))


def _now(policy: Engine, name: str) -> str:
    """The profile in the place of a name, as far as the policy has rules for what was executed."""
    root, *programs = str(name).split(_LEARNING)
    if not programs or policy.find(root) is None or policy.find(name) is not None:
        return name
    current = root
    for path in programs[:_DEPTH]:
        request = {"subject": current, "class": "file", "perms": "x", "object": path}
        try:
            found = policy.answer(request).verdict.transition if path.startswith("/") else None
        except (RequestError, UnknownName):
            found = None
        if found is not None and found.target is not None and policy.find(found.target) is not None:
            current = found.target
    return current
