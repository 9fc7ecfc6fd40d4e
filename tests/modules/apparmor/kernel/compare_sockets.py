"""Asks the streams of a compiler and of lsmc about IP sockets, as a kernel with `af_inet` does.

    python -m tests.modules.apparmor.kernel.compare_sockets PARSER [RULE...]

Of each rule are told how many permissions of how many sockets both streams answer otherwise, by
permission, and the first of each, with lsmc's answer first: whether it is allowed, logged, and
refused without a word.  What lsmc's stream answers is what its tables decide (test_networks.py).
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

from lsmc.compiler.inputs import Options
from lsmc.modules.apparmor.kernel.render import render
from tests.modules.apparmor.kernel.reader import Automaton, read
from tests.modules.apparmor.kernel.sockets import CREATE, OWN, PAIR, Socket, asked
from tests.modules.apparmor.kernel.test_networks import ADDRESSES, SOCKETS

#: Rules of each kind: those that both answer alike, then those that docs/kernel-format.md lists.
RULES = (
    "network,",
    "network inet,",
    "network tcp,",
    "audit network inet dgram,",
    "network inet stream port=40000 ip=::1,",
    "network inet stream, deny network send inet stream peer=(ip=10.0.0.1),",
    "network send inet stream peer=(ip=10.0.0.1),",
    "network inet stream peer=(ip=10.0.0.1),",
    "network inet stream ip=10.0.0.1,",
    "network inet dgram port=443,",
    "network inet stream, deny network inet stream ip=10.0.0.1,",
    "deny network inet dgram,",
    "network inet icmp,",
)
_FEATURES = "network_v8 { af_mask { unix inet inet6 netlink } af_inet { yes } }"
_BITS = {**CREATE, **OWN, **PAIR}
_CODE = 14

Answer = tuple[bool, bool, bool]


def sockets() -> Iterator[Socket]:
    """Sockets of both families with ends of all kinds."""
    ports = (0, 80, 443, 40_000), (0, 443)
    ends = product(("inet", "inet6"), SOCKETS, ADDRESSES, ports[0], ADDRESSES, ports[1])
    for family, (kind, protocol), *rest in ends:
        yield Socket(family, kind, protocol, *rest)


def answer(automaton: Automaton, socket: Socket, permission: str) -> Answer:
    """What a kernel makes of a stream."""
    bit = _BITS[permission]
    allow, logs = asked(automaton, _CODE, socket, permission)
    return bool(allow & bit), bool(logs & bit), bool(logs >> 7 & bit)


def automata(parser: Path, folder: Path, rule: str) -> Sequence[Automaton]:
    """What lsmc and a compiler make of a rule."""
    features, policy = folder / "features", folder / "policy"
    features.write_text(_FEATURES)
    policy.write_text(f'abi "{features}",\nprofile p {{ {rule} }}\n')
    command = [parser, "-qQTK", "-S", "-M", features, "-b", folder, policy]
    theirs = subprocess.run(command, check=True, capture_output=True).stdout
    options = Options(str(folder), features=str(features), target="4.1")
    (ours,) = render([str(policy)], options, 1)
    found = [next(read(data)).other for data in (ours.data, theirs)]
    return [one for one in found if one is not None]


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.modules.apparmor.kernel.compare_sockets")
    parser.add_argument("parser", type=Path)
    parser.add_argument("rules", nargs="*", default=RULES)
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for rule in wish.rules:
            both = automata(wish.parser, Path(folder), rule)
            differing: dict[str, list[str]] = {}
            count = 0
            for socket, name in product(sockets(), _BITS):
                count += 1
                ours, theirs = (answer(one, socket, name) for one in both)
                if ours != theirs:
                    differing.setdefault(name, []).append(f"{ours} {theirs}: {socket}")
            print(f"{rule}  {sum(map(len, differing.values()))} of {count} differ")
            for name, places in differing.items():
                print(f"    {name}: {len(places)}, {places[0]}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
