"""Every command: what it prints, and its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lsmc.cli.group import cli
from tests.cli.conftest import Run


def test_help_lists_the_commands_that_exist(run: Run) -> None:
    result = run("--help")
    assert result.exit_code == 0
    names = cli.list_commands(cli.make_context("lsmc", ["ops"]))
    assert {"compile", "query", "explain", "ops", "show"} <= set(names)
    assert all(f"\n  {name} " in result.output for name in names)


@pytest.mark.parametrize("name", ["compile", "query", "explain", "ops", "show"])
def test_each_command_explains_itself_and_shares_options(run: Run, name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    shared = ["--color", "--quiet"]
    if name != "ops":
        shared += ["--base", "--include", "--features", "--define", "--jobs", "--cache-dir"]
    assert all(option in result.output for option in shared)


def test_the_version_says_how_the_kernels_run(run: Run) -> None:
    result = run("--version")
    assert result.exit_code == 0
    assert result.output.startswith("lsmc ")
    assert "kernels" in result.output


def test_compile_writes_a_bundle(run: Run, tmp_path: Path) -> None:
    output = tmp_path / "out.lsmb"
    result = run("compile", "profiles/logger", "--base", "profiles", "-o", output, "--no-cache")
    assert (result.exit_code, result.stdout) == (0, f"{output}: 1 profile\n")
    assert output.read_bytes()[:4] == b"LSMB"
    assert [path.name for path in tmp_path.iterdir()] == ["out.lsmb"]


def test_compile_defines_variables(run: Run, tmp_path: Path) -> None:
    source, output = tmp_path / "p", tmp_path / "p.lsmb"
    source.write_text("@{PLACE} = /a\nprofile p {\n  @{PLACE}/x r,\n}\n")
    options = ("-D", "PLACE=/b /c", "-o", output, "--no-cache", "-j", "1")
    assert run("compile", source, *options).exit_code == 0
    assert run("query", output, "p", "read", "/c/x").exit_code == 0
    assert run("query", output, "p", "read", "/a/x").exit_code == 1


@pytest.mark.parametrize("how", ["bundle", "file", "directory"])
def test_a_policy_is_a_bundle_a_file_or_a_directory(run: Run, bundle: Path, how: str) -> None:
    policy = {"bundle": str(bundle), "file": "profiles/nginx", "directory": "profiles"}[how]
    asked = ("nginx", "read", "/var/www/html/index.html", "--base", "profiles", "--no-cache")
    result = run("query", policy, *asked)
    assert result.exit_code == 0
    assert result.output == (
        "allowed: nginx read /var/www/html/index.html\n  profiles/nginx:52:3: @{WEBROOT}/{,**} r,\n"
    )


def test_a_denied_query(run: Run, bundle: Path) -> None:
    result = run("query", bundle, "nginx", "write", "/var/www/html/index.html")
    assert result.exit_code == 1
    assert result.output == ("denied: nginx write /var/www/html/index.html\n  no rule allows w\n")


def test_a_query_names_the_profile_that_follows(run: Run, bundle: Path) -> None:
    result = run("query", bundle, "/usr/sbin/nginx", "exec", "/usr/lib/cgi-bin/search")
    assert result.exit_code == 0
    assert "runs as nginx//cgi (Cx), environment scrubbed" in result.output


def test_not_owner(run: Run, bundle: Path) -> None:
    asked = (bundle, "viewer", "read", "/home/ann/Documents/a.pdf")
    assert run("query", *asked).exit_code == 0
    assert run("query", *asked, "--not-owner").exit_code == 1


def test_fields_follow_the_object_or_replace_it(run: Run, bundle: Path) -> None:
    assert run("query", bundle, "nginx", "connect", "inet", "type=stream").exit_code == 0
    fields = ("family=inet", "type=stream")
    assert run("query", bundle, "nginx", "connect", *fields).exit_code == 0
    assert run("query", bundle, "nginx", "connect", "packet", "type=raw").exit_code == 1


def test_json_of_a_verdict(run: Run, bundle: Path) -> None:
    result = run("query", bundle, "nginx", "exec", "/usr/lib/cgi-bin/search", "--format", "json")
    found = json.loads(result.output)
    assert list(found) == [
        *("allowed", "decision", "granted", "missing", "audited", "transition", "rules", "note")
    ]
    assert found["transition"] == {
        "mode": "Cx",
        "target": "nginx//cgi",
        "unsafe": False,
        "fallback": None,
    }
    (rule,) = found["rules"]
    assert list(rule) == ["profile", "file", "line", "column", "text", "via"]
    denied = json.loads(run("query", bundle, "nginx", "write", "/x", "--format", "json").output)
    assert denied["transition"] is None
    assert denied["missing"] == ["w"]


def test_a_batch_answers_line_by_line(run: Run, bundle: Path) -> None:
    requests = [
        {"subject": "nginx", "op": "read", "object": "/etc/passwd", "owner": False},
        {"subject": "nginx", "class": "file", "perms": "rw", "object": "/etc/passwd"},
        {"subject": "nginx", "op": "connect", "family": "inet", "type": "stream"},
        {"subject": "nginx", "class": "capability", "perms": ["use"], "object": "setuid"},
    ]
    text = "\n".join(map(json.dumps, requests))
    result = run("query", bundle, "--batch", "-", text=text)
    assert result.exit_code == 1
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [verdict["allowed"] for verdict in found] == [True, False, True, True]
    assert found[1]["granted"] == ["r"]
    assert run("query", bundle, "--batch", "-", text=json.dumps(requests[0])).exit_code == 0


def test_ops_lists_every_operation(run: Run) -> None:
    result = run("ops")
    assert result.exit_code == 0
    head, *rows = result.output.splitlines()
    assert head.split()[:3] == ["operation", "class", "permissions"]
    assert {"read", "capable", "mount", "setrlimit", "dbus_send"} <= {r.split()[0] for r in rows}
    found = json.loads(run("ops", "--format", "json").output)
    assert len(found) == len(rows)


def test_show_lists_profiles_and_sections(run: Run, bundle: Path) -> None:
    result = run("show", bundle)
    assert result.exit_code == 0
    assert result.output.startswith("profile ")
    assert "\nnginx//cgi " in result.output
    assert "\ngroup data " in result.output
    assert f"{bundle.stat().st_size} bytes" in result.output
    found = json.loads(run("show", bundle, "--format", "json").output)
    assert found["size"] == bundle.stat().st_size
    assert {"name", "units", "rules", "groups", "states", "size"} <= set(found["profiles"][0])


def test_show_tells_what_a_profile_is_made_of(run: Run, bundle: Path) -> None:
    result = run("show", bundle, "sandbox")
    assert result.exit_code == 0
    assert "mode: enforce" in result.output
    assert "profiles/abstractions/base" in result.output
    assert "abi: profiles/abi/5.0" in result.output


def test_stages_as_text(run: Run, bundle: Path, tmp_path: Path) -> None:
    source = tmp_path / "p"
    source.write_text("profile p {\n  owner /a rw,\n  priority=2 audit deny /b w,\n}\n")
    options = ("--base", "profiles", "--no-cache")
    for name in ("syntax", "ast"):
        assert run("show", source, "--stage", name, *options).output == source.read_text()
    rules = run("show", source, "--stage", "ir", *options).output.splitlines()
    assert rules[0] == f"profile p enforce <- {source}:1"
    assert rules[-3:] == [
        "  unit 1",
        f"    allow file path=/a owner:r,w,a exact <- {source}:2",
        f"    deny file path=/b w,a priority=2 audit exact <- {source}:3",
    ]
    assert run("show", source, "p", "--stage", "ir", *options).output.splitlines() == rules
    assert run("show", source, "q", "--stage", "ir", *options).exit_code == 2
    compiled = tmp_path / "compiled.lsmb"
    assert run("compile", source, "-o", compiled, *options).exit_code == 0
    assert run("show", compiled, "--stage", "ir").output == (
        "profile p enforce\n"
        f"  allow file owner:r,w,a exact <- {source}:2: owner /a rw,\n"
        f"  deny file w,a priority=2 audit exact <- {source}:3: priority=2 audit deny /b w,\n"
    )
    for name in ("tables", "table"):
        table = run("show", source, "--stage", name, *options)
        assert table.output.startswith("profile p enforce\n  group of 6 states\n    1:\n")
    assert run("show", bundle, "logger", "--stage", "ir").output.startswith("profile logger ")


def test_quiet_answers_by_the_exit_code_alone(run: Run, bundle: Path) -> None:
    asked = ("query", bundle, "nginx", "write", "/etc/passwd")
    for args in ((*asked, "--quiet"), ("-q", *asked)):
        result = run(*args)
        assert (result.exit_code, result.output) == (1, "")


def test_colours(run: Run, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("explain", bundle, "nginx", "write", "/etc/passwd")
    plain = run(*asked)
    assert "\x1b" not in plain.output
    colored = run(*asked, "--color", "always").output
    assert "\x1b[" in colored
    assert "\x1b" not in run("--color", "never", *asked).output
    monkeypatch.setenv("NO_COLOR", "1")
    assert run(*asked).output == plain.output


def test_text_of_a_policy_cannot_steer_the_terminal(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "p"
    source.write_bytes(b'profile p {\n  "/a\x1b[31m[bold]" r, # \xff\n}\n')
    asked = ("p", "read", "/a\x1b[31m[bold]", "--no-cache")
    for color in ("never", "always"):
        result = run("explain", source, *asked, "--color", color)
        assert "\x1b[31m[" not in result.output
        assert "[bold]" in result.output
    assert "\x1b" not in run("query", source, *asked).output


@pytest.mark.parametrize(
    "words", [("ops",), ("ops", "link", "open"), ("rule",), ("rule", "LSM101"), ("--help",)]
)
def test_lists_fit_a_terminal_of_80_columns(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = run(*words)
    assert result.exit_code == 0
    assert max(map(len, result.output.splitlines())) <= 80


@pytest.mark.parametrize(
    "words", [("--help",), ("diff", "--help"), ("lint", "--help"), ("ops",), ("ops", "open")]
)
def test_a_terminal_of_40_columns(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    text = run(*words).output
    # a list of choices cannot be broken
    assert max(len(row) for row in text.splitlines() if "|" not in row) <= 40
    assert not any(row.lstrip().startswith(("ns", "n ")) for row in text.splitlines())


def test_show_fits_a_terminal_of_80_columns(
    run: Run, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert max(map(len, run("show", bundle).output.splitlines())) <= 80
    table = run("show", bundle, "nginx").output.partition("\n\n")[2]
    assert "profiles/abstractions/base" in table
    assert max(map(len, table.splitlines())) <= 80


def test_an_operation_with_every_detail(run: Run) -> None:
    assert run("ops", "open").output.splitlines()[-1] == (
        "order of layers  dac(search) > dac(access) > hook(inode_permission) > module"
    )
    assert run("ops", "opne").exit_code == 2


def test_version_and_help_as_words(run: Run) -> None:
    assert run("version").output == run("-V").output == run("--version").output
    assert run("help").output == run("--help").output
    assert run("help", "lint").output == run("lint", "--help").output
    assert run("help", "lnit").exit_code == 2


def test_a_graph_is_narrowed(run: Run, bundle: Path) -> None:
    chain = run("graph", bundle, "--path", "nginx", "unconfined")
    assert chain.exit_code == 0
    assert [row for row in chain.output.splitlines() if not row.startswith(" ")] == [
        "nginx",
        "nginx//cgi",
    ]
    assert run("graph", bundle, "--path", "nginx//cgi", "nginx").exit_code == 1
    assert run("graph", bundle, "--to", "logger", "--kind", "change_hat").stdout == ""
    assert run("graph", bundle, "--to", "logger", "--depth", "1").output.count("logger") >= 2
    for wrong in (("--depth", "1"), ("--path", "a", "b", "--to", "c"), ("--to", "nobody")):
        assert run("graph", bundle, *wrong).exit_code == 2


def test_a_picture_that_nobody_can_read_is_refused(run: Run, tmp_path: Path) -> None:
    many = "".join(
        f"profile p{n} /bin/p{n} {{ {' '.join(f'/bin/p{k} Px,' for k in range(22))} }}\n"
        for n in range(22)
    )
    (tmp_path / "many").write_text(many)
    result = run("graph", tmp_path / "many", "--format", "svg", "--no-cache")
    assert result.exit_code == 2
    assert "narrow it with --from, --to, --path, --depth or --kind" in result.stderr
