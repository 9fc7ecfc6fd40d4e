"""How files are read, written and named."""

from __future__ import annotations

from pathlib import PurePath

from hypothesis import given
from hypothesis import strategies as st

from lsmc.base.files import joined


@given(
    st.from_regex(r"/?[a.]([/.a]*[.a])?/?", fullmatch=True),
    st.from_regex(r"[.a]+a", fullmatch=True),
)
def test_a_path_is_joined_as_pathlib_does(folder: str, name: str) -> None:
    assert joined(folder, name) == str(PurePath(folder) / name)
