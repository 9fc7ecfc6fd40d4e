"""An explanation for people: the answer, the rules that decided, near misses and suggestions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from lsmc.engine.verdict import LET_THROUGH
from lsmc.explain.hazards import HAZARDS
from lsmc.output.layers import beyond_words, context_lines, layer_lines, refusal_words
from lsmc.output.styled import Line, line, safe
from lsmc.output.verdict import ONLY, head_line, names, rule_lines, transition_words
from lsmc.stack.chain import beyond_rules, of_policy

if TYPE_CHECKING:
    from lsmc.engine.verdict import Verdict
    from lsmc.explain.diagnosis import Remedy
    from lsmc.explain.explanation import (
        Difference,
        Explanation,
        Loser,
        Miss,
        Obstacle,
        Question,
        Reason,
        Suggestion,
    )

#: To what a rule gives way.
BY = {
    "priority": "by its higher priority",
    "deny": "because deny beats allow",
    "exact": "because a path without wildcards beats one with them",
    "allow": "because allow beats prompt",
    "later": "because the later of two rules for the same replaces the other",
}


def explanation_lines(found: Explanation) -> Iterator[Line]:
    """An explanation in full."""
    asked, verdict = found.request, found.verdict
    yield head_line(verdict, (asked.subject, asked.op, asked.object, asked.fields))
    for text in summary(found):
        yield line(f"  {text}")
    yield line()
    yield from question_lines(asked)
    if verdict.chain:
        yield line(("layers, in the order of the kernel", "head"))
        yield from layer_lines(verdict.chain)
    yield from obstacle_lines(found.obstacles)
    yield from reason_lines(found.reasons)
    if verdict.transition is not None:
        yield line(("execution", "head"))
        yield line(f"  {transition_words(verdict.transition)}")
        yield from _fallback(found)
    yield from miss_lines(found.misses)
    if found.suggestions:
        yield from _suggestions(found)


def miss_words(miss: Miss) -> tuple[str, ...]:
    """Why a rule does not allow it, in sentences with names between backticks."""
    if miss.kind != "near":
        return (_matching(miss),)
    return tuple("".join(text for text, _ in pieces).strip() for pieces in _near(miss))


def miss_lines(misses: Sequence[Miss]) -> Iterator[Line]:
    """The rules that nearly allowed it, and why they did not."""
    matching = [miss for miss in misses if miss.kind not in ("near", "label")]
    if matching:
        yield line(("rules that match, but do not allow it", "head"))
        for miss in matching:
            yield from rule_lines(miss.rule, "  ")
            yield line(f"    {_matching(miss)}")
    close = [miss for miss in misses if miss.kind in ("near", "label")]
    if close:
        yield line(("rules that come closest", "head"))
        for miss in close:
            yield from rule_lines(miss.rule, "  ")
            yield from _near(miss) if miss.kind == "near" else (line(f"    {_matching(miss)}"),)


def summary(found: Explanation) -> Iterator[str]:
    """What the decision means, and what the audit log shows of it."""
    verdict = found.verdict
    refusal = verdict.refusal
    by_profile = refusal is None or of_policy(refusal)
    if refusal is not None:
        yield refusal_words(refusal)
        beyond = beyond_rules(verdict.chain)
        if beyond is not None:
            yield beyond_words(beyond)
    if by_profile or verdict.decision == "unconfined":
        yield from _answer(verdict)
    killed = not verdict.allowed and (by_profile or verdict.audited)
    if any(profile.mode == "kill" for profile in found.request.profiles) and killed:
        yield "kill mode: the process is ended"
    if not verdict.allowed and not verdict.audited:
        by_rule = by_profile and not found.obstacles
        yield "not logged: the deny rule has no `audit`" if by_rule else "not logged"
    elif verdict.audited and verdict.allowed:
        alone = verdict.decision in LET_THROUGH or verdict.chain
        yield "logged" if alone else "allowed and logged"


def _answer(verdict: Verdict) -> Iterator[str]:
    """The profile's own answer."""
    missing = names(verdict.missing)
    if verdict.decision == "deny-explicit":
        yield f"a deny rule refuses {missing}" if not verdict.note else safe(verdict.note)
    elif verdict.decision in ("deny-implicit", "invalid-context"):
        yield safe(verdict.note) if verdict.note else f"no rule allows {missing}"
    elif verdict.decision in LET_THROUGH:
        yield f"{safe(verdict.note)}; missing {missing}"
    elif verdict.decision == "unconfined":
        yield safe(verdict.note) if verdict.note else "the subject is not confined"
    elif verdict.note:
        yield safe(verdict.note)


def question_lines(asked: Question) -> Iterator[Line]:
    """The request as it was understood, under a heading."""
    yield line(("asked", "head"))
    for profile in asked.profiles:
        place = f"{safe(profile.file)}:{profile.line}"
        abi = f", abi {safe(profile.abi)}" if profile.abi else ""
        yield line(
            f"  profile {safe(profile.name)} ({profile.mode} mode{abi}) at ", (place, "where")
        )
    for text in asked.about:
        yield line(f"  {safe(text)}")
    if not asked.profiles and not asked.about:
        yield line(f"  {safe(asked.subject)}: no profile")
    perms = "".join(f" {name}" for name in asked.permissions if name not in ONLY)
    owner = ""
    if asked.cls in ("file", "link") and not asked.about:
        owner = ", the subject owns it" if asked.owner else ", the subject does not own it"
    yield line(f"  {asked.cls}{perms}, LSM hook {asked.hook}{owner}")
    if asked.context is None and not asked.about:
        yield line("  only the profile is judged: nothing is said of users, modes or capabilities")
    elif asked.context is not None:
        yield from context_lines(asked.context)


def obstacle_lines(obstacles: Sequence[Obstacle]) -> Iterator[Line]:
    """What stands in the way, and the rules that say so."""
    if obstacles:
        yield line(("what stands in the way", "head"))
    for one in obstacles:
        yield line(f"  {safe(one.says)}")
        for text in one.details:
            yield line(f"    {safe(text)}")
        for ref in one.rules:
            yield from rule_lines(ref, "    ")


class Decided(NamedTuple):
    """Permissions of a profile that the same rules decide; `names` without those of lone names."""

    reason: Reason
    names: tuple[str, ...]


#: An effect as the word for it, and the role that it plays.
EFFECTS = {
    "allow": ("allowed", "good"),
    "deny": ("denied", "bad"),
    "prompt": ("left to a prompt", "warn"),
}


def decided(reasons: Sequence[Reason]) -> list[Decided]:
    """The rules that decided, permissions with the same rules together."""
    merged: dict[object, list[Reason]] = {}
    for one in reasons:
        if one.effect != "none":
            key: object = (one.profile, one.cls, one.effect, one.rules, one.overridden)
            merged.setdefault(key, []).append(one)
    return [
        Decided(
            some[0], tuple(dict.fromkeys(o.permission for o in some if o.permission not in ONLY))
        )
        for some in merged.values()
    ]


def reason_lines(reasons: Sequence[Reason]) -> Iterator[Line]:
    """The rules that decided."""
    found = decided(reasons)
    if found:
        yield line(("decided by", "head"))
    for reason, listed in found:
        words = " ".join((reason.cls, *listed))
        yield line("  ", EFFECTS[reason.effect], f": {words}")
        for ref in reason.rules:
            yield from rule_lines(ref, "    ")
        for loser in reason.overridden:
            yield from _loser(loser)


def _loser(loser: Loser) -> Iterator[Line]:
    yield line(f"    overrides ({loser.effect}), {BY[loser.by]}:")
    yield from rule_lines(loser.rule, "      ")


def _fallback(found: Explanation) -> Iterator[Line]:
    exec_ = found.verdict.transition
    assert exec_ is not None
    if exec_.fallback is not None:
        words = {"inherit": "stays in the current profile", "unconfined": "runs unconfined"}
        yield line(f"  without such a profile it {words[exec_.fallback]}")
    if found.attaches is not None and found.attaches != exec_.target:
        yield line(f"  the profile that attaches to this file is {safe(found.attaches)}")


def _matching(miss: Miss) -> str:
    has = " ".join(miss.permissions)
    wanted = names(miss.wanted)
    match miss.kind:
        case "overridden":
            return f"allows {wanted}, but a deny rule wins"
        case "no-target":
            return "allows x, but the profile that it names does not exist"
        case "owner":
            return f"allows {wanted} to the owner of the object only"
        case "other":
            return f"allows {wanted} only when the subject does not own the object"
        case "side":
            text, example = safe(miss.value), safe(miss.example)
            return f"has `{text}` as its {miss.matched}, not as its {miss.field}: `{example}`"
        case "prompt":
            return f"leaves {wanted} to a prompt"
        case "label":
            text, example = safe(miss.value), safe(miss.example)
            return f"allows {wanted} if the {miss.field} has the label `{example}`, not `{text}`"
    return f"allows {has}, not {wanted}" if has else f"does not allow {wanted}"


def _near(miss: Miss) -> Iterator[Line]:
    yield from _differs(miss, named=miss.field != "path" or bool(miss.others))
    for other in miss.others:
        yield from _differs(other, named=True)


def _differs(one: Miss | Difference, *, named: bool) -> Iterator[Line]:
    """How a field differs, and a value of it that the rule would allow."""
    where = f"{one.field} " if named else ""
    value, matched = safe(one.value), safe(one.matched)
    expected, example = safe(one.expected), safe(one.example)
    if one.as_set:
        yield line(f"    {where}`{value}`: the rule has {_words(one)}")
        return
    if not one.matched:
        wanted = f"`{example}`" if example else "nothing"
        yield line(f"    {where}`{value}` is not matched; {wanted} would be")
        return
    rest = safe(one.value[len(one.matched) :])
    if one.matched == one.value:
        yield line(f"    {where}`{value}` would have to go on with `{expected}`")
    elif not one.expected:
        yield line(f"    {where}matches as far as `{matched}` and ends there; then comes `{rest}`")
    else:
        yield line(
            f"    {where}matches as far as `{matched}`; then comes `{rest}`, not `{expected}`"
        )
    yield line((f"    would allow `{example}`", "dim"))


def _words(one: Miss | Difference) -> str:
    """What of a set a rule lacks, and what it asks for besides."""
    shared = one.matched.split(", ")
    lacks = safe(", ".join(word for word in one.value.split(", ") if word not in shared))
    parts = [f"no `{lacks}`"] if lacks else []
    if one.expected:
        parts.append(f"`{safe(one.expected)}` besides")
    return " and ".join(parts)


def _suggestions(found: Explanation) -> Iterator[Line]:
    several = len(found.suggestions) > 1
    title = f"the smallest rule{'s' * several} that would allow it"
    if any(one.kind == "advice" for one in found.suggestions):
        title = "what would allow it"
    elif any(one.kind != "exact" for one in found.suggestions):
        title = "the smallest changes that would allow it"
    if beyond_rules(found.verdict.chain) is not None:
        title = "what the profile lacks besides"
    yield line((title, "head"))
    for one in found.suggestions:
        yield from _suggestion(one)


def place_words(one: Suggestion | Remedy) -> str:
    """Where a change is made; line 0 is that of a new file."""
    if not one.line:
        return f"in a new file, {safe(one.file)}"
    place = f"{safe(one.file)}:{one.line}"
    if one.profile:
        return f"in profile {safe(one.profile)}, {place}"
    return f"at {place}" if one.replaces is not None else f"behind {place}"


def _suggestion(one: Suggestion) -> Iterator[Line]:
    yield line("  ", (safe(one.says or one.rule), "" if one.says else "code"))
    if one.file:
        yield line((f"    {place_words(one)}", "dim"))
    for hazard in one.hazards:
        yield line(("    warning: ", "warn"), HAZARDS[hazard])
