"""What added rules open is exact: held against policies that are compiled with them."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest

import lsmc
from lsmc.analysis.openings import Opening, Openings
from lsmc.compiler.inputs import Options
from lsmc.engine.matcher import Matcher
from lsmc.modules.apparmor.analysis.semantics import SEMANTICS
from lsmc.modules.apparmor.classes import BY_NAME, FILE
from lsmc.modules.apparmor.suggest.abstractions import compile_abstractions

#: Few letters, so that the rules meet often.
RULES = (
    *("/a r,", "/b w,", "/* r,", "/** rw,", "/a* w,", "owner /a* rk,", "/{a,b}/ r,", "/a/** l,"),
    *("deny /a r,", "deny /a/** w,", "priority=1 /a* w,", "priority=-1 /** a,", "/**/ w,"),
    *("owner /** m,", "deny owner /b rw,", "/[^a]* r,", "/a ix,", "/b px,", "deny /** x,"),
    *("capability kill,", "deny capability,", "capability,", "//a r,", "/../** w,"),
)
PATHS = ["/", *("/" + "".join(p) for n in (1, 2, 3, 4) for p in itertools.product("ab/", repeat=n))]
REAL = [path for path in PATHS if "//" not in path]


def policy(*rules: str) -> lsmc.Policy:
    return lsmc.compile_text("profile p {\n" + "\n".join(rules) + "\n}\n")


def matcher(found: lsmc.Policy) -> Matcher:
    profile = found.engine.tables.find("p")
    assert profile is not None
    return found.engine.tables.matcher(profile)


def openings(old: lsmc.Policy, new: lsmc.Policy, key: bytes = b"", wanted: str = "") -> Openings:
    return Openings(SEMANTICS, matcher(old), matcher(new), FILE, [key], FILE.mask(tuple(wanted)))


def opened(old: str, new: str, asked: str = "", wanted: str = "") -> list[tuple[str, str]]:
    found = openings(policy(old), policy(new), asked.encode(), wanted).by_rule()
    return [(one.key.decode(), "".join(one.cls.names(one.mask))) for one in found]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("", "/a r,", [("/a", "r")]),
        ("/a r,", "/a r,", []),
        ("/** r,", "/a r,", []),
        ("/** r,", "/a rw,", [("/a", "wa")]),
        ("deny /a r,", "/a r,", []),
        ("deny /a r,", "priority=1 /a r,", [("/a", "r")]),
        ("deny /a* r,", "/* r,", [("/b", "r")]),
        ("/a r,", "deny /b r,", []),
        ("owner /a r,", "/a r,", [("/a", "r")]),
        ("", "//a r,", []),
        ("", "/srv/*/x r,", [("/srv/a/x", "r")]),
        ("", "capability kill,", [("kill", "use")]),
    ],
)
def test_examples(old: str, new: str, found: list[tuple[str, str]]) -> None:
    assert opened(old, new) == found


@pytest.mark.parametrize("asked", [["/a"], ["/a", "/ab"], ["/a", "/aa", "/ab", "/b"], [*REAL]])
def test_all_that_is_asked_is_left_out(asked: list[str]) -> None:
    """Whatever is asked, in any number, the search goes on to what is not."""
    rule = "/{a,b}{,a,b} r,"
    keys = [path.encode() for path in asked]
    found = Openings(
        SEMANTICS, matcher(policy()), matcher(policy(rule)), FILE, keys, FILE.mask("r")
    )
    opened = [one.key.decode() for one in itertools.islice(found.of_class(), 9)]
    allowed = policy(rule)
    left = {path for path in REAL if allowed.query("p", "read", path).allowed} - set(asked)
    assert bool(opened) == bool(left)
    assert set(opened) <= left


def test_what_is_asked_is_left_out() -> None:
    assert opened("", "/a rw,", "/a", "wa") == [("/a", "r")]
    assert opened("", "/a w,", "/a", "wa") == []
    assert opened("", "/a w,", "/a", "r") == [("/a", "wa")]
    found = openings(policy(""), policy("/{a,b} w,"), b"/a", "wa").of_class()
    assert [(one.key, one.owner) for one in found] == [(b"/b", True)]


def gained(old: lsmc.Policy, both: lsmc.Policy, one: Opening) -> frozenset[str]:
    """What the profile with the rules allows at an opening, and without them does not."""
    granted = []
    for p in (old, both):
        found = matcher(p)
        node = found.walk(bytes((one.cls.code,)) + one.key)
        granted.append(found.decide(node, one.cls, one.owner).allow)
    return frozenset(one.cls.names(granted[1] & ~granted[0]))


@pytest.mark.parametrize("seed", range(40))
def test_openings_are_those_of_the_compiled_whole(seed: int) -> None:
    draw = random.Random(seed)
    mine, added = (draw.sample(RULES, draw.randint(0, 4)) for _ in range(2))
    mine = [rule for rule in mine if "x," not in rule]  # else they may contradict
    old, new, both = policy(*mine), policy(*added), policy(*mine, *added)
    found = list(openings(old, new).by_rule())
    for one in found:
        assert gained(old, both, one) == set(one.cls.names(one.mask)), (mine, added, one)
        assert one.cls is not FILE or one.key.decode() in REAL or len(one.key) > 5
    # and where there is none, none of these paths is opened
    if not any(one.cls is FILE for one in found):
        for path, owner in itertools.product(REAL, (True, False)):
            assert not gained(old, both, Opening(FILE, path.encode(), 0, owner)), (mine, added)
    if not any(one.cls.name == "capability" for one in found):
        kill = Opening(BY_NAME["capability"], b"kill", 0, True)
        assert not gained(old, both, kill), (mine, added)


def test_abstractions_in_folders(tmp_path: Path) -> None:
    root = tmp_path / "abstractions"
    for name, text in {
        "base": "/a r,",
        "base.d/local": "/b r,",
        "x.d/y": "/c r,",
        "app/one": "include <abstractions/base>\n/d r,",
        "app/broken": "/e r",
        "app/lacking": "@{no_such}/x r,",
        "app/z~": "/f r,",
        "deep/er/two": "/g r,",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"{text}\n")
    (root / "app" / "loop").symlink_to(root)
    from lsmc.modules.apparmor.build.front import front_end

    found = compile_abstractions(front_end(Options(base=str(tmp_path))), "")
    names = [name.removeprefix("abstractions/") for name in found]
    assert [n for n in names if "loop" not in n] == ["app/one", "base", "deep/er/two", "x.d/y"]
    assert len(names) < 40
    one = found["abstractions/app/one"]
    code = bytes((FILE.code,))
    allowed = [path for path in (b"/a", b"/d", b"/g") if one.matched(one.walk(code + path))]
    assert allowed == [b"/a", b"/d"]
