"""The order of layers of every operation, and the table of them."""

from __future__ import annotations

import json

import pytest

from lsmc.modules.apparmor.operations import OPERATIONS, find, listed
from lsmc.stack.asking import Asking, CapabilityAnswer
from lsmc.stack.checks import check
from lsmc.stack.context import Context
from lsmc.stack.orders import order_of
from tests.cli.conftest import Run

FIRST = {
    "dac": "open read write append exec truncate signal_send ptrace_trace ptrace_read",
    "module": "create symlink unlink rename mkdir rmdir mknod chmod chown mount remount",
    "capability": "capable umount pivot_root setrlimit",
}


@pytest.mark.parametrize(
    ("layer", "name"), [(layer, name) for layer, names in FIRST.items() for name in names.split()]
)
def test_which_layer_is_asked_first(layer: str, name: str) -> None:
    """Looking the name up comes before both, and is not part of the comparison."""
    operation = find(name, {})
    assert operation is not None
    steps = [
        step for step in order_of(operation.cls, operation.name).steps if step.test != "search"
    ]
    assert steps[0].layer == layer


def test_every_operation_asks_the_module_once_and_names_its_source() -> None:
    for operation in OPERATIONS:
        order = order_of(operation.cls, operation.name)
        assert [step.layer for step in order.steps].count("module") == 1, operation
        assert order.errno
        assert order.source


def test_every_step_is_tested_and_needs_nothing_to_be_known() -> None:
    for operation in OPERATIONS:
        for obj, fields in (("", {}), ("/a/b", {"target": "/a/c", "peer_addr": "/s", "port": "x"})):
            asking = Asking(
                Context(),
                operation.name,
                operation.perms,
                obj,
                fields,
                lambda _: CapabilityAnswer(False, True),
            )
            for step in order_of(operation.cls, operation.name).steps:
                if step.layer in ("module", "hook"):
                    continue
                found = check(step, asking)
                assert not found.errno or found.allowed is False
                assert not any(tried.logged for tried in found.tried if tried.held is not True)


def test_errno_of_refusals() -> None:
    errnos = {
        operation.name: order_of(operation.cls, operation.name).errno for operation in OPERATIONS
    }
    assert errnos["open"] == errnos["mount"] == errnos["signal_send"] == "EACCES"
    assert errnos["capable"] == "EPERM"
    assert errnos["change_hat"] == "ECHILD, ENOENT or EPERM"


def test_permissions_without_a_name_are_those_of_an_operation() -> None:
    letters = find("rw", {})
    assert letters is not None
    assert (listed(letters).hook, str(order_of(listed(letters).cls, listed(letters).name))) == (
        "file_open",
        "dac(search) > dac(access) > hook(inode_permission) > module",
    )
    bind = next(one for one in OPERATIONS if (one.name, one.cls) == ("bind", "network"))
    assert listed(bind._replace(name="", hook="")) == bind


def test_the_table_shows_layers_and_errno(run: Run) -> None:
    text = run("ops").output
    (umount,) = (line for line in text.splitlines() if line.startswith("umount"))
    assert "dac(search) > capability(sys_admin) > module" in umount
    assert {"EACCES", "umount"} <= {*umount.split()}
    found = {
        (one["operation"], one["class"]): one
        for one in json.loads(run("ops", "--format", "json").output)
    }
    create = found["create", "file"]
    assert create["order"] == [
        {"layer": "dac", "test": "search"},
        {"layer": "module", "test": ""},
        {"layer": "dac", "test": "create"},
        {"layer": "hook", "test": "inode_permission"},
        {"layer": "hook", "test": "inode_create"},
    ]
    assert (create["errno"], create["source"]) == ("EACCES", "fs/namei.c lookup_open, may_o_create")
