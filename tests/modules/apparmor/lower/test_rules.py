"""Each rule class: what is read, and into which node."""

from __future__ import annotations

import pytest

from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.apparmor.syntax.ast import meaning
from tests.modules.apparmor.support import body, items, read, rule, word, words


def show(condition: ast.Condition) -> str:
    return f"{condition.name.text}{condition.op}{','.join(w.text for w in condition.values)}"


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("/a r,", ast.FileRule(word("/a"), word("r"))),
        ("r /a,", ast.FileRule(word("/a"), word("r"), leading=True)),
        ("file /a r,", ast.FileRule(word("/a"), word("r"), keyword=True)),
        ("file,", ast.FileRule(None, None, keyword=True)),
        ("foo r,", ast.FileRule(word("foo"), word("r"))),
        ("@{A} r,", ast.FileRule(word("@{A}"), word("r"))),
        ("safe /a px -> b,", ast.FileRule(word("/a"), word("px"), word("b"), safety="safe")),
        (
            "file unsafe px /a,",
            ast.FileRule(word("/a"), word("px"), safety="unsafe", leading=True, keyword=True),
        ),
        (
            "l subset /a -> /b,",
            ast.FileRule(word("/a"), word("l"), word("/b"), subset=True, leading=True),
        ),
        ('"/a b" r,', ast.FileRule(word("/a b", True), word("r"))),
        ("/a px -> @{X},", ast.FileRule(word("/a"), word("px"), word("@{X}"))),
        ("link /a -> /b,", ast.LinkRule(word("/a"), word("/b"))),
        ("link subset /a -> /b,", ast.LinkRule(word("/a"), word("/b"), True)),
        ("capability,", ast.CapabilityRule(())),
        ("capability kill chown,", ast.CapabilityRule(words("kill", "chown"))),
        ("all,", ast.AllRule()),
        ("network,", ast.ClassRule("network", None)),
        ("network inet stream,", ast.ClassRule("network", None, words("inet", "stream"))),
        (
            "network send inet stream,",
            ast.ClassRule("network", None, words("send", "inet", "stream")),
        ),
        (
            "network (send, receive) inet,",
            ast.ClassRule("network", words("send", "receive"), words("inet"), perms_in_list=True),
        ),
        ("network (),", ast.ClassRule("network", (), perms_in_list=True)),
        ("unix send,", ast.ClassRule("unix", words("send"))),
        (
            "ptrace (read trace),",
            ast.ClassRule("ptrace", words("read", "trace"), (), (), None, True),
        ),
        ("userns,", ast.ClassRule("userns", None)),
        ("userns create,", ast.ClassRule("userns", words("create"))),
        ("io_uring,", ast.ClassRule("io_uring", None)),
        ("io_uring sqpoll,", ast.ClassRule("io_uring", words("sqpoll"))),
        ("io_uring (foo),", ast.ClassRule("io_uring", words("foo"), (), (), None, True)),
        ("mqueue /q,", ast.ClassRule("mqueue", None, words("/q"))),
        ("mqueue r /q,", ast.ClassRule("mqueue", None, words("r", "/q"))),
        ("pivot_root,", ast.PivotRootRule((), None, None)),
        ("pivot_root /n -> p,", ast.PivotRootRule((), word("/n"), word("p"))),
        ("change_profile,", ast.ChangeProfileRule("", None, None)),
        (
            "change_profile unsafe /a -> safe,",
            ast.ChangeProfileRule("unsafe", word("/a"), word("safe")),
        ),
        ("change_profile -> :ns:a//&b,", ast.ChangeProfileRule("", None, word(":ns:a//&b"))),
        ("umount /a,", ast.MountRule("umount", (), None, word("/a"))),
        ("unmount,", ast.MountRule("umount", (), None, None)),
        ("remount /a,", ast.MountRule("remount", (), None, word("/a"))),
        ("mount /a -> /b,", ast.MountRule("mount", (), word("/a"), word("/b"))),
        ("mount /a,", ast.MountRule("mount", (), word("/a"), None)),
        ("mount -> /b,", ast.MountRule("mount", (), None, word("/b"))),
    ],
)
def test_nodes(text: str, node: ast.RuleBody) -> None:
    assert meaning(body(text)) == meaning(node)


@pytest.mark.parametrize(
    ("text", "conditions", "peer"),
    [
        ("signal send set=(hup, int) peer=a,", ["set=hup,int", "peer=a"], None),
        ("signal set =\n(hup),", ["set=hup"], None),
        ("ptrace read peer=/usr/{a,b}//c,", ["peer=/usr/{a,b}//c"], None),
        (
            "dbus send bus=session path=/a peer=(name=b.c, label=d),",
            ["bus=session", "path=/a"],
            ["name=b.c", "label=d"],
        ),
        ("dbus peer=(name=(a b)),", [], ["name=a,b"]),
        ("unix type=stream addr=@x* peer=(addr=none),", ["type=stream", "addr=@x*"], ["addr=none"]),
        ("unix peer=(),", [], []),
        ("network inet ip=::1 peer=(label:=x port=1),", ["ip=::1"], ["label:=x", "port=1"]),
        ("io_uring label=a*,", ["label=a*"], None),
        ("mqueue read type=posix label=a /q,", ["type=posix", "label=a"], None),
    ],
)
def test_conditions(text: str, conditions: list[str], peer: list[str] | None) -> None:
    node = body(text)
    assert isinstance(node, ast.ClassRule)
    assert [show(c) for c in node.conditions] == conditions
    assert (None if node.peer is None else [show(c) for c in node.peer]) == peer


def test_mount_conditions() -> None:
    node = body("mount fstype=(ext3 ext4) options in (ro,nosuid) options=rw /a -> fstype=x /b,")
    assert isinstance(node, ast.MountRule)
    assert [show(c) for c in node.conditions] == [
        "fstype=ext3,ext4",
        "optionsinro,nosuid",
        "options=rw",
    ]
    assert [show(c) for c in node.trailing] == ["fstype=x"]


def test_pivot_root_conditions() -> None:
    node = body("pivot_root oldroot=/o /n,")
    assert isinstance(node, ast.PivotRootRule)
    assert [show(c) for c in node.conditions] == ["oldroot=/o"]


@pytest.mark.parametrize(
    ("text", "prefix"),
    [
        ("/a r,", ast.NO_PREFIX),
        ("audit deny owner /a r,", ast.Prefix(None, True, "deny", "owner")),
        ("priority = +5 /a r,", ast.Prefix(5)),
        ("priority=-1000 allow other /a r,", ast.Prefix(-1000, False, "allow", "other")),
        ("prompt user capability kill,", ast.Prefix(None, False, "prompt", "owner")),
    ],
)
def test_prefixes(text: str, prefix: ast.Prefix) -> None:
    assert meaning(rule(text).prefix) == meaning(prefix)


@pytest.mark.parametrize(
    ("text", "name", "value", "unit"),
    [
        ("set rlimit cpu <= 2 minutes,", "cpu", "2", "minutes"),
        ("set rlimit data <= 5MB,", "data", "5", "MB"),
        ("set rlimit nice <= -5,", "nice", "-5", None),
        ("set rlimit nofile <= infinity,", "nofile", "infinity", None),
    ],
)
def test_rlimits(text: str, name: str, value: str, unit: str | None) -> None:
    (item,) = items(text)
    assert isinstance(item, ast.Rlimit)
    assert (item.name.text, item.value.text) == (name, value)
    assert (item.unit.text if item.unit else None) == unit


def test_profile_heads() -> None:
    text = (
        "profile a /b/{c,d} xattrs=(user.x=y, user.z) + identities=(i j) flags=(complain,,audit) {"
        ' ^h { } hat k { } profile "m n" { } }'
    )
    (item,) = items(text)
    assert isinstance(item, ast.Profile)
    assert (item.keyword, item.name.text) == ("profile", "a")
    assert meaning(item.attachment) == meaning(word("/b/{c,d}"))
    assert meaning(item.xattrs) == meaning(
        (ast.Xattr(word("user.x"), word("y")), ast.Xattr(word("user.z"), None))
    )
    assert meaning((item.identities, item.flags)) == meaning(
        (words("i", "j"), words("complain", "audit"))
    )
    assert item.head.text == text[: text.index(" {")]
    assert [p.keyword for p in item.body if isinstance(p, ast.Profile)] == ["^", "hat", "profile"]
    (empty,) = items("/x xattrs=() (audit) { }")
    assert isinstance(empty, ast.Profile)
    assert (empty.has_xattrs, empty.xattrs) == (True, ())
    assert meaning(empty.flags) == meaning(words("audit"))


def test_preamble() -> None:
    abi, alias, plain, append, flag = items(
        'abi <abi/4.0>,\nrewrite /a/ -> /b/,\n@{A} = x "" # c\n@{A} += y\n${B} ?= not $C\n'
    )
    assert meaning(abi) == meaning(ast.Abi(word("abi/4.0"), True, abi.span))
    assert meaning(alias) == meaning(ast.Alias(word("/a/"), word("/b/"), alias.span))
    assert meaning(plain) == meaning(
        ast.Assign(word("A"), "=", (word("x"), word("", True)), plain.span)
    )
    assert meaning(append) == meaning(ast.Assign(word("A"), "+=", words("y"), append.span))
    assert isinstance(flag, ast.AssignBool)
    assert meaning(flag.value) == meaning(ast.Not(ast.BoolVar("C", flag.span), flag.span))


def test_expressions_bind_not_then_and_then_or() -> None:
    (item,) = items("$A = not $B or $C and (defined @{D} or 1 in @{E})\n")
    assert isinstance(item, ast.AssignBool)
    at = item.span
    expected = ast.BoolOp(
        "or",
        ast.Not(ast.BoolVar("B", at), at),
        ast.BoolOp(
            "and",
            ast.BoolVar("C", at),
            ast.BoolOp(
                "or",
                ast.Defined(ast.SetVar("D", at), at),
                ast.Compare("in", word("1"), ast.SetVar("E", at), at),
                at,
            ),
            at,
        ),
        at,
    )
    assert meaning(item.value) == meaning(expected)


def test_conditionals_chain() -> None:
    (item,) = items("if $A { /a r, } else if $B { /b r, } # c\nelse { /c r, }\n")
    assert isinstance(item, ast.If)
    (second,) = item.orelse
    assert isinstance(second, ast.If)
    assert meaning(second.orelse) == meaning(items("/c r,\n"))


def test_blocks() -> None:
    (item,) = items("audit owner { /a r, { /b r, } }")
    assert isinstance(item, ast.Block)
    assert meaning(item.prefix) == meaning(ast.Prefix(None, True, "", "owner"))
    assert isinstance(item.body[1], ast.Block)


@pytest.mark.parametrize(
    "text",
    [
        "network inet raw tcp,",
        "dbus peer=(name=a) bus=system,",
        "dbus send bind,",
        "ptrace peer=(label=x),",
        "mount options=ro /a options=rw -> /b,",
        "mount (ro) /a,",
        "umount /a -> /b,",
        "remount /a /b,",
        "userns (create),",
        "io_uring foo,",
        "mqueue foo /q,",
        "mqueue /a label=b,",
        "all /a,",
        "link /a,",
        "file link /a -> /b,",
        "file subset l /a,",
        "subset /a l,",
        "/a safe px,",
        "/a rA,",
        "pivot_root /a oldroot=/b,",
        "pivot_root @{A},",
        "alias @{A} -> /b,",
        "set rlimit cpu = 1,",
        "audit set rlimit cpu <= 1,",
        "deny audit /a r,",
        "deny allow /a r,",
        'dbus peer=(name=""),',
        "/x flags=(complain) xattrs=(a) { }",
        "/x flags=() { }",
        "/x flags=complain { }",
        "/x flags=(audit) flags=(audit) { }",
        "profile p + identities=() { }",
        "@{X} { }",
        "@{X}/a { }",
        'profile "" { }',
        "abi <kernel>\nprofile p { }",
        "@{A}=\n",
        "$A =\n",
        "@{1A} = x\n",
        "if $A { } else /a r,",
        "else { }",
        "include\n<x>",
        "} /a r,",
        "profile p { /a r,",
    ],
)
def test_refused(text: str) -> None:
    assert len(read(text + "\n")[1]) == 1
