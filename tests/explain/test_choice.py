"""Which remedies are taken."""

from __future__ import annotations

import pytest

from lsmc.engine.verdict import RuleRef
from lsmc.explain.choice import DenialRemedies, needs
from lsmc.explain.diagnosis import Kind, Remedy

REF = RuleRef("p", "f", 3, 1, "deny /x r,", ())


def remedy(kind: Kind, rule: str = "", **more: object) -> Remedy:
    return Remedy(kind, rule or kind, "p", "f", 1)._replace(**more)  # type: ignore[arg-type]


EXACT, GENERAL, ABSTRACTION = remedy("exact"), remedy("general"), remedy("abstraction")
DENY, OTHER = remedy("deny", overrides=(REF,)), remedy("deny", "other", overrides=(REF,))
RISKY = GENERAL._replace(hazards=("programs",))
ABOVE = EXACT._replace(overrides=(REF,))
FLAG = remedy("flag")
MEND = remedy("mend", replaces=REF)


@pytest.mark.parametrize(
    ("remedies", "expected"),
    [
        ((), []),
        ((EXACT,), [DenialRemedies((), (), EXACT, ())]),
        (
            (EXACT, GENERAL, ABSTRACTION, EXACT, FLAG),
            [
                DenialRemedies((), (), EXACT, (GENERAL, ABSTRACTION)),
                DenialRemedies((), (), EXACT),
                DenialRemedies((), (), FLAG),
            ],
        ),
        ((DENY, OTHER), [DenialRemedies((), (DENY, OTHER))]),
        (
            (DENY, EXACT, OTHER, EXACT),
            [DenialRemedies((), (DENY,), EXACT), DenialRemedies((), (OTHER,), EXACT)],
        ),
        ((EXACT, MEND, EXACT), [DenialRemedies((), (), EXACT), DenialRemedies((MEND,), (), EXACT)]),
        ((GENERAL,), [DenialRemedies((), (), None, (GENERAL,))]),
    ],
)
def test_remedies_are_told_apart_by_what_they_are_for(
    remedies: tuple[Remedy, ...], expected: list[DenialRemedies]
) -> None:
    assert list(needs(remedies)) == expected


@pytest.mark.parametrize(
    ("need", "exact", "wide"),
    [
        (DenialRemedies((), (), EXACT, (GENERAL, ABSTRACTION)), (EXACT,), (GENERAL,)),
        (DenialRemedies((), (), EXACT, (RISKY,)), (EXACT,), (EXACT,)),
        (DenialRemedies((), (), EXACT, (RISKY, GENERAL)), (EXACT,), (GENERAL,)),
        (DenialRemedies((), (), EXACT._replace(hazards=("programs",)), (RISKY,)), None, (RISKY,)),
        # a rule that overrides leaves those that refuse as they are
        (DenialRemedies((), (DENY,), ABOVE, (GENERAL,)), (ABOVE,), (ABOVE,)),
        (DenialRemedies((), (DENY, OTHER), EXACT), (DENY, OTHER, EXACT), (DENY, OTHER, EXACT)),
        (DenialRemedies((), (DENY,)), (DENY,), (DENY,)),
    ],
)
def test_what_allows_it(
    need: DenialRemedies, exact: tuple[Remedy, ...] | None, wide: tuple[Remedy, ...]
) -> None:
    assert need.taken(wide=False) == (exact or (need.smallest,))
    assert need.taken(wide=True) == wide


def test_a_person_should_mend_what_was_meant() -> None:
    need = DenialRemedies((MEND,), (DENY,), ABOVE)
    assert need.taken(wide=False) == (ABOVE,)
    assert need.advised(wide=False) == (MEND,)
    assert need._replace(meant=()).advised(wide=False) == (DENY,)
    assert DenialRemedies((), (), EXACT, (GENERAL,)).advised(wide=True) == (GENERAL,)


def test_advice_is_no_change() -> None:
    assert DenialRemedies((), (), EXACT).changes
    assert DenialRemedies((), (DENY,)).changes
    assert not DenialRemedies((), (), remedy("advice")).changes
    assert not DenialRemedies((), (), None, (ABSTRACTION,)).changes
