"""The editors' syntax files call each token what lsmc's lexer calls it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsmc.modules.apparmor.syntax.lexer_modes import KEYWORDS
from tests.editors.highlighters import HIGHLIGHTERS, Highlighter
from tests.editors.tokens import places
from tests.places import ROOT

SAMPLES = Path(__file__).parent / "samples"
PROFILES = ROOT / "profiles"
#: Profiles, and all that they include.
FILES = sorted(
    path
    for folder in (PROFILES, PROFILES / "abstractions", PROFILES / "tunables", SAMPLES)
    for path in folder.iterdir()
    if path.is_file() and not path.suffix
)


def test_the_samples_have_each_keyword() -> None:
    """What no sample has is compared with nothing."""
    seen = {
        place.token.partition(" ")[2]
        for path in SAMPLES.iterdir()
        for place in places(path.read_text(encoding="latin-1"))
    }
    assert {word for word, (kind, _) in KEYWORDS.items() if kind != "RESERVED"} - seen == set()


@pytest.mark.parametrize("editor", HIGHLIGHTERS, ids=lambda one: one.name)
def test_tokens_are_what_the_lexer_says(editor: Highlighter, tmp_path: Path) -> None:
    if missing := editor.missing():
        pytest.skip(f"needs {missing}")
    texts = {str(path): path.read_text(encoding="latin-1") for path in FILES}
    wanted = {file: list(places(text)) for file, text in texts.items()}
    assert sum(map(len, wanted.values())) > 5000
    wrong = []
    named = editor.run(wanted, tmp_path)
    for file, some in wanted.items():
        for place, name in zip(some, named[file], strict=True):
            if name not in place.allowed:
                where = f"{Path(file).name}:{place.line + 1}:{place.column + 1}"
                wrong.append(f"{where}: `{place.token}` is called {name or 'nothing'}")
    assert wrong == []
