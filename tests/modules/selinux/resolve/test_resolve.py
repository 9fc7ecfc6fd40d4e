"""Names, blocks, macros, optionals and sets: what a case allows, or what is wrong with it."""

from __future__ import annotations

import pytest

from tests.modules.selinux.front import LINES, faults, grants, policy, told

GRANTS = {
    # attributes
    "(allow two c (file (read)))": {"a c file read", "b c file read"},
    "(typeattribute x) (typeattributeset x (and two (not a))) (allow x c (file (read)))": {
        "b c file read"
    },
    "(typeattribute x) (typeattributeset x (a)) (typeattributeset x (c))"
    "(allow x x (dir (search)))": {
        "a a dir search",
        "a c dir search",
        "c a dir search",
        "c c dir search",
    },
    "(allow two self (process (signal)))": {"a a process signal", "b b process signal"},
    "(allow two other (process (signal)))": {"a b process signal", "b a process signal"},
    "(allow a notself (dir (search)))": {f"a {one} dir search" for one in "bcd"},
    "(allow two two (dir (search))) (deny two self (dir (search)))": {
        "a b dir search",
        "b a dir search",
    },
    # permissions
    "(allow a c (file (not (read ioctl execute))))": {"a c file write"},
    "(allow a c (file (and (all) (xor (read) (read write)))))": {"a c file write"},
    "(classmap m (one two)) (classmapping m one (file (read))) (classmapping m two (m (one)))"
    "(classmapping m two (dir (search))) (allow a c (m (two)))": {
        "a c file read",
        "a c dir search",
    },
    "(classpermission p) (classpermissionset p (file (read)))\n(allow a c p)": {"a c file read"},
    # blocks
    "(block k (type x) (block j (allow x .c (file (read)))))": {"k.x c file read"},
    "(block k (type x)) (in k (allow x c (file (read))))": {"k.x c file read"},
    "(block p (blockabstract p) (type x) (allow x y (dir (search))))"
    "(block k (blockinherit p) (type y))": {"k.x k.y dir search"},
    "(block p (type x)) (block k (blockinherit p)) (in after p (allow x c (file (read))))": {
        "p.x c file read"
    },
    "(block p (type x)) (block k (blockinherit p)) (in p (allow x c (file (read))))": {
        "p.x c file read",
        "k.x c file read",
    },
    # macros: parameters, then the macro's place, then the caller's
    "(type y) (block k (type y) (macro m ((type t)) (allow t y (file (read))))) (call k.m (a))": {
        "a k.y file read"
    },
    "(macro m () (allow a y (file (read)))) (block k (type y) (call m))": {"a k.y file read"},
    "(macro m ((type t)) (call n (t))) (macro n ((type s)) (allow s c (file (read))))"
    "(call m (b))": {"b c file read"},
    "(macro m ((classpermission p)) (allow a c p)) (call m ((file (write))))": {"a c file write"},
    "(macro m () (optional o (type x))) (in m.o (allow x c (file (read)))) (call m)": {
        "x c file read"
    },
    # tunables
    "(tunableif (and yes (not no)) (true (type x)) (false (type y))) (allow x c (file (read)))": {
        "x c file read"
    },
    # optionals: the innermost is off, and what it declares is gone
    "(optional o (allow a nosuch (file (read))) (optional p (allow a c (file (read)))))": set(),
    "(optional o (allow a c (file (read))) (optional p (allow a nosuch (file (read)))))": {
        "a c file read"
    },
    "(optional o (type x) (roletype nosuch x)) (optional p (allow x c (file (read))))"
    "(optional q (allow b c (file (read))))": {"b c file read"},
    "(optional o (allow a c (file (nosuch)))) (optional p (call nosuch)) (optional q"
    " (blockinherit nosuch)) (optional r (typealias al) (typealiasactual al nosuch))": set(),
}


@pytest.mark.parametrize("case", GRANTS)
def test_a_case_allows(case: str) -> None:
    assert grants(case) == GRANTS[case]


WRONG = {
    "(allow a nosuch (file (read)))": "1:10 type `nosuch` is not declared",
    "(allow a c (file (reed)))": "1:19 class `file` has no permission `reed`",
    "(allow a c (fiel (read)))": "1:13 class `fiel` is not declared",
    "(type a)": "1:7 type `a` is declared already",
    "(typepermissive two)": "1:1 what is permissive is a type, but `two` is a typeattribute",
    "(typealias al)": "1:1 typealias `al` stands for nothing",
    "(typealias al) (typealias am) (typealiasactual al am) (typealiasactual am al)": (
        "1:1 alias `al` stands for itself"
    ),
    "(typeattribute x) (typeattributeset x (not x))": "1:1 attribute `x` is defined by itself",
    "(block k (blockinherit k))": "1:10 block `k` inherits itself",
    "(macro m ((type t)) (call m (t))) (call m (a))": "1:21 macro `m` calls itself",
    "(macro m ((type t))) (call m)": "1:22 macro `m` has 1 parameters, not 0",
    "(macro m ()) (call m ())": "1:14 macro `m` has no parameters: write `(call m)`",
    "(optional o (block k))": "1:13 `block` may not stand in `optional`",
    "(booleanif on (true (type x)))": "1:21 `type` may not stand in `booleanif`",
    "(booleanif on (true (call m))) (macro m () (type x))": (
        "1:21 `type` may not stand in `booleanif`, where this call stands"
    ),
    "(booleanif on (allow a c (file (read))))": (
        "1:15 `booleanif` holds `(true ...)` and `(false ...)` alone"
    ),
    "(class k (x)) (classorder (file k))": (
        "1:15 the order `file k` does not link up with the others"
    ),
    "(sidorder (kernel kernel))": "1:1 this sidorder contradicts another, or repeats a name",
    "(category c9)": "1:11 category `c9` stands in no categoryorder",
    "(class k (read)) (classcommon k common_file) (classorder (unordered k))": (
        "1:18 permission `read` is in class `k` and in its common"
    ),
    "(levelrange x (high low))": "1:1 `s0` does not dominate `s1`",
    "(level x (s0 (range c2 c0)))": "1:1 category `c2` comes after `c0`",
    "(context x (u r c (low low)))": "1:1 role `r` may not have the type `c`",
    "(context x (u q a (low low)))": "1:1 user `u` may not have the role `q`",
    "(user v) (userlevel v low)": "1:1 user `v` has no range",
    "(policycap nosuch)": "1:1 no kernel knows the capability `nosuch`",
    "(handleunknown allow)": "1:1 a policy has one `handleunknown`",
    "(constrain (file (read)) (eq t1 t1))": "1:1 `t1` on the right has no meaning with `t1`",
    "(filecon /a any ()) (filecon /a any ())": (
        f"1:21 there is the same filecon at case.cil:{LINES + 1}"
    ),
    f"(constrain (file (read)) {'(or (eq u1 u2) ' * 5}(eq t1 t2){')' * 5})": (
        "1:1 this expression has more than 5 results at once"
    ),
    f"(booleanif {'(or on ' * 10}off{')' * 10} (true (allow a c (file (read)))))": (
        "1:96 this condition has more than 10 results at once"
    ),
    "(classmap m (x)) (allow a c (m (x)))": "1:1 `x` of class map `m` is mapped to nothing",
}


@pytest.mark.parametrize("case", WRONG)
def test_a_case_is_wrong(case: str) -> None:
    assert WRONG[case] in told(case)


def test_a_wrong_name_is_told_with_the_nearest() -> None:
    (one,) = faults("(type web_server) (allow web_sever c (file (read)))")
    assert one.help == "did you mean `web_server`?"


def test_too_much_that_is_copied_is_told_with_a_place() -> None:
    macros = "".join(
        f"(macro m{i + 1} ((type t)) (call m{i} (t)) (call m{i} (t)))\n" for i in range(24)
    )
    first = "(macro m0 ((type t)) (allow t t (file (read))))\n"
    (fault,) = told(f"{first}{macros}(call m24 (a))\n")
    place, message = fault.split(" ", 1)
    assert message == "calls and inheritance copy 500,000 statements"
    assert 1 < int(place.split(":")[0]) < 26


def test_what_is_copied_tells_both_places() -> None:
    (one,) = faults("(macro m ((type t)) (allow t nosuch (file (read))))\n(call m (a))")
    assert one.line is not None
    assert [label.span.location().line - one.line for label in one.related] == [1]


def test_an_optional_that_is_off_tells_why() -> None:
    found = policy("(optional o (type x)\n(allow x nosuch (file (read))))")
    (off,) = found.disabled
    assert (off.name, off.kind, off.missing) == ("o", "type", "nosuch")
    assert (
        found.places.lines([off.missing_place])[0][1] == found.places.lines([off.place])[0][1] + 1
    )


def test_conditions_are_shared() -> None:
    rule = "(true (allow a c (file (read)))) (false (allow b c (file (read))))"
    found = policy(f"(booleanif (and on off) {rule}) (booleanif (and on off) {rule})")
    assert [one.postfix for one in found.conditions] == [(0, 1, "and")]
    assert list(found.rules["allow"].condition) == [0, 1, 2, 1, 2]


def test_numbers_of_extended_rules_are_ranges() -> None:
    found = policy("(allowx a c (ioctl file (and (range 1 20) (not (3 5)))))")
    assert found.extended[0].numbers == ((1, 2), (4, 4), (6, 20))
