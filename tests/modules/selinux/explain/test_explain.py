"""What stands in the way of an access, and what would allow it."""

from __future__ import annotations

from typing import Any

import pytest

from lsmc.engine.verdict import RequestError
from lsmc.explain.explanation import Explanation
from lsmc.modules.selinux.explain.explain import explain
from lsmc.output.explanation import explanation_lines
from lsmc.output.styled import plain
from tests.modules.selinux.support import engine

POLICY = """
(typeattribute domain)
(typeattribute readers)
(typeattribute base_typeattr_1)
(type web_t)
(type script_t)
(type other_t)
(type log_t)
(type web_log_t)
(type shadow_t)
(typeattributeset domain (web_t script_t))
(typeattributeset readers (other_t script_t))
(typeattributeset base_typeattr_1 (not web_t))
(boolean reads false)
(boolean strict true)
(allow domain web_log_t (file (read open)))
(allow web_t log_t (file (getattr)))
(allow other_t log_t (file (read)))
(allow readers log_t (file (append)))
(booleanif (and reads (not strict))
  (true (allow web_t log_t (file (read)))))
(booleanif reads
  (true (allow web_t log_t (file (write)))))
(dontaudit web_t shadow_t (file (read)))
(allow web_t self (process (fork transition)))
(allow script_t self (process (fork)))
(allow other_t self (process (fork)))
(allow web_t log_t (file (ioctl)))
(allowx web_t log_t (ioctl file (0x5401 (range 0x10 0x20))))
(role user_r)
(userrole system_u user_r)
(roletype user_r other_t)
(allow web_t other_t (process (transition signal)))
(constrain (process (signal)) (or (eq t1 t2) (or (eq t1 readers) (neq r2 user_r))))
(filecon "/var/log/web(/.*)?" any (system_u object_r web_log_t ((s0) (s0))))
(optional mailing
  (allow web_t log_t (file (rename)))
  (allow web_t mail_t (file (read))))
"""
WEB = "system_u:system_r:web_t:s0"
OTHER = "system_u:user_r:other_t:s0"
LOG = "system_u:object_r:log_t:s0"


def ask(op: str, obj: str = LOG, subject: str = WEB, **fields: Any) -> Explanation:
    return explain(engine(POLICY), {"subject": subject, "op": op, "object": obj, **fields})


def kinds(found: Explanation) -> list[str]:
    return [one.kind for one in found.obstacles]


def said(found: Explanation) -> list[str]:
    return [one.says or one.rule for one in found.suggestions]


def test_allowed() -> None:
    """The rule that allows it, with the way through the attribute."""
    found = ask("file:read", "system_u:object_r:web_log_t:s0")
    assert found.verdict.allowed
    assert found.obstacles == found.misses == found.suggestions == ()
    (reason,) = found.reasons
    (rule,) = reason.rules
    assert rule.text == "(allow domain web_log_t (file (read open)))"
    assert rule.via == ("web_t is in domain: p.cil:11",)
    assert "in domain" in found.request.about[0]
    assert "base_typeattr" not in "".join(found.request.about)


def test_no_rule() -> None:
    """The smallest rule in both languages, the attribute that would do, and rules close by."""
    found = ask("file:append")
    assert kinds(found) == ["no-rule"]
    assert said(found) == [
        "(allow web_t log_t (file (append))), in a `.te` file `allow web_t log_t:file append;`",
        "(typeattributeset readers (web_t)), which gives nothing else",
    ]
    more = POLICY + "(allow readers shadow_t (file (write)))(allow readers self (process (fork)))"
    wider = explain(engine(more), {"subject": WEB, "op": "file:append", "object": LOG})
    assert said(wider)[1] == (
        "(typeattributeset readers (web_t)), which gives write of shadow_t:file besides"
    )  # fork it has
    assert {one.kind for one in found.misses} == {"permission"}
    near = ask("file:open").misses
    assert [(one.field, one.example) for one in near if one.kind == "label"] == [
        ("object", "web_log_t")
    ]


def test_dontaudit() -> None:
    """A denial that nobody sees."""
    found = ask("file:read", "system_u:object_r:shadow_t:s0")
    assert kinds(found) == ["no-rule", "dontaudit"]
    assert not found.verdict.audited
    assert found.obstacles[1].rules[0].text == "(dontaudit web_t shadow_t (file (read)))"
    assert found.suggestions[0].hazards == ("password-hashes",)
    assert "  not logged\n" in plain(explanation_lines(found))


def test_booleans() -> None:
    """All booleans that are needed together, and no others."""
    found = ask("file:read")
    assert kinds(found) == ["boolean"]
    assert found.obstacles[0].settings == ({"reads": True, "strict": False},)
    assert found.obstacles[0].says.endswith("they hold with `reads` on and `strict` off")
    assert said(found)[0] == "setsebool -P reads=on strict=off"
    assert ask("file:write").obstacles[0].settings == ({"reads": True},)
    both = ask("file:read,write", booleans={"reads": True})
    assert both.obstacles[0].permissions == ("read",)
    assert both.obstacles[0].settings == ({"strict": False},)
    assert ask("file:write", booleans={"reads": True}).verdict.allowed


def test_constraint() -> None:
    """Each comparison that fails, with the values; an attribute that would exempt."""
    found = ask("process:signal", OTHER)
    assert kinds(found) == ["constraint"]
    assert found.obstacles[0].details == (
        "(eq t1 t2): t1 is web_t, t2 is other_t",
        "(eq t1 readers): t1 is web_t",
        "(neq r2 user_r): r2 is user_r",
    )
    assert said(found) == ["(typeattributeset readers (web_t)), which exempts `web_t`"]


def test_role() -> None:
    """A change of roles that is not allowed."""
    found = ask("process:transition", OTHER)
    assert kinds(found) == ["role"]
    assert said(found) == ["(roleallow system_r user_r)"]


def test_bounds() -> None:
    """A type may not do more than the one that bounds it."""
    text = "(type a)(type b)(typebounds a b)(allow b self (process (fork)))"
    found = explain(
        engine(text, assertions=False), {"subject": "b", "op": "process:fork", "object": "b"}
    )
    assert kinds(found) == ["bounds"]
    assert found.obstacles[0].says == "`a` bounds `b` and is not allowed `fork` on `a`"
    assert found.obstacles[0].rules[0].text == "(typebounds a b)"
    assert found.suggestions == ()


def test_number() -> None:
    """A number that no rule names, though others are named."""
    assert ask("file:ioctl", ioctl=0x11).verdict.allowed
    found = ask("file:ioctl", ioctl="0x5402")
    assert kinds(found) == ["number"]
    assert said(found) == ["(allowx web_t log_t (ioctl file (0x5402)))"]


def test_optional() -> None:
    """An optional that would allow it, and the name that it lacks."""
    found = ask("file:rename")
    assert kinds(found) == ["no-rule", "optional"]
    assert found.obstacles[1].says == (
        "the optional `mailing` would allow `rename`, but it is off: nothing declares the type"
        " `mail_t`"
    )
    assert [one.line for one in found.obstacles[1].rules] == [36, 38]


def test_label() -> None:
    """A file that has another type than its path."""
    found = ask("file:open", path="/var/log/web/access")
    assert kinds(found) == ["label", "no-rule"]
    assert said(found)[0] == "restorecon -v /var/log/web/access"
    useless = ask("file:rename", path="/var/log/web/access")
    assert useless.obstacles[0].says.endswith("its path has type `web_log_t`: that would not help")
    assert not said(useless)[0].startswith("restorecon")
    for path in ("/srv/x", "var/log/web", "/proc/var/log/web"):
        assert "label" not in kinds(ask("file:open", path=path))


def test_invalid_context() -> None:
    """Whose context is not valid, and why."""
    found = ask("file:read", subject="system_u:system_r:gone_t:s0")
    assert kinds(found) == ["invalid-subject"]
    assert found.verdict.decision == "invalid-context"
    assert kinds(ask("file:read", "system_u:object_r:log_t:s1")) == ["invalid-object"]


def test_unknown_field() -> None:
    """What has no meaning is refused."""
    with pytest.raises(RequestError, match="no field `mode`"):
        ask("file:read", mode="x")


def test_several() -> None:
    """All obstacles are told, so that nobody mends one after the other."""
    found = ask("process:signal,ptrace", OTHER)
    assert kinds(found) == ["no-rule", "constraint"]
    assert found.suggestions == ()  # a rule alone would not do
