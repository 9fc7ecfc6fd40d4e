"""Draws policies about files, links and executions, with cases."""

from __future__ import annotations

import random

from tests.kernel.cases import UNCONFINED, Case, file, program, symlink
from tests.kernel.draw import (
    FOLDERS,
    flags,
    glob,
    hat,
    path,
    profile,
    qualifiers,
    several,
    some,
    two_paths,
)

#: A user who is not root.
OTHER = 1000
_MODES = (
    *("ix", "px", "Px", "cx", "Cx", "ux", "Ux"),
    *("pix", "Pix", "cix", "Cix", "pux", "PUx", "cux", "CUx"),
)


def _permissions(rng: random.Random, letters: str = "rwakm") -> str:
    chosen = "".join(some(rng, letters))
    return chosen.replace("a", "") if "w" in chosen else chosen


def _file_rule(rng: random.Random, letters: str = "rwakm") -> str:
    target = path(rng)
    if rng.random() < 0.1:
        target = target.rpartition("/")[0] + "/"  # the directory itself
    what = target if target.endswith("/") else glob(rng, target)
    return f"{qualifiers(rng, owner=True)}{what} {_permissions(rng, letters)},"


def files(rng: random.Random) -> tuple[str, list[Case]]:
    """Everything that is done to files, by profiles, hats and stacks."""

    def rules() -> list[str]:
        return ["capability,", *(_file_rule(rng) for _ in range(rng.randint(3, 8)))]

    text, subjects = several(rng, rules)
    return text, [file_case(rng, rng.choice(subjects)) for _ in range(18)]


def file_case(rng: random.Random, subject: str) -> Case:
    """One access to a file or a directory."""
    one, two = two_paths(rng)
    uid = rng.choice((0, 0, OTHER))
    there = file(one, uid)
    folder = f"{rng.choice(FOLDERS)}/d/"
    act: tuple[str, ...]
    match rng.randrange(22):
        case 0 | 1:
            act = ("open", "r", one)
        case 2:
            act = ("open", "rR", one)
        case 3:
            act = ("open", "wW", one)
        case 4:
            act = ("open", "wa", one)
        case 5:
            act = ("open", rng.choice(("rw", "wt")), one)
        case 6:
            return Case(subject, ("open", "wc", one))
        case 7:
            act = ("lock", rng.choice(("shared", "exclusive")), one)
        case 8 | 9:
            act = (rng.choice(("map", "map", "protect")), one)
        case 10:
            return Case(subject, ("symlink", two, one))
        case 11:
            act = ("unlink", one)
        case 12 | 13:
            act = ("rename", one, two)
        case 14:
            return Case(subject, ("mkdir", folder))
        case 15:
            return Case(subject, ("rmdir", folder), (file(folder, uid),))
        case 16:
            return Case(subject, ("mknod", rng.choice("fpsc"), one))
        case 17:
            act = ("chmod", "640", one)
        case 18:
            act = ("chown", "5", "6", one)
        case 19:
            act = ("truncate", one)
        case 20:
            return Case(subject, ("open", rng.choice("rw"), two), (there, symlink(two, one)))
        case _:
            act = ("getattr", one)
    return Case(subject, act, (there,))


def links(rng: random.Random) -> tuple[str, list[Case]]:
    """Hard links: `l` with the test of permissions, and pairs."""
    rules = ["capability,"]
    pairs = [two_paths(rng) for _ in range(6)]
    for new, old in pairs:
        rules.append(_file_rule(rng, "rwakml"))
        rules.append(f"{qualifiers(rng, owner=True)}{glob(rng, new)} {_permissions(rng, 'rwkl')},")
        if rng.random() < 0.25:
            mode = rng.choice(("ix", "px", "Px", "Ux"))
            what = glob(rng, rng.choice((new, old)))
            rules.append(f"{what} {rng.choice(('l', 'rl', 'r'))}{mode},")
        subset = rng.choice(("", "subset "))
        if rng.random() < 0.5:
            rules.append(
                f"{qualifiers(rng, owner=True)}link {subset}{glob(rng, new)} -> {glob(rng, old)},"
            )
    text = ""
    for name in "pq":
        chosen = rng.sample(rules[1:], rng.randint(4, 9))
        text += profile(f"{name} {flags(rng)}", [rules[0], *chosen])
    cases = []
    for new, old in [*pairs, *(two_paths(rng) for _ in range(6))]:
        there = file(old, rng.choice((0, 0, OTHER)))
        subject = rng.choice(("p", "p", "q", "p//&q"))
        cases.append(Case(subject, ("link", old, new), (there,)))
    return text, cases


def _exec_rule(rng: random.Random) -> str:
    target = glob(rng, path(rng))
    if rng.random() < 0.25:
        return f"{rng.choice(('', 'audit '))}deny {target} x,"
    mode = rng.choice(_MODES)
    name = ""
    if mode not in ("ix", "ux", "Ux") and rng.random() < 0.4:
        name = rng.choice((" -> q", " -> r", " -> c", " -> none"))
        if mode[0] in "pP" and rng.random() < 0.3:
            name = rng.choice((" -> &q", " -> &none"))
    before = rng.choice(("", "", "", "audit ", "owner ", "safe ", "unsafe "))
    return f"{before}{target} {mode}{name},"


def execs(rng: random.Random) -> tuple[str, list[Case]]:
    """Executions: the modes, their targets and fallbacks, attachments, and the programs of none."""
    read = "/t/** r,"

    def rules() -> list[str]:
        return ["capability,", read, *(_exec_rule(rng) for _ in range(rng.randint(3, 7)))]

    children = [
        profile(f"{name} {attachment}", [read])
        for name, attachment in (("c", ""), ("c1", glob(rng, path(rng))), ("c2", path(rng)))
        if rng.random() < 0.7
    ]
    head = rng.choice(("p", "p", "p", "p flags=(complain)"))
    inner = [line for child in children for line in child.splitlines()]
    text = profile(head, [*rules(), *inner, *hat("h", rules())])
    text += profile("s", rules())
    for name in ("q", "r"):
        attachment = glob(rng, path(rng)) if rng.random() < 0.8 else ""
        text += profile(f"{name} {attachment}", [read])
    cases = []
    for _ in range(14):
        one = path(rng)
        uid = rng.choice((0, 0, 0, OTHER))
        # what of a stack learns is not a matter of ours
        stacked = ("p//&s",) if head == "p" else ("s",)
        subject = rng.choice(("p", "p", "p", "p//h", UNCONFINED, *stacked))
        cases.append(Case(subject, ("exec", one), (program(one, uid),)))
    return text, cases
