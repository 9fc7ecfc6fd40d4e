"""What a program may newly do is told as wider, be it by rules, profiles or attachments."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

import lsmc
from lsmc.policy import Policy

PATHS = ("/a", "/b", "/ab", "/abc")
NAMES = ("one", "two", "three")
GLOBS = (*PATHS, "/a*", "/{a,b}", "/*")
ENDS = ("", " -> one", " -> two", " -> one//&two")

executes = st.builds(
    lambda glob, mode, end: f"{glob} {mode}{end},",
    st.sampled_from(GLOBS),
    st.sampled_from(("Px", "Pix", "Pux", "px")),
    st.sampled_from(ENDS),
) | st.builds("{} ix,".format, st.sampled_from(GLOBS))
reads = st.builds("{} r,".format, st.sampled_from(("/r", "/s", "/[rs]")))


@st.composite
def profiles(draw: st.DrawFn) -> str:
    """A policy of up to three profiles; rules that conflict are of different paths."""
    text = f"profile run {{ {draw(executes)} }}\n"
    for name in draw(st.sets(st.sampled_from(NAMES))):
        glob = draw(st.sampled_from(("", *GLOBS)))
        mode = draw(st.sampled_from(("", "", "", " flags=(complain)")))
        rules = draw(st.lists(reads, max_size=2))
        more = draw(st.lists(executes, max_size=1))
        text += f"profile {name} {glob}{mode} {{ {' '.join((*rules, *more))} }}\n"
    return text


def runs_as(policy: Policy, subject: str, path: str) -> str | None:
    """What follows an execution; None where it is refused."""
    verdict = policy.query(subject, "exec", path)
    if not verdict.allowed:
        return None
    target = verdict.transition.target if verdict.transition is not None else None
    return target or "unconfined"


def enforced(policy: Policy, subject: str) -> bool:
    """Whether a profile refuses anything."""
    return policy.engine.find(subject).mode == "enforce"


def may(policy: Policy, subject: str) -> set[str]:
    """The files that a subject may read."""
    return {path for path in ("/r", "/s") if policy.query(subject, "read", path).allowed}


@settings(max_examples=300, deadline=None)
@given(profiles(), profiles())
def test_what_is_newly_allowed_is_wider(first: str, second: str) -> None:
    old, new = (
        lsmc.compile_text("abi <abi/4.0>,\n" + one, base="profiles") for one in (first, second)
    )
    changes = lsmc.diff(old, new)
    wider = {change.profile for change in changes if change.direction == "wider"}
    narrower = {change.profile for change in changes if change.direction == "narrower"}
    told = {change.before for change in changes if change.kind == "renamed"}
    for subject in (set(old.profiles) & set(new.profiles)) - told:
        if not (enforced(old, subject) and enforced(new, subject)):
            continue  # a rule less lets more through, and what is let through is logged
        for path in PATHS:
            before, after = runs_as(old, subject, path), runs_as(new, subject, path)
            if before is None and after is not None:
                assert subject in wider, (path, after)
            if before is not None and after is None:
                assert subject in narrower, (path, before)
            if before is not None and after is not None and may(new, after) - may(old, before):
                assert wider, (subject, path, before, after)
