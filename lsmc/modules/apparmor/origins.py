"""Who makes the profiles that a policy may lack, and what to do about them."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import NamedTuple


class Origin(NamedTuple):
    """Who makes the profiles of some names.

    Attributes:
        names: a glob of the names of profiles.
        says: where such a profile comes from, as a sentence.
        remedy: what to do, as a sentence.
        source: where this is said.
    """

    names: str
    says: str
    remedy: str
    source: str


_SNAPS = "snapd writes it to /var/lib/snapd/apparmor/profiles, and anew whenever the snap changes"
_CONNECT = (
    "a snap gets rights by interfaces (`snap connections`, `snap connect`); edits of the file are"
    " lost"
)
_INSTANCE = (
    "rules of your own go to the key `raw.apparmor` of the instance; edits of the file are lost"
)
_UBUNTU = "the package apparmor of Ubuntu 24.04 and later has it in /etc/apparmor.d"
_USERNS = (
    "give the program itself a profile with `userns,`: without one it is put under this profile"
)
#: The first row whose glob fits counts.
ORIGINS = (
    Origin(
        "docker-default",
        "dockerd makes it when it starts, and keeps no file of it",
        "write a profile of your own and start the container with `--security-opt apparmor=NAME`",
        "https://docs.docker.com/engine/security/apparmor/",
    ),
    Origin(
        "docker-*",
        "tools such as bane write profiles of such names to /etc/apparmor.d/containers",
        "give that directory with `--policy`",
        "https://github.com/genuinetools/bane",
    ),
    Origin(
        "cri-containerd.apparmor.d",
        "containerd makes it for the pods of Kubernetes, and keeps no file of it",
        "load a profile of your own on the node and name it in the pod's"
        " `securityContext.appArmorProfile` (type Localhost)",
        "https://kubernetes.io/docs/tutorials/security/apparmor/",
    ),
    Origin(
        "crio-default*",
        "CRI-O makes it when it starts, and keeps no file of it",
        "load a profile of your own on the node and name it in the pod's"
        " `securityContext.appArmorProfile` or as `apparmor_profile` of crio.conf",
        "https://github.com/cri-o/cri-o/blob/main/docs/crio.conf.5.md",
    ),
    Origin(
        "containers-default-*",
        "Podman and Buildah make it when a container starts, and keep no file of it",
        "write a profile of your own and start the container with"
        " `--security-opt apparmor=NAME`, or name it as `apparmor_profile` of containers.conf",
        "https://github.com/containers/common/blob/main/docs/containers.conf.5.md",
    ),
    Origin(
        "nerdctl-default",
        "nerdctl makes it (`nerdctl apparmor load`), and keeps no file of it;"
        " `nerdctl apparmor inspect` prints it",
        "write a profile of your own and start the container with `--security-opt apparmor=NAME`",
        "https://github.com/containerd/nerdctl/blob/main/docs/command-reference.md",
    ),
    Origin(
        "kubearmor-*",
        "KubeArmor makes it from its policies and writes it to /etc/apparmor.d of the node",
        "change the policy of KubeArmor; edits of the file are lost",
        "https://docs.kubearmor.io/",
    ),
    Origin("snap.*", _SNAPS, _CONNECT, "https://snapcraft.io/docs/security-policies"),
    Origin("snap-update-ns.*", _SNAPS, _CONNECT, "https://snapcraft.io/docs/security-policies"),
    Origin(
        "*/snap-confine*",
        "snapd writes it to /var/lib/snapd/apparmor/profiles, or its package to /etc/apparmor.d",
        "rules of your own go to /var/lib/snapd/apparmor/snap-confine, which it includes",
        "https://github.com/canonical/snapd/blob/master/cmd/snap-confine/snap-confine.apparmor.in",
    ),
    Origin(
        "libvirt-*",
        "virt-aa-helper writes it to /etc/apparmor.d/libvirt when a guest starts, and removes it"
        " when the guest ends",
        "let the guest run while you ask; rules for all guests go to"
        " /etc/apparmor.d/local/abstractions/libvirt-qemu, or else to"
        " /etc/apparmor.d/abstractions/libvirt-qemu",
        "https://libvirt.org/drvqemu.html#apparmor-svirt-confinement",
    ),
    Origin(
        "lxd[-_]*",
        "LXD makes it for an instance and writes it to security/apparmor/profiles of its directory"
        " (/var/snap/lxd/common/lxd or /var/lib/lxd)",
        _INSTANCE,
        "https://documentation.ubuntu.com/lxd/latest/reference/instance_options/",
    ),
    Origin(
        "incus[-_]*",
        "Incus makes it for an instance and writes it to /var/lib/incus/security/apparmor/profiles",
        _INSTANCE,
        "https://linuxcontainers.org/incus/docs/main/reference/instance_options/",
    ),
    Origin(
        "lxc-container-*",
        "the package of LXC has it in /etc/apparmor.d/lxc, which /etc/apparmor.d/lxc-containers"
        " includes",
        "install that package, or give the directory that has the file with `--policy`",
        "https://linuxcontainers.org/lxc/manpages/man5/lxc.container.conf.5.html",
    ),
    Origin(
        "lxc-*",
        "LXC makes it for a container whose `lxc.apparmor.profile` is `generated`, and keeps it in"
        " the directory of the container",
        "rules of your own go to `lxc.apparmor.raw` of the container",
        "https://linuxcontainers.org/lxc/manpages/man5/lxc.container.conf.5.html",
    ),
    Origin(
        "flatpak*",
        "Flatpak makes no profiles: one of this name comes with the distribution, or a collection"
        " of profiles",
        "give the directory that has it with `--policy`",
        "https://docs.flatpak.org/en/latest/sandbox-permissions.html",
    ),
    Origin(
        "unprivileged_userns",
        _UBUNTU,
        _USERNS,
        "https://discourse.ubuntu.com/t/understanding-apparmor-user-namespace-restriction/58007",
    ),
    Origin(
        "unpriv_bwrap",
        "the file bwrap-userns-restrict of AppArmor's extra profiles has it, for what bwrap runs",
        "install that file in /etc/apparmor.d, or give the directory that has it with `--policy`",
        "https://gitlab.com/apparmor/apparmor/-/tree/master/profiles/apparmor/profiles/extras",
    ),
    Origin(
        "hassio-supervisor",
        "the supervisor of Home Assistant has it in /usr/share/hassio/apparmor",
        "give that directory with `--policy`",
        "https://github.com/home-assistant/supervised-installer",
    ),
)
_ANY = (
    "`aa-status` lists what is loaded; give the directory of the file that has it with `--policy`,"
    " or draft one with `lsmc learn`"
)


def origin(name: str) -> str:
    """Where a profile that a policy lacks comes from, and what to do, as a sentence."""
    return made(name) or _ANY


def made(name: str) -> str:
    """The same of a profile that no package installs as a file of policy; empty for others."""
    root = name.partition("//")[0]
    found = next((one for one in ORIGINS if fnmatchcase(root, one.names)), None)
    return f"{found.says}; {found.remedy}" if found is not None else ""
