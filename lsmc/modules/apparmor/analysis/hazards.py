"""What is at stake when an access is allowed: sensitive objects and far-reaching permissions.

The list is short on purpose: it names accesses from which the rest of the system can be taken over,
or its secrets read.  A hazard is a word of `lsmc.explain.hazards`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from lsmc.base.text import decode

_READ = frozenset("rm")
_WRITE = frozenset("wal")
_HOME = r"(?:/home/[^/]+|/root)"
#: Certificates, which are public: by the directories of the system, and by their usual names.
_PUBLIC = r"/etc/(?:ssl|pki/tls)/certs/|.*/(?:cert|chain|fullchain)\d*\.pem\Z"
#: (hazard, permissions of which one is enough, paths)
_PATHS: tuple[tuple[str, frozenset[str], re.Pattern[str]], ...] = tuple(
    (hazard, perms, re.compile(pattern, re.DOTALL))
    for hazard, perms, pattern in (
        ("password-hashes", _READ, r"/etc/(?:shadow|gshadow|security/opasswd)-?\Z"),
        (
            "accounts",
            _WRITE,
            (
                r"/etc/(?:passwd|group|shadow|gshadow|subuid|subgid|sudoers|doas\.conf)(?:-|\Z|\.d/)"
                r"|/etc/(?:pam\.d|security|polkit-1)/"
            ),
        ),
        (
            "private-keys",
            _READ,
            (
                rf"{_HOME}/\.(?:ssh/(?!known_hosts|config|.*\.pub\Z)|gnupg/|aws/|kube/|docker/"
                rf"|netrc\Z|pgpass\Z|password-store/|mozilla/.*(?:key\d\.db|logins\.json)\Z)"
                rf"|/etc/ssl/private/|/etc/ssh/ssh_host_.*key\Z"
                rf"|.*\.(?:key|p12|pfx|kdbx)\Z|(?!{_PUBLIC}).*\.pem\Z"
            ),
        ),
        (
            "raw-device",
            _READ | _WRITE,
            (
                r"/dev/(?:mem|kmem|port|sd[a-z]|hd[a-z]|vd[a-z]|xvd|nvme\d|dm-\d|mapper/|loop\d|md\d"
                r"|mmcblk|fuse\Z|kvm\Z|vfio/)|/proc/kcore\Z|/proc/\d+/mem\Z"
            ),
        ),
        (
            "programs",
            _WRITE,
            (
                r"/(?:usr/|usr/local/)?(?:s?bin|lib(?:32|64|x32|exec)?)/|/opt/|/boot/"
                r"|/etc/ld\.so\.|/lib/modules/"
            ),
        ),
        (
            "start-up-files",
            _WRITE,
            (
                rf"/etc/(?:cron|systemd/|init|profile|bash|environment\Z|rc|xdg/autostart/|modules)"
                rf"|/var/spool/cron/"
                rf"|{_HOME}/\.(?:bash|profile\Z|zsh|login\Z|xprofile\Z|xinitrc\Z|ssh/"
                rf"|config/(?:autostart|systemd)/|local/bin/)"
            ),
        ),
        ("kernel-settings", _WRITE, r"/proc/sys/|/proc/sysrq-trigger\Z|/sys/"),
        (
            "policy",
            _WRITE,
            r"/etc/(?:apparmor|selinux|smack|tomoyo)|/sys/kernel/security/|/sys/fs/selinux/",
        ),
        (
            "control-socket",
            _WRITE,
            (
                r"(?:/var)?/run/(?:docker|podman/podman|containerd/containerd|crio/crio"
                r"|libvirt/libvirt-sock|systemd/private|lxd/unix\.socket)"
            ),
        ),
        (
            "interpreter",
            frozenset("x"),
            (
                r"/(?:usr/)?(?:local/)?bin/(?:(?:ba|da|z|k|c|tc|fi)?sh|busybox|env|g?awk|perl|python|ruby"
                r"|node|lua|php|tclsh|gdb)[\d.]*\Z"
            ),
        ),
    )
)
_FULL = frozenset(
    (
        *("sys_admin", "sys_module", "sys_rawio", "sys_ptrace", "sys_boot", "sys_chroot", "mknod"),
        *("setuid", "setgid", "setpcap", "setfcap", "bpf", "mac_admin", "mac_override"),
    )
)
#: How the names of methods begin that only ask.
_ASKS = ("Get", "List", "Lookup")
_MODES = frozenset(("dac_override", "dac_read_search", "chown", "fowner"))
_BY_CLASS: Mapping[str, str] = {
    "mount": "mounts",
    "umount": "mounts",
    "pivot_root": "mounts",
    "userns": "new-privileges",
    "io_uring": "new-privileges",
}


def hazards(
    cls: str, fields: Mapping[str, bytes], permissions: Collection[str], also: Collection[str] = ()
) -> tuple[str, ...]:
    """The hazards of allowing some permissions on an object that has the permissions `also`."""
    text = {name: decode(value) for name, value in fields.items()}
    return tuple(dict.fromkeys(_hazards(cls, text, set(permissions), set(also))))


def _hazards(
    cls: str, fields: Mapping[str, str], permissions: set[str], also: set[str]
) -> Iterator[str]:
    if cls == "file":
        path = fields["path"]
        for hazard, perms, pattern in _PATHS:
            if perms & permissions and pattern.match(path):
                yield hazard
        after = permissions | also
        if "x" in after and after & {"w", "a"} and permissions & {"w", "a", "x"}:
            yield "write-and-execute"
    elif cls == "link":
        yield from _hazards("file", {"path": fields["link"]}, {"w"}, set())
    elif cls == "capability":
        if fields["capability"] in _FULL:
            yield "capability"
        elif fields["capability"] in _MODES:
            yield "bypasses-file-modes"
    elif cls == "ptrace":
        if permissions & {"trace", "read"}:
            yield "other-processes"
    elif cls in ("change_profile", "onexec"):
        if fields["target"] == "unconfined":
            yield "leaves-confinement"
    elif cls == "network":
        raw = fields["type"] in ("raw", "packet") and fields["family"] != "netlink"
        if fields["family"] == "packet" or raw:
            yield "raw-network"
        elif not fields["type"]:
            yield "every-object"
    elif cls == "dbus":
        if "eavesdrop" in permissions:
            yield "raw-network"
        elif (
            fields["bus"] == "system"
            and fields["name"] == "org.freedesktop.systemd1"
            and not fields["member"].startswith(_ASKS)
        ):
            yield "control-socket"
    elif cls in _BY_CLASS:
        yield _BY_CLASS[cls]
