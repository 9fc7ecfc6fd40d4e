"""A request may say that its class is mediated; then the rules are asked whatever the ABI."""

from __future__ import annotations

import lsmc
from lsmc.modules.apparmor.explain.reasons import explain_request

FEATURES = "policy {versions {v8 {yes\n}\n}\n}\nfile {mask {create read\n}\n}\n"


def test_mediated_asks_the_rules(tmp_path: object) -> None:
    from pathlib import Path

    features = Path(str(tmp_path)) / "features"
    features.write_text(FEATURES)
    policy = lsmc.compile_text("profile p {}\nprofile u flags=(unconfined) {}", features=features)
    asked = {"subject": "p", "class": "userns", "perms": ["create"]}
    assert policy.answer(asked).allowed
    assert "not mediated" in policy.answer(asked).note
    proven = {**asked, "mediated": True}
    assert policy.answer(proven).decision == "deny-implicit"
    assert not policy.query("p", "userns_create", mediated=True).allowed
    assert [one.allowed for one in policy.query_many([asked, proven])] == [True, False]
    assert policy.answer({**proven, "subject": "u"}).allowed
    found = explain_request(policy.engine, proven, "userns_create")
    assert found.request.hook == "userns_create"
    assert [one.rule for one in found.suggestions] == ["userns create,"]
