"""What `grants` tells of random profiles is what they answer, no more and no less."""

from __future__ import annotations

import pytest

import lsmc
from lsmc.analysis.grants import Grant, grants
from lsmc.modules.apparmor.analysis.semantics import SEMANTICS
from lsmc.modules.apparmor.classes import BY_NAME, CLASSES, FILE
from tests.property.test_differences import drawn, world

#: Classes whose operations look up nothing but the key of the object.
PLAIN = [cls for cls in CLASSES if cls not in SEMANTICS.besides]


@pytest.mark.parametrize("seed", range(80))
def test_grants_are_what_is_answered(seed: int) -> None:
    _, one, other = drawn(seed)
    try:
        policy = lsmc.compile_text("\n".join(("profile p {", *one, *other, "}")))
    except lsmc.PolicyError:
        pytest.skip("two ways to execute one file")
    tables = policy.engine.tables
    record = tables.find("p")
    assert record is not None
    found = {cls.name: grants(SEMANTICS, tables, record, cls) for cls in PLAIN}
    for cls in PLAIN:
        for grant in found[cls.name]:
            if "x" in grant.permissions:
                continue  # an execution fails where the profile that follows is not there

            def answers(key: bytes, owner: bool, grant: Grant = grant) -> list[lsmc.Verdict]:
                asked = SEMANTICS.request_of("p", grant.cls, key, owner, ())
                return [policy.answer({**asked, "perms": [name]}) for name in grant.permissions]

            whose = {"all": (True, False), "owner": (True,), "other": (False,)}[grant.who]
            given = answers(grant.key, whose[0])
            if grant.asks:  # the user decides, so that no rule allows it
                assert any(a.missing for a in given), grant
                continue
            assert any(not a.missing and grant.rule in a.rules for a in given), grant
            if grant.but is not None:
                refused = [a for owner in whose for a in answers(grant.but.key, owner)]
                assert any(a.missing for a in refused), grant
    for asked in world():
        if BY_NAME[asked.cls] not in PLAIN:
            continue
        verdict = policy.answer(asked.request())
        if not verdict.missing:
            told = {g.rule for g in found[asked.cls] if asked.perm in g.permissions}
            assert told & {*verdict.rules}, (asked, verdict)


def test_objects_where_others_decide_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first object that a rule and its denial share may be one that a stronger rule grants."""

    def one_meeting(*_: object) -> tuple[bytes, ...]:
        return (b"/a",)

    monkeypatch.setattr("lsmc.analysis.grants._Profile._meetings", one_meeting)
    policy = lsmc.compile_text("profile p { /{a,b}* r, deny /a* r, priority=1 /a r, }")
    tables = policy.engine.tables
    record = tables.find("p")
    assert record is not None
    found = {grant.rule.text: grant for grant in grants(SEMANTICS, tables, record, FILE)}
    refusal = found["/{a,b}* r,"].but
    assert refusal is not None
    assert (refusal.rule.text, refusal.key) == ("deny /a* r,", b"/aa")
