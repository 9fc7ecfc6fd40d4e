"""All that a profile of AppArmor lets a program do, in the order in which a person asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsmc.analysis.grants import Grant, grants
from lsmc.engine.verdict import UNCONFINED, RequestError
from lsmc.explain.abilities import Abilities, Ability, Section
from lsmc.ir.decision import Decision
from lsmc.ir.mediation import Transition
from lsmc.modules.apparmor.analysis.hazards import hazards
from lsmc.modules.apparmor.analysis.semantics import SEMANTICS
from lsmc.modules.apparmor.analysis.stakes import opened
from lsmc.modules.apparmor.classes import CLASSES, EXECUTE, FILE
from lsmc.modules.apparmor.decide.engine import Engine, class_named
from lsmc.modules.apparmor.decide.exec_transition import execution, may_leave
from lsmc.modules.apparmor.decide.subjects import FREE_MODES, mediates
from lsmc.modules.apparmor.requests.fields import fields_of
from lsmc.tables.records import ProfileRecord

#: What a person looks for, the classes where it is found, and of files the permissions.
_SECTIONS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("writes", ("file", "link"), "wa"),
    ("executes", ("file",), "x"),
    ("network", ("network",), ""),
    ("capabilities", ("capability",), ""),
    ("other programs", ("signal", "ptrace", "dbus", "unix", "mqueue"), ""),
    ("mounts", ("mount", "umount", "pivot_root"), ""),
    ("changes of profile", ("change_profile", "onexec"), ""),
    ("kernel", ("userns", "io_uring"), ""),
    ("reads, maps and locks", ("file",), "rmkl"),
)


def abilities(engine: Engine, subject: str, wanted: Sequence[str]) -> Abilities:
    """What a subject may do, by section.

    Raises `UnknownName` for a subject or a class, `RequestError` for a stack.

    Args:
        engine: the policy.
        subject: the name of a profile, or the path of an executable.
        wanted: names of classes; all when empty.
    """
    classes = [class_named(name) for name in wanted] or list(CLASSES)
    profiles = engine.tables.components(subject)
    if len(profiles) > 1:
        names = " and ".join(f"`{profile.full_name}`" for profile in profiles)
        raise RequestError(f"a stack may do what all its components may: ask for {names}")
    if not profiles:
        return Abilities(UNCONFINED, "", True, (), ())
    (profile,) = profiles
    free = profile.mode in FREE_MODES
    ruled = [cls for cls in classes if mediates(profile, cls)] if not free else []
    found = [
        _ability(engine, profile, one)
        for cls in ruled
        for one in grants(SEMANTICS, engine.tables, profile, cls)
    ]
    if FILE in ruled:
        found = list(_with_examples(engine, profile, found))
    return Abilities(
        subject=profile.full_name,
        mode=profile.mode,
        free=free,
        unruled=tuple(cls.name for cls in classes if cls not in ruled),
        sections=tuple(_sections(found)),
    )


def _sections(found: Sequence[Ability]) -> Iterator[Section]:
    """What is at stake, then the rest by what it is; last what the user is asked about."""
    asked = [one for one in found if one.asks]
    found = [one for one in found if not one.asks]
    risky = [one for one in found if one.hazards]
    if risky:
        yield Section("at stake", tuple(risky))
    told: set[int] = {id(one) for one in risky}
    for title, classes, permissions in _SECTIONS:
        some = [
            one
            for one in found
            if one.cls in classes
            and id(one) not in told
            and (one.cls != FILE.name or not permissions or set(permissions) & {*one.permissions})
        ]
        told.update(map(id, some))
        if some:
            yield Section(title, tuple(some))
    if asked:
        yield Section("only if the user lets it", tuple(asked))


def _ability(engine: Engine, profile: ProfileRecord, grant: Grant) -> Ability:
    """A grant with its example as a request, and what is at stake at the example."""
    cls, owner = grant.cls, grant.who != "other"
    asked = SEMANTICS.request_of(grant.rule.profile, cls, grant.key, owner, grant.permissions)
    fields = fields_of(cls, grant.key)
    transition = grant.transition
    risks = list(hazards(cls.name, fields, grant.permissions, grant.permissions))
    if transition is not None and may_leave(transition):
        risks.append("leaves-confinement")
    but = None
    if grant.but is not None:
        but = (grant.but.rule, SEMANTICS.request_of("", cls, grant.but.key, owner, ())["object"])
    return Ability(
        cls=cls.name,
        rule=grant.rule,
        permissions=grant.permissions,
        who=grant.who,
        example=asked,
        transition=_follows(engine, profile, transition) if transition is not None else "",
        lost=grant.lost,
        but=but,
        hazards=tuple(dict.fromkeys(risks)),
        asks=grant.asks,
    )


def _follows(engine: Engine, profile: ProfileRecord, transition: Transition) -> str:
    """What follows an execution, in words; it is refused where the named profile is not there."""
    words = _as_what(transition)
    if transition.kind in ("child", "profile"):
        decision = Decision(allow=EXECUTE, transition=transition)
        led = execution(engine.tables, profile, decision, b"")
        if led is not None and led.target is None:
            words += ", which is not there: the execution is refused"
    return words


def _as_what(transition: Transition) -> str:
    """Under which profile a program runs, in words."""
    words = {
        "inherit": "in this profile",
        "unconfined": "unconfined",
        "attach": "in the profile that attaches to it",
        "attach-child": "in the child profile that attaches to it",
        "child": f"in the child profile {transition.name}",
        "profile": f"in profile {transition.name}",
        "stack": f"in this profile and {transition.name.removeprefix('&')} together",
    }
    where = words[transition.kind]
    if transition.kind not in ("inherit", "unconfined"):
        if transition.inherit:
            where += ", else in this profile"
        elif transition.unconfined:
            where += ", else unconfined"
    return where + (", with its environment kept" if _keeps(transition) else "")


def _keeps(transition: Transition) -> bool:
    return transition.unsafe and transition.kind != "inherit"


def _with_examples(
    engine: Engine, profile: ProfileRecord, found: Sequence[Ability]
) -> Iterator[Ability]:
    """The abilities, with the hazards of the files that matter which their rules open."""
    risks: dict[object, dict[str, None]] = {}
    for hazard, answer in opened(profile.full_name, engine.answer):
        for ref in answer.verdict.rules:
            risks.setdefault(ref, {})[hazard] = None
    for one in found:
        more = risks.get(one.rule, {}) if one.cls == FILE.name else {}
        yield one._replace(hazards=tuple(dict.fromkeys((*one.hazards, *more))))
