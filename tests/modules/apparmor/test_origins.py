"""Where profiles come from that no file of a policy has."""

from __future__ import annotations

import pytest

import lsmc
from lsmc.modules.apparmor.origins import origin


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


def test_a_question_about_such_a_profile_says_so_too() -> None:
    policy = lsmc.compile_text("profile docker { }")
    with pytest.raises(lsmc.UnknownName, match="unknown profile `docker-default`: dockerd makes"):
        policy.query("docker-default", "read", "/x")
    with pytest.raises(
        lsmc.UnknownName, match=r"unknown profile `dokcer`; did you mean `docker`\?"
    ):
        policy.query("dokcer", "read", "/x")
