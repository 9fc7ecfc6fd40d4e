"""Names of other subjects in tests: a misspelt one is an error, unless a rule speaks of it."""

from __future__ import annotations

import pytest

from lsmc.testing.model import TestFault
from tests.testing.conftest import Run

POLICY = """
profile app { signal send peer=worker, signal send peer=gone, deny ptrace peer=spy,
  change_profile -> worker, unix send type=stream peer=(label=worker), }
profile worker { signal receive peer=app, }
"""


def case(op: str, obj: str, expect: str, more: str = "") -> str:
    head = f'[[case]]\nsubject = "app"\nop = "{op}"\nexpect = "{expect}"\n'
    return head + (f'object = "{obj}"\n' if obj else "") + more


@pytest.mark.parametrize(
    "test",
    [
        case("signal_send", "worker", "allow", 'signal = "term"\n'),
        case("signal_send", "gone", "allow"),  # of other policy, and a rule speaks of it
        case("ptrace_trace", "spy", "deny"),
        case("signal_send", "unconfined", "deny"),
        case("signal_send", "app", "deny"),
        case("signal_send", "worker//&unconfined", "deny"),
        'peers = ["snap.*"]\n' + case("signal_send", "snap.a", "deny"),
        'peers = "snap.a"\n' + case("signal_send", "snap.a//&worker", "deny"),
        case("change_profile", "app", "deny"),
        case("read", "/etc/workr", "deny"),
        '[[never]]\nsubject = "worker"\nop = "signal_send"\nobject = "w*rkr"\n',
        'peers = "x"\n[[never]]\nsubject = "worker"\nop = "signal_send"\nobject = "x"\n',
    ],
)
def test_known_names(judged: Run, test: str) -> None:
    assert all(one.holds for one in judged(POLICY, test).tests)


@pytest.mark.parametrize(
    ("test", "line", "name", "help"),
    [
        (case("signal_send", "workr", "deny"), 6, "workr", "did you mean `worker`?"),
        (case("signal_send", "workr", "allow"), 6, "workr", "did you mean `worker`?"),
        (case("signal_send", "worker//&x", "deny"), 6, "x", "`peers`"),
        (case("change_profile", "workr", "deny"), 6, "workr", "did you mean `worker`?"),
        (
            case("send", "", "deny", 'family = "unix"\ntype = "stream"\npeer_label = "workr"\n'),
            8,
            "workr",
            "did you mean `worker`?",
        ),
        (
            '[[never]]\nsubject = "worker"\nop = "signal_send"\nobject = ["worker", "workr"]\n',
            5,
            "workr",
            "did you mean `worker`?",
        ),
        ('peers = "y*"\n' + case("signal_send", "xyz", "deny"), 7, "xyz", "`peers`"),
    ],
)
def test_unknown_names(judged: Run, test: str, line: int, name: str, help: str) -> None:
    with pytest.raises(TestFault) as caught:
        judged(POLICY, test)
    (fault,) = caught.value.faults
    assert fault.message == f"no subject `{name}`, and no rule speaks of it"
    assert help in fault.help
    assert fault.span.location().line == line
