"""Bundles: what is written is read again, and nothing else."""

from __future__ import annotations

import pytest

import lsmc
from lsmc.modules.kubearmor.bundle import BundleSection, pack, unpack
from lsmc.modules.kubearmor.evaluate import Settings
from lsmc.modules.kubearmor.policy import Namespace, PolicySet
from lsmc.tables.sections import pack_sections
from tests.modules.kubearmor.policies import WEB, compiled, policies

SPEC = """\
file:
  matchPaths:
    - {path: /a, ownerOnly: true, fromSource: [{path: /b}]}
process:
  matchPaths:
    - {path: /c, pts: false, allowedArgs: [x, y], tags: [t], message: m, severity: 3}
presets: [{name: exec, action: Audit}]
apparmor: deny /d r,
"""


def test_a_policy_is_read_as_it_was_written() -> None:
    known = PolicySet(policies(SPEC), (Namespace("shop", (("file", "block"),)),))
    texts = (("/x/abstractions/base", b"# \xff\n"),)
    settings = Settings("/x", ("/y",), (("file", "audit"),), "name")
    found = unpack(pack(known, texts, settings))
    assert found[1:] == (known, texts, settings)


def test_a_bundle_answers_without_the_files_that_it_was_made_of() -> None:
    policy = lsmc.Policy(compiled("file: {matchPaths: [{path: /a}]}").data)
    assert policy.profiles == (WEB,)
    assert not policy.query(WEB, "open", "/a").allowed


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"[[],[],[]]", b"[[[1]],[]]", b"[[],[[1,2]]]", b"{}", b"[" * 5000, b"null"],
)
def test_other_sections_are_refused(text: bytes) -> None:
    sections = {BundleSection.POLICY: text, BundleSection.FILES: b"[]"}
    data = pack_sections("kubearmor", {**sections, BundleSection.SETTINGS: b'["",[],[],"n"]'})
    with pytest.raises(lsmc.BundleError, match="damaged"):
        lsmc.Policy(data)


def test_flags_and_words_are_checked() -> None:
    good = pack(PolicySet(policies(SPEC), ()), (), Settings(""))
    for old, new in ((b"true", b"null"), (b'"path"', b'"pith"'), (b'"file"', b'"fild"')):
        at = good.index(old)
        text = good[:at] + new + good[at + len(old) :]
        with pytest.raises(lsmc.BundleError):
            lsmc.Policy(text)
