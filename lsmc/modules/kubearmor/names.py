"""Names that policy and questions use, with the kernel's numbers for them."""

from __future__ import annotations

MODULE = "kubearmor"
#: The numbers of protocols.
PROTOCOLS = {"ICMP": 1, "TCP": 6, "UDP": 17, "ICMPV6": 58, "SCTP": 132}
#: The numbers of types of sockets.
TYPES = {"STREAM": 1, "DGRAM": 2, "RAW": 3, "RDM": 4, "SEQPACKET": 5, "DCCP": 6, "PACKET": 10}
_CAPABILITIES = (
    "chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable"
    " net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio"
    " sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time"
    " sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog"
    " wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore"
)
#: The numbers of the kernel's capabilities.
CAPABILITIES = {name: number for number, name in enumerate(_CAPABILITIES.split())}
#: The number of the last capability that the API server admits.
LAST_ADMITTED = CAPABILITIES["mac_admin"]
