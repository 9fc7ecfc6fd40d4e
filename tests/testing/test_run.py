"""Cases: the answers that hold and those that do not, and names that the policy does not know."""

from __future__ import annotations

import pytest

from lsmc.testing.model import TestFault
from tests.testing.conftest import Run

POLICY = """profile app /usr/bin/app {
  /etc/app r,
  audit /etc/log r,
  deny /etc/no r,
  /usr/bin/other px,
  /usr/bin/more ix,
  network inet stream,
}
profile other /usr/bin/other { }
profile soft flags=(complain) { deny /etc/no r, /etc/yes r, }
profile free flags=(unconfined) { }
"""


def case(subject: str, op: str, obj: str, expect: str, more: str = "") -> str:
    words = {"subject": subject, "op": op, "object": obj, "expect": expect}
    return "[[case]]\n" + "".join(f'{key} = "{word}"\n' for key, word in words.items()) + more


@pytest.mark.parametrize(
    ("test", "failure"),
    [
        (case("app", "read", "/etc/app", "allow"), ""),
        (case("app", "read", "/etc/app", "audit"), "expected audit, the answer is allow"),
        (case("app", "read", "/etc/app", "deny"), "expected deny, the answer is allow"),
        (case("app", "read", "/etc/log", "allow"), ""),
        (case("app", "read", "/etc/log", "audit"), ""),
        (case("app", "read", "/etc/no", "deny"), ""),
        (case("app", "read", "/etc/none", "deny"), ""),
        (case("app", "read", "/etc/none", "allow"), "expected allow, the answer is deny"),
        (case("app", "read", "/etc/none", "complain"), "expected complain, the answer is deny"),
        (case("soft", "read", "/etc/none", "complain"), ""),
        (case("soft", "read", "/etc/none", "deny"), "expected deny, the answer is complain"),
        (case("soft", "read", "/etc/none", "allow"), "expected allow, the answer is complain"),
        (case("soft", "read", "/etc/none", "audit"), "expected audit, the answer is complain"),
        (case("soft", "read", "/etc/yes", "allow"), ""),
        (case("soft", "read", "/etc/no", "deny"), ""),
        (case("free", "read", "/etc/none", "allow"), ""),
        (case("unconfined", "read", "/etc/none", "allow"), ""),
        (case("app", "read", "/etc/app", "allow", 'by = "p:2"\n'), ""),
        (
            case("app", "read", "/etc/app", "allow", 'by = "p:3"\n'),
            "expected to be decided by p:3, not by p:2",
        ),
        (
            case("app", "read", "/etc/none", "deny", 'by = "p:4"\n'),
            "expected to be decided by p:4, not by no rule",
        ),
        (case("app", "exec", "/usr/bin/other", "allow", 'transition = "other"\n'), ""),
        (case("/usr/bin/app", "exec", "/usr/bin/more", "allow", 'transition = "app"\n'), ""),
        (
            case("app", "exec", "/usr/bin/more", "allow", 'transition = "other"\n'),
            "expected to lead to other, it leads to app",
        ),
        (
            case("app", "read", "/etc/app", "allow", 'transition = "unconfined"\n'),
            "expected to lead to unconfined, it leads to no subject",
        ),
    ],
)
def test_expectations(judged: Run, test: str, failure: str) -> None:
    (result,) = judged(POLICY, test).cases
    assert "; ".join(result.failures) == failure
    assert result.holds is not bool(failure)


@pytest.mark.parametrize(
    ("test", "told"),
    [
        (case("ap", "read", "/etc/app", "deny"), "3:11 unknown profile `ap`"),
        (case("app", "raed", "/etc/app", "deny"), "4:6 unknown operation `raed`"),
        (case("app", "capable", "sys_admn", "deny"), "5:10 `sys_admn` is not a capability"),
        (case("app", "read", "etc/app", "deny"), "5:10 `etc/app` is not an absolute path"),
        (case("app", "read", "/etc", "deny", 'tpye = "x"\n'), "7:1 `tpye` is not a field"),
        (case("app", "read", "/etc", "deny", 'ower = "x"\n'), "7:1 `ower` is not a field"),
        (
            case("app", "connect", "inet", "allow", 'type = "strem"\n'),
            "7:8 `strem` is not a socket type",
        ),
        (case("app", "connect", "inet", "allow"), "2:1 `type=` is missing"),
        (case("app", "read", "/a", "deny", 'by = "p:1"\n'), "7:6 no rule begins at `p:1`"),
        (case("app", "read", "/a", "deny", 'by = "q:2"\n'), "7:6 no rule of the policy stands in"),
        (
            case("app", "exec", "/usr/bin/other", "allow", 'transition = "othr"\n'),
            "7:14 no subject `othr`",
        ),
    ],
)
def test_an_unknown_name_is_never_a_denial(judged: Run, test: str, told: str) -> None:
    """Beside it stands a case that would hold: nothing is judged."""
    with pytest.raises(TestFault) as fault:
        judged(POLICY, test + case("app", "read", "/etc/app", "allow"))
    (one,) = fault.value.faults
    place = one.span.location()
    assert f"{place.line}:{place.column} {one.message}".startswith(told)


def test_every_unknown_name_is_told(judged: Run) -> None:
    bad = [case("ap", "read", "/a", "deny"), case("app", "raed", "/a", "deny")]
    with pytest.raises(TestFault) as fault:
        judged(POLICY, "".join([*bad, '[[never]]\nsubject = "x*"\nop = "read"\n']))
    assert [one.span.location().line for one in fault.value.faults] == [3, 9, 13]
