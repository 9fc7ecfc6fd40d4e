"""Where a system keeps AppArmor's profiles."""

#: Globs of the directories and files that are loaded, relative to the root directory.  Beside those
#: of libvirt lie templates and fragments (`TEMPLATE.qemu`, `libvirt-UUID.files`).
INSTALLED = (
    "etc/apparmor.d",
    "etc/apparmor.d/libvirt/libvirt-*-*-*-*-????????????",
    "var/lib/snapd/apparmor/profiles",
    "var/snap/lxd/common/lxd/security/apparmor/profiles",
    "var/lib/lxd/security/apparmor/profiles",
    "var/lib/incus/security/apparmor/profiles",
)
