"""What would allow the denials of a log: a label, a boolean, or a rule for a module of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from lsmc.explain.diagnosis import Diagnosis, Explained, Remedy, plain_remedy
from lsmc.explain.explanation import Suggestion
from lsmc.explain.hazards import HAZARDS

#: The file of policy that rules are written to: `semodule -i` takes it as it is.
LOCAL = "local.cil"


def explained(diagnoses: Sequence[Diagnosis]) -> Iterator[Explained]:
    """The diagnoses with their remedies."""
    for one in diagnoses:
        answers = one.answers if one.status in ("denied", "complain") else ()
        remedies = dict.fromkeys(
            remedy for answer in answers for remedy in _remedies(answer.suggestions)
        )
        yield Explained(one, tuple(remedies))


def _remedies(suggestions: Sequence[Suggestion]) -> Iterator[Remedy]:
    """The first that changes no rule, else the smallest rule."""
    advice = next((one for one in suggestions if one.kind == "advice"), None)
    if advice is not None:
        yield plain_remedy(advice)
        return
    rule = next((one for one in suggestions if one.kind == "exact"), None)
    if rule is not None:
        yield plain_remedy(rule)._replace(file=LOCAL, profile="", says="")


def patched(remedies: Iterable[Remedy]) -> Mapping[str, tuple[str, str]]:
    """A new file with the rules of some remedies; what is at stake stands there as comments."""
    lines: list[str] = []
    for one in dict.fromkeys(remedies):
        if one.rule:
            lines += [f"; warning: {HAZARDS[hazard]}" for hazard in one.hazards]
            lines.append(one.rule)
    text = "".join(f"{line}\n" for line in lines)
    return {LOCAL: ("", text)} if lines else {}
