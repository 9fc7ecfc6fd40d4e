"""A profile attaches where a kernel that reads its stream finds that its conditions hold."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsmc.compiler.inputs import Options
from lsmc.modules.apparmor.kernel.render import render
from tests.modules.apparmor.kernel.reader import STEP, Profile, read
from tests.modules.apparmor.kernel.test_render import FEATURES

NAMES = ("user.a", "user.b", "security.c")
VALUES = ("", "x", "xy", "y\0z")
GLOBS = ("x", "x*", "?", "**", "[xy]*")


def attaches(profile: Profile, path: str, attributes: Mapping[str, str]) -> bool:
    """Whether a kernel attaches a profile to a file (domain.c, `aa_xattrs_match`)."""
    automaton = profile.attach
    assert automaton is not None
    state = automaton.match(path.encode())
    if not automaton.words(state)[0] & 1:
        return False
    for name in dict(profile.fields.get("xattrs", ())).get("", ()):
        state = automaton.step(state, STEP)
        if name not in attributes:
            return False  # none is optional: the step from where a value begins leads nowhere
        state = automaton.match(b"\0" + attributes[name].encode(), state)
        if not automaton.words(state)[0] & 1:
            return False
    return True


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("features") / "features"
    path.write_text(FEATURES)
    return path


@given(
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from(GLOBS), max_size=3),
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES), max_size=3),
    st.sampled_from(("/p", "/pq", "/q")),
)
def test_conditions(
    features: Path, asked: dict[str, str], attributes: dict[str, str], path: str
) -> None:
    conditions = " ".join(f'{name}="{glob}"' for name, glob in asked.items())
    text = f"profile p /p* xattrs=({conditions}) {{ }}"
    options = Options("/b", features=str(features), texts=(("/policy", text.encode()),))
    (file,) = render(["/policy"], options, 1)
    assert file.diagnostics == ()
    profile = next(read(file.data))
    held = all(
        name in attributes and fnmatch.fnmatchcase(attributes[name], glob)
        for name, glob in asked.items()
    )
    assert attaches(profile, path, attributes) == (held and path != "/q")
