"""Whatever a program asked for, its draft allows it, and compiles to the same for any order."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lsmc
from tests.modules.apparmor.learn.support import execution, file, learn, line
from tests.places import PROFILES

_PARTS = ("a", "b", "x1", "cache-20260131", "12345", "bad name", "[x]*", "{y,z}^?", "ä", "@{HOME}")
_STARTS = ("/", "/srv/", "/etc/", "/home/u/", "/proc/812/", "/run/user/1000/", "/tmp/", "/usr/bin/")
_NETWORK = 'operation="create" class="net" family="{}" sock_type="{}" protocol=0'
_MASK = ' requested_mask="{0}" denied_mask="{0}"'

paths = st.builds(
    lambda start, parts: start + "/".join(parts),
    st.sampled_from(_STARTS),
    st.lists(st.sampled_from(_PARTS), min_size=1, max_size=3),
)
files = st.builds(
    lambda name, mask, owner: file("prog", name, mask, owner=owner),
    paths,
    st.sampled_from(["r", "w", "rw", "wc", "a", "k", "m", "rm", "rwk", "l"]),
    st.booleans(),
)
others = st.one_of(
    st.builds(
        lambda name: line("prog", f'operation="capable" capname="{name}"'),
        st.sampled_from(["chown", "kill", "net_admin", "sys_admin"]),
    ),
    st.builds(
        lambda family, kind: line("prog", (_NETWORK + _MASK.format("create")).format(family, kind)),
        st.sampled_from(["inet", "inet6", "netlink", "unix"]),
        st.sampled_from(["stream", "dgram", "raw"]),
    ),
    st.builds(
        lambda mask, peer: line(
            "prog",
            f'operation="signal" class="signal"{_MASK.format(mask)} signal=term peer="{peer}"',
        ),
        st.sampled_from(["send", "receive"]),
        st.sampled_from(["prog", "nginx", "nowhere", "unconfined"]),
    ),
    st.builds(
        lambda mask, peer: line("prog", f'operation="ptrace"{_MASK.format(mask)} peer="{peer}"'),
        st.sampled_from(["trace", "read", "tracedby", "readby"]),
        st.sampled_from(["prog", "nginx", "unconfined"]),
    ),
    st.builds(
        lambda where, flags: line(
            "prog", f'operation="mount" name="/mnt/{where}/" srcname="/srv/" flags="{flags}"'
        ),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["rw", "rw, bind", "ro, rbind", "rw, nosuid"]),
    ),
    st.builds(
        lambda target: line("prog", f'operation="change_profile" target="{target}"'),
        st.sampled_from(["nginx", "nowhere"]),
    ),
    st.builds(
        lambda kind: line("prog", f'operation="{kind}" class="namespace" requested="{kind}"'),
        st.just("userns_create"),
    ),
    st.builds(
        lambda name: execution("prog", name),
        st.sampled_from(["/usr/bin/sed", "/usr/sbin/nginx", "/opt/tool"]),
    ),
)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(files, files, others), min_size=1, max_size=12), st.randoms())
def test_a_draft_allows_what_it_came_from(lines: list[str], random: object) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        found = learn(folder, lines, "--exec", "/opt/prog")
        assert found.exit_code == 0, found.output
        shuffled = list(lines)
        random.shuffle(shuffled)  # type: ignore[attr-defined]
        assert learn(folder, shuffled, "--exec", "/opt/prog").stdout == found.stdout
        draft = folder / "draft"
        draft.write_bytes(found.stdout_bytes)
        (folder / "log").write_text("".join(f"{one}\n" for one in lines))
        policy = lsmc.compile([draft, PROFILES], base=PROFILES)
        for one in lsmc.explain_log(policy, folder / "log").diagnoses:
            assert one.status == "allowed", (one, found.stdout)
