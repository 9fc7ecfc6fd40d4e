"""The labels of what is made and of what runs."""

from __future__ import annotations

import pytest

import lsmc

POLICY = "App Dir rwxt\nApp Sys rwx\n"


@pytest.mark.parametrize(
    ("obj", "cls", "label"),
    [
        ("Dir", "file", "Dir"),
        ("Sys", "dir", "App"),
        ("Gone", "file", "App"),
        ("Dir", "process", "App"),
    ],
)
def test_new_objects(obj: str, cls: str, label: str) -> None:
    policy = lsmc.compile_text(POLICY, module="smack")
    found = policy.label("transition", "App", obj, cls)
    assert found == label
    assert found is not None
    assert bool(found.rules) == (label == "Dir")
    made = policy.query("App", "create", obj, transmute=True, capabilities="mac_override")
    if cls != "process":
        assert f"gets the label `{label}`" in made.note


def test_what_no_policy_says() -> None:
    policy = lsmc.compile_text(POLICY, module="smack")
    with pytest.raises(lsmc.RequestError, match="the kind `member` has no meaning for Smack"):
        policy.label("member", "App", "Dir", "file")
    with pytest.raises(lsmc.RequestError, match=r"is in its attribute security\.SMACK64"):
        policy.file_label("/etc/passwd")
    with pytest.raises(lsmc.RequestError, match="is decided by CAP_MAC_ADMIN"):
        policy.validate_transition("App", "Sys", "App", "file")
