"""Mutants: each is decided as the changed text would be, and a test that concerns it notices it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import lsmc
from lsmc.analysis.mutation import KINDS
from lsmc.base.errors import Error
from lsmc.output.testing.words import title
from lsmc.policy import Policy
from lsmc.tables.records import Place
from lsmc.testing.load import read_tests
from lsmc.testing.mutants import _Changed, _Judge, mutants
from lsmc.testing.run import run

POLICY = """abi <abi/4.0>,
@{DATA}=/srv/data /opt/data
profile tool /usr/bin/tool {
  include <abstractions/tool>
  @{DATA}/{a,b}.txt r,
  /etc/tool.conf r,
  /var/lib/tool/ r,
  /var/lib/tool/*/state a,
  /var/**/cache rk,
  "/srv/with blank" w,
  audit owner /home/*/notes rw,
  owner @{DATA}/own/*.db rwkl,
  /srv/in rl -> /srv/out,
  link subset /srv/l -> /srv/t,
  deny /etc/shadow rwl,
  audit deny /etc/** w,
  deny /usr/bin/x x,
  /opt/tool/** rw,
  deny /opt/tool/key w,
  priority=3 /etc/special w,
  /usr/bin/other px,
  /usr/bin/{some,more} ix,
  /usr/bin/* cx -> child,
  capability chown,
  deny capability sys_admin,
  signal send set=(term) peer=other,
  signal receive,
  deny signal send set=(kill),
  ptrace read peer=tool,
  deny ptrace,
  dbus send bus=session peer=(name=org.x),
  deny dbus receive bus=system,
  unix type=stream,
  network inet stream,
  deny network inet6,
  mount fstype=tmpfs -> /mnt/,
  umount /mnt/,
  userns,
  deny mqueue /q,
  change_profile -> other,
  profile child {
    include <abstractions/tool>
    /c r,
  }
}
profile other /usr/bin/other { /o r, }
"""
SHARED = "  /usr/share/tool/** r,\n  owner /run/user/*/tool w,\n  deny /usr/share/tool/secret r,\n"
TESTS = """policy = "tool"
base = "."
[[case]]
subject = "tool"
op = "read"
object = "/etc/tool.conf"
expect = "allow"
[[case]]
subject = "tool"
op = "read"
object = "/etc/other.conf"
expect = "deny"
[[case]]
subject = "tool"
op = "write"
object = "/home/ann/notes"
owner = false
expect = "deny"
[[case]]
subject = "tool//child"
op = "read"
object = "/c"
expect = "allow"
[[case]]
name = "key"
subject = "tool"
op = "read"
object = "/usr/share/tool/secret"
expect = "deny"
[[never]]
subject = "*"
op = "write"
object = "/etc/{tool.conf,shadow}"
[[never]]
subject = "tool*"
op = "write"
object = "/opt/*/key"
[[never]]
subject = "tool"
op = "signal_send"
object = "tool"
[[never]]
subject = "tool*"
op = "link"
object = "/srv/l"
target = "/srv/{x,data/**}"
owner = true
[[never]]
subject = "*"
except = ["tool"]
op = "read"
object = "/var/**"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (
        ("tool", POLICY),
        ("abstractions/tool", SHARED),
        ("abi/4.0", (Path(__file__).parents[2] / "profiles/abi/4.0").read_text()),
        ("tool.test.toml", TESTS),
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def judge(folder: Path) -> _Judge:
    path = folder / "tool.test.toml"
    return _Judge([run(read_tests("tool.test.toml", path.read_bytes()), compiled())])


def compiled() -> Policy:
    return lsmc.compile("tool", base=".")


def answers(policy: Policy, engine: object, request: dict[str, object]) -> object:
    try:
        verdict = policy.module.answer(engine, request)
    except Error as fault:
        return type(fault).__name__
    return verdict._replace(rules=(), note="")


def changes(tests: _Judge) -> Iterator[tuple[Place, _Changed]]:
    """Every mutation of every rule."""
    for where, place in tests.places.items():
        for mutation in tests.tests.mutations(place.text):
            changed = _Changed(tests, mutation, tests._spots[where])
            if changed.differs:
                yield place, changed


def rewritten(file: Path, place: Place, text: str) -> Policy:
    """The policy with one rule written otherwise."""
    before = file.read_text()
    rows = before.splitlines(keepends=True)
    row = rows[place.line - 1]
    assert place.text in row
    rows[place.line - 1] = row.replace(place.text, text)
    file.write_text("".join(rows))
    policy = compiled()
    file.write_text(before)
    return policy


def test_a_mutant_decides_as_its_text_does(folder: Path) -> None:
    """At all keys where any mutant differs from the policy, by exact comparison."""
    tests = judge(folder)
    found = []
    requests = []
    for place, changed in changes(tests):
        after = rewritten(folder / place.file, place, changed.mutation.text)
        varied = tests.tests.varied(tests.policy.engine, changed.vary)
        found.append((changed.mutation, after, varied))
        differences = lsmc.diff(tests.policy, after)
        requests += [dict(one.witness) for one in differences if one.witness and one.shows]
    assert {mutation.kind for mutation, _, _ in found} == set(KINDS)
    assert len(found) > 60
    assert len(requests) > 80
    for mutation, after, varied in found:
        for request in requests:
            expected = answers(after, after.engine, request)
            assert answers(after, varied, request) == expected, (mutation, request)


def test_a_mutant_is_noticed_when_a_test_of_the_changed_text_fails(folder: Path) -> None:
    """Whichever rule is changed, and however: by a case, or by what nobody may do."""
    tests = judge(folder)
    file = read_tests("tool.test.toml", (folder / "tool.test.toml").read_bytes())
    assert all(test.holds for test in run(file, tests.policy)[1].tests)
    by = Counter[str]()
    for where, place in tests.places.items():
        for kind in KINDS:
            mutant = tests.mutant(where, kind)
            if mutant is None:
                continue
            after = rewritten(folder / place.file, place, mutant.text)
            _, result = run(file, after)
            failed = [title(test) for test in result.tests if not test.holds]
            assert bool(mutant.noticed) is bool(failed), (mutant, failed)
            if failed:
                assert mutant.noticed in failed[0]
                by[failed[0].split(":")[0]] += 1
    assert by["never"] >= 3
    assert len(by) >= 4


def test_the_choice_is_the_same_in_every_run(folder: Path) -> None:
    path = folder / "tool.test.toml"
    some = [run(read_tests("t.test.toml", path.read_bytes()), compiled())]
    few, more = mutants(some, 5), mutants(some, 20)
    assert mutants(some, 5) == few
    assert len(more) == 20
    assert set(few) < set(more)
    assert list(more) == sorted(more, key=lambda one: (one.file, one.line, one.column, one.kind))
    every = mutants(some, 10_000)
    assert len(every) == len(set(every)) > 60
