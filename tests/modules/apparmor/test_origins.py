"""Where profiles come from that no file of a policy has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lsmc.modules.apparmor.origins import ORIGINS, origin
from tests.places import ROOT


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("docker-default", "dockerd makes it"),
        ("docker-nginx", "bane"),
        ("cri-containerd.apparmor.d", "containerd makes it for the pods"),
        ("crio-default-1.29.0", "CRI-O"),
        ("containers-default-0.57.4", "Podman"),
        ("snap.firefox.firefox", "/var/lib/snapd/apparmor/profiles"),
        ("snap.firefox.firefox//null-/bin/x", "/var/lib/snapd/apparmor/profiles"),
        ("/snap/snapd/21759/usr/lib/snapd/snap-confine", "snap-confine"),
        ("libvirt-0c2b8e8e-6f3f-4a7e-9a7e-0f5a8b6c7d1e", "virt-aa-helper"),
        ("lxd-c1_</var/snap/lxd/common/lxd>", "LXD"),
        ("incus_dnsmasq-incusbr0_</var/lib/incus>", "Incus"),
        ("lxc-container-default-cgns", "package of LXC"),
        ("lxc-101_</var/lib/lxc>", "`lxc.apparmor.raw`"),
        ("flatpak-app", "Flatpak makes no profiles"),
        ("unprivileged_userns", "Ubuntu 24.04"),
        ("/usr/sbin/foo", "aa-status"),
        ("libvirtd", "aa-status"),
    ],
)
def test_a_name_tells_who_makes_the_profile(name: str, words: str) -> None:
    assert words in origin(name)


def test_the_table_of_the_documents_is_that_of_the_code() -> None:
    text = Path(ROOT, "docs", "explain.md").read_text()
    table = re.search(r"<!-- origins -->\n.*?\n.*?\n(.*?)<!-- end -->", text, re.DOTALL)
    assert table is not None
    assert table[1] == "".join(
        f"| `{one.names}` | {one.says} | {one.remedy} | [source]({one.source}) |\n"
        for one in ORIGINS
    )
