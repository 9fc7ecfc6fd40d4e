"""`lsmc lint` and `lsmc rule` as they are called."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import lsmc
from lsmc.cli.group import cli

DEAD = "profile dead /bin/dead {\n  /etc/a r,\n  deny /etc/** r,\n}\n"
CLEAN = "profile clean /bin/clean {\n  /usr/a r,\n}\n"
BROKEN = "profile broken /bin/broken {\n  capability foo,\n  /etc/a r,\n  deny /etc/** r,\n}\n"
UNUSED = "profile unused /bin/unused {\n  /usr/a r, # lsmc: ignore[LSM101] é\n}\n"


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in (("dead", DEAD), ("clean", CLEAN), ("broken", BROKEN), ("unused", UNUSED)):
        Path(name).write_text(text, encoding="utf-8")


def run(*args: str, text: str | None = None) -> Result:
    words = [*args, "--select", "LSM101,LSM9"] if args[0] == "lint" else args
    return CliRunner().invoke(cli, words, input=text, catch_exceptions=False)


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["clean"], 0),
        (["dead"], 1),
        (["dead", "--exit-zero"], 0),
        (["dead", "--fail-level", "error"], 0),
        (["dead", "--ignore", "LSM1"], 1),
        (["dead", "--ignore", "LSM101"], 0),
        (["dead", "--ignore", "unreachable-rule"], 0),
        (["broken"], 2),
        (["broken", "--exit-zero"], 0),
        (["missing"], 2),
        (["missing", "--exit-zero"], 2),
        (["dead", "--ignore", "LSM7"], 2),
        (["dead", "--ignore", "LSM0"], 2),
        (["dead", "--config", "missing.toml"], 2),
        (["dead", "--baseline", "missing.json"], 2),
        (["dead", "--write-baseline"], 2),
        (["dead", "--baseline", "b.json", "--write-baseline", "--format", "jsonl"], 2),
        (["dead", "--unsafe-fixes"], 2),
        (["dead", "--stdin-filename", "x"], 2),
        (["dead", "--changed-since", "HEAD"], 2),
        (["-", "--fix"], 2),
    ],
)
def test_exit_codes(args: list[str], code: int) -> None:
    result = run("lint", *args)
    assert result.exit_code == code, result.output
    if code == 2 and "missing" not in args and "broken" not in args:
        assert len(result.stderr.splitlines()) == 1


def test_text() -> None:
    result = run("lint", "dead", "clean")
    assert result.stdout.startswith(
        "dead:2:3: warning: `/etc/a r` never grants anything [LSM101]\n"
        "    2 |   /etc/a r,\n"
        "      |   ^^^^^^^^^\n"
    )
    assert result.stderr == "1 warning in 2 files\n1 fixable with --fix\n"


def test_concise_and_statistics() -> None:
    result = run("lint", "dead", "unused", "--format", "concise", "--statistics")
    assert result.stdout.splitlines() == [
        "dead:2:3: warning: LSM101 `/etc/a r` never grants anything",
        "unused:2:13: warning: LSM901 nothing to suppress on this line: LSM101 unreachable-rule",
        "      1  LSM101 unreachable-rule",
        "      1  LSM901 unused-suppression",
    ]


def test_cascades_end() -> None:
    rules = "".join(f"/srv/{n} r,\n" for n in range(9))
    Path("loose").write_text(f"profile loose {{\n}}\n{rules}")
    loose = run("lint", "loose", "--select", "LSM0", "--format", "concise")
    assert loose.stdout.splitlines()[2:] == [
        "loose:5:1: error: LSM000 a rule stands outside of a profile (and 6 more like this)"
    ]
    assert "loose:2:1: note: profile `loose` ended here" in run("lint", "loose").stdout
    text = f"profile brace {{\n/a r,\n}}\ninclude if exists <x>\n{rules}hat h {{\n}}\n/b r,\n}}\n"
    Path("brace").write_text(text)
    brace = run("lint", "brace", "--format", "concise", "--ignore", "LSM2,LSM4")
    assert brace.stdout.splitlines() == [
        "brace:3:1: error: LSM000 profile `brace` ended at line 3: one `}` too many"
    ]
    assert run("compile", "loose", "-o", "x.lsmb").stderr.count("outside of a profile") == 3


def test_a_missing_comma_is_shown_where_it_is_missing_and_written() -> None:
    Path("comma").write_text("profile comma {\n  /a r  # why\n  signal\n}\n")
    words = ("lint", "comma", "--select", "LSM0")
    assert run(*words).stdout.startswith(
        "comma:2:7: error: expected `,` at the end of this rule, found `signal` [LSM001]\n"
        "    2 |   /a r  # why\n"
        "      |       ^\n"
        "  help: write `,` behind the rule\n"
    )
    assert run(*words, "--fix").exit_code == 0
    assert Path("comma").read_text() == "profile comma {\n  /a r,  # why\n  signal,\n}\n"


def test_without_apparmor_one_error_says_what_to_install() -> None:
    Path("none").mkdir()
    Path("tool").write_text("include <tunables/global>\nprofile tool /bin/tool {\n  /a r,\n}\n")
    result = run("lint", "tool", "--base", "none")
    assert result.stdout.count("[LSM") == 1
    assert "help: searched: none; install the package `apparmor`, or name" in result.stdout


def test_style_alone_is_no_failure() -> None:
    Path("old").write_text("profile old {\n  #include if exists <x>\n  user /srv/a  RW,\n}\n")
    words = ("lint", "old", "--select", "LSM405,LSM5", "--format", "concise")
    result = run(*words)
    assert {line.split(":")[3] for line in result.stdout.splitlines()} == {" info"}
    assert result.exit_code == 0
    assert run(*words, "--fail-level", "info").exit_code == 1


def test_min_confidence() -> None:
    Path("odd").write_text("profile odd {\n  /srv/(a|b) r,\n  capability kill,\n}\n" + DEAD)
    words = ("lint", "odd", "--select", "LSM101,LSM115,LSM308", "--format", "json")
    for least, codes in (
        ("low", {"LSM101": "high", "LSM115": "low", "LSM308": "medium"}),
        ("medium", {"LSM101": "high", "LSM308": "medium"}),
        ("high", {"LSM101": "high"}),
    ):
        found = json.loads(run(*words, "--min-confidence", least).stdout)["diagnostics"]
        assert {one["code"]: one["confidence"] for one in found} == codes
    Path("lsmc.toml").write_text("min-confidence = 'high'\n")
    assert [one["code"] for one in json.loads(run(*words).stdout)["diagnostics"]] == ["LSM101"]


def test_jsonl_judges_each_file_alone_in_the_order_given() -> None:
    Path("dead2").write_text(DEAD)
    result = run("lint", "broken", "missing", "dead2", "dead", "clean", "--format", "jsonl")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(row["file"], row["ok"]) for row in rows] == [
        ("broken", False),
        ("missing", False),
        ("dead2", True),
        ("dead", True),
        ("clean", True),
    ]
    codes = [[one["code"] for one in row["diagnostics"]] for row in rows]
    assert codes == [["LSM061", "LSM101"], ["LSM087"], ["LSM101"], ["LSM101"], []]
    assert result.exit_code == 2


def test_what_one_file_holds_is_not_found_in_the_next() -> None:
    for folder in ("first", "second"):
        Path(folder).mkdir()
    marked = CLEAN.replace("{\n", "{\n  # a\u202eb\n  #include <old>\n", 1)
    Path("first/marked").write_text(marked, encoding="utf-8")
    Path("second/clean").write_text(CLEAN)
    Path("old").write_text("#include <older>\n")
    Path("older").write_text("")
    words = ("lint", "--base", ".", "--select", "ALL", "--format", "jsonl")
    after = run(*words, "first/marked", "second/clean").stdout.splitlines()
    assert {one["code"] for one in json.loads(after[0])["diagnostics"]} >= {"LSM315", "LSM405"}
    assert after[1] == run(*words, "second/clean").stdout.strip()


def test_errors_come_first() -> None:
    result = run("lint", "dead", "broken", "--format", "concise")
    assert [line.split()[2] for line in result.stdout.splitlines()] == [
        "LSM061",
        "LSM101",
        "LSM101",
    ]


def test_standard_input() -> None:
    result = run("lint", "-", "--format", "concise", text=DEAD)
    assert result.stdout.startswith("<stdin>:2:3: warning: LSM101 ")
    result = run("lint", "-", "--stdin-filename", "x/dead", "--format", "concise", text=DEAD)
    assert result.stdout.startswith("x/dead:2:3: warning: LSM101 ")


def test_baseline() -> None:
    written = run("lint", "dead", "--baseline", "b.json", "--write-baseline")
    assert (written.exit_code, written.stderr) == (0, "b.json: 1 entries\n")
    same = run("lint", "dead", "--baseline", "b.json")
    assert (same.exit_code, same.stdout) == (0, "")
    assert same.stderr == "nothing found in 1 file (1 in the baseline)\n"
    Path("dead").write_text(DEAD.replace("  /etc/a r,\n", "# moved\n  /etc/b r,\n  /etc/a r,\n"))
    new = run("lint", "dead", "--baseline", "b.json", "--format", "concise")
    assert new.stdout == "dead:3:3: warning: LSM101 `/etc/b r` never grants anything\n"
    Path("dead").write_text(CLEAN)
    gone = run("lint", "dead", "--baseline", "b.json", "--format", "concise")
    assert gone.stdout == "b.json:2:1: info: LSM903 LSM101 is gone from `dead`: `/etc/a r,`\n"


def test_a_baseline_of_a_file_that_is_gone() -> None:
    run("lint", "dead", "--baseline", "b.json", "--write-baseline")
    Path("dead").rename("moved")
    found = run("lint", "moved", "--baseline", "b.json", "--format", "concise").stdout
    assert found.splitlines() == [
        "b.json:2:1: info: LSM903 LSM101 is gone from `dead`: `/etc/a r,`",
        "moved:2:3: warning: LSM101 `/etc/a r` never grants anything",
    ]


def test_a_baseline_that_cannot_be_written() -> None:
    result = run("lint", "dead", "--baseline", "no/b.json", "--write-baseline")
    assert (result.exit_code, result.stderr) == (
        2,
        "lsmc: error: cannot write `no/b.json`: no directory `no`\n",
    )


def test_shared_text_is_settled_by_whole_trees_only() -> None:
    Path("shared").write_text("/etc/b r, # lsmc: ignore[LSM101]\ndeny /etc/** r,\n")
    for name in ("one", "two"):
        Path(name).mkdir()
        Path(name, name).write_text(f"profile {name} {{\n  include <shared>\n}}\n")
    words = ("lint", "--base", ".", "--format", "concise", "--included")
    run(*words, "one", "--baseline", "b.json", "--write-baseline")
    Path("shared").write_text("/usr/b r, # lsmc: ignore[LSM101]\n")
    for other in ("clean", "dead", "broken", "unused"):
        Path(other).unlink()
    assert run(*words, "one").stdout.startswith("./shared:1:11: warning: LSM901 ")
    Path("one/more").write_text("profile more {\n  include <shared>\n}\n")
    assert run(*words, "one").stdout.startswith("./shared:1:11: warning: LSM901 ")
    assert run(*words, "one/one").stdout == ""


def test_one_file_by_two_names_is_one() -> None:
    words = ("lint", "--extend-select", "LSM207", "--format", "concise")
    Path("dead").write_text(DEAD)
    found = run(*words, "dead", "./dead").stdout
    assert found == "dead:2:3: warning: LSM101 `/etc/a r` never grants anything\n"
    edited = DEAD.replace("/etc/a", "/etc/edited")
    Path("tree").mkdir()
    Path("tree/dead").write_text(DEAD)
    found = run(*words, "tree", "-", "--stdin-filename", "./tree/dead", text=edited).stdout
    assert found == "./tree/dead:2:3: warning: LSM101 `/etc/edited r` never grants anything\n"


def test_nothing_to_do_is_wrong_use() -> None:
    """A wrong directory must not look like good policy."""
    Path("empty/deep").mkdir(parents=True)
    Path("empty/deep/p").write_text(DEAD)
    Path("empty/README").touch()
    reason = "lsmc: error: no files of policy in `empty`; directories below are not read\n"
    for words in (
        ("lint", "empty"),
        ("lint", "empty", "--format", "jsonl"),
        ("lint", "empty", "--format", "sarif"),
        ("lint", "empty", "--diff"),
        ("lint", "empty", "--write-baseline", "--baseline", "b.json"),
        ("compile", "empty", "--no-cache", "-o", "x"),
        ("fmt", "empty"),
        ("fmt", "empty", "--check"),
    ):
        result = run(*words)
        assert (result.exit_code, result.stdout, result.stderr) == (2, "", reason)
    assert not Path("x").exists()
    assert not Path("b.json").exists()
    assert run("fmt", "-r", "empty", "--check", "--base", ".").exit_code == 0


def test_other_files_beside_policy() -> None:
    """What is not policy by its name is left out of a directory, and read when it is named."""
    Path("d").mkdir()
    Path("d/p").write_text("profile p /p {\n  include if exists <x>\n}\n")
    names = ("b.json", "README.md", "lsmc.toml", "x.yaml", "p~", "p.dpkg-old", "p.sarif", ".p.swp")
    for name in names:
        Path("d", name).write_text("{}\n")
    note = (
        "lsmc: note: taken for no policy by name: `d/README.md`, `d/b.json`, `d/lsmc.toml`, "
        "`d/p.dpkg-old`, `d/p.sarif` and 2 more\n"
    )
    for words in (("lint", "d", "--no-config", "--base", "."), ("compile", "d", "-o", "x")):
        result = run(*words)
        assert result.exit_code == 0
        assert result.stderr.startswith(note)
    assert run("lint", "d", "-q", "--no-config", "--base", ".").stderr == ""
    assert run("lint", "d/b.json", "--no-config").exit_code == 2


def test_a_binary_file_is_one_line() -> None:
    Path("d").mkdir()
    Path("d/bin").write_bytes(bytes(range(256)) * 40 + "x\u0430\n".encode() * 100)
    for words in (
        ("lint", "d", "--select", "ALL", "--format", "concise"),
        ("compile", "d", "-o", "x"),
        ("fmt", "d"),
    ):
        result = run(*words)
        assert result.exit_code == 2
        output = result.stdout + result.stderr
        assert output.count("d/bin:") == output.count("a NUL byte: this is not text") == 1


def test_standard_input_is_bounded() -> None:
    for command in ("lint", "fmt"):
        result = run(command, "-", text=b"#" * ((1 << 22) + 1))
        assert (result.exit_code, result.stdout, result.stderr) == (
            2,
            "",
            "lsmc: error: `<stdin>`: larger than 4194304 bytes\n",
        )
        assert run(command, "-", text=b"#" * ((1 << 22) - 1) + b"\n").exit_code == 0


def test_statistics_of_files_judged_alone() -> None:
    result = run("lint", "dead", "unused", "dead", "--format", "jsonl", "--statistics")
    assert result.stderr.splitlines() == [
        "      2  LSM101 unreachable-rule",
        "      1  LSM901 unused-suppression",
    ]


def test_broken_suppression_is_exit_2() -> None:
    Path("clean").write_text(CLEAN.replace("r,", "r, # lsmc: ignore"))
    result = run("lint", "clean", "--exit-zero", "--format", "concise")
    assert result.exit_code == 2
    assert result.stdout == "clean:2:13: warning: LSM902 `# lsmc: ignore` names no code\n"


def test_fix_and_diff() -> None:
    Path("unused").chmod(0o640)
    shown = run("lint", "unused", "--diff")
    assert shown.exit_code == 1
    assert shown.stdout == (
        "--- a/unused\n+++ b/unused\n@@ -1,3 +1,3 @@\n profile unused /bin/unused {\n"
        "-  /usr/a r, # lsmc: ignore[LSM101] é\n+  /usr/a r,\n }\n"
    )
    assert Path("unused").read_text(encoding="utf-8") == UNUSED
    fixed = run("lint", "unused", "--fix")
    assert fixed.exit_code == 0
    assert fixed.stderr.endswith("1 fix made in 1 file\n")
    assert Path("unused").read_text() == UNUSED.replace(" # lsmc: ignore[LSM101] é", "")
    assert Path("unused").stat().st_mode & 0o777 == 0o640
    assert run("lint", "unused", "--diff").exit_code == 0


def git(*words: str) -> None:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    names = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *names, *words], check=True, env=environment, capture_output=True)


def test_changed_since() -> None:
    for name in ("broken", "unused"):
        Path(name).unlink()
    Path("old").write_text(DEAD.replace("dead", "old"))
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "all")
    args = ("lint", ".", "--changed-since", "HEAD", "--format", "concise")
    assert run(*args).stdout == ""
    Path("dead").write_text(DEAD + "\n")
    Path("new").write_text(DEAD.replace("dead", "new"))
    assert [line.split(":")[0] for line in run(*args).stdout.splitlines()] == ["dead", "new"]
    bad = run("lint", ".", "--changed-since", "nope")
    assert (bad.exit_code, bad.stderr) == (
        2,
        "lsmc: error: --changed-since: no revision `nope`\n",
    )
    option = run("lint", ".", "--changed-since", "--output=x")
    assert option.exit_code == 2
    assert not Path("x").exists()


def test_configuration_is_found_and_its_faults_are_one_line() -> None:
    Path("lsmc.toml").write_text("[severity]\nLSM101 = 'info'\n")
    assert run("lint", "dead").exit_code == 0
    assert run("lint", "dead", "--no-config").exit_code == 1
    Path("lsmc.toml").write_text("slect = []\n")
    result = run("lint", "dead")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "lsmc: error: lsmc.toml: no setting `slect`; did you mean `select`?\n"


def test_rule() -> None:
    page = run("rule", "LSM101")
    assert page.exit_code == 0
    assert page.stdout.startswith("LSM101 unreachable-rule (warning)\n\nA rule whose every grant")
    assert run("rule", "unreachable-rule").stdout == page.stdout
    every = run("rule", "--all").stdout
    assert page.stdout in every
    assert "LSM061 unknown-capability (error)" in every
    listed = run("rule").stdout.splitlines()
    assert sum(line.startswith("LSM101 ") for line in listed) == 1
    names = {row["name"] for row in json.loads(run("rule", "--all", "--format", "json").stdout)}
    assert {"unreachable-rule", "internal-error", "missing-comma"} <= names
    unknown = run("rule", "unreachable-rul")
    assert unknown.exit_code == 2
    assert "did you mean `unreachable-rule`?" in unknown.stderr


def test_check_of_the_library() -> None:
    found = lsmc.check(["dead", "broken"], select=["LSM101"])
    assert [(one.code, one.file) for one in found] == [
        ("LSM061", "broken"),
        ("LSM101", "broken"),
        ("LSM101", "dead"),
    ]
    assert lsmc.check("clean", select=["LSM101"], jobs=2) == []
    with pytest.raises(ValueError, match="no check `LSM777`"):
        lsmc.check("clean", select=["LSM777"])


def test_reports_are_written_beside_the_output() -> None:
    """One run, and each is what the format alone would have been."""
    words = ("--report", "sarif=found.sarif", "--report", "gitlab=found.json")
    result = run("lint", "dead", "--format", "concise", *words)
    assert result.exit_code == 1
    assert result.stdout == run("lint", "dead", "--format", "concise").stdout
    assert Path("found.sarif").read_text() == run("lint", "dead", "--format", "sarif").stdout
    assert Path("found.json").read_text() == run("lint", "dead", "--format", "gitlab").stdout
    for bad, why in (
        (("--report", "sarif"), "`sarif` is not FORMAT=FILE with one of"),
        (("--report", "text=x"), "`text=x` is not FORMAT=FILE with one of"),
        ((*words, "--report", "sarif=other"), "sarif is given twice"),
        (("--report", "sarif=no/x"), "cannot write `no/x`: no directory `no`"),
        ((*words, "--format", "jsonl"), "--report goes with the findings of all files together"),
    ):
        result = run("lint", "dead", *bad)
        assert (result.exit_code, result.stdout) == (2, "")
        assert why in result.stderr


def test_findings_in_included_files_are_counted_and_not_reported() -> None:
    Path("shared").write_text("/etc/b r,\ndeny /etc/** r,\n")
    Path("own").write_text("profile own {\n  include <shared>\n  /etc/c r,\n}\n")
    words = ("lint", "own", "--base", ".", "--select", "LSM101")
    result = run(*words)
    assert [row for row in result.stdout.splitlines() if "LSM101" in row] == [
        "own:3:3: warning: `/etc/c r` never grants anything [LSM101]"
    ]
    assert result.stderr == (
        "1 warning in 1 file\n1 fixable with --fix\n"
        "1 more in included files (--included shows them)\n"
    )
    every = run(*words, "--included")
    assert every.stdout.count("LSM101") == 2
    assert every.stderr == "2 warnings in 2 files\n1 fixable with --fix\n"
    assert run("lint", "own", "shared", *words[2:]).stdout.count("LSM101") == 2
    assert "shared:1:1" in run("lint", ".", *words[2:]).stdout  # below what was given
    result = run(*words, "--write-baseline", "--baseline", "b.json")
    assert result.stderr == "b.json: 1 entries\n"


def test_a_run_is_clean_where_only_included_files_have_findings() -> None:
    Path("shared").write_text("/etc/b r,\ndeny /etc/** r,\n")
    Path("own").write_text("profile own {\n  include <shared>\n}\n")
    result = run("lint", "own", "--base", ".", "--select", "LSM101")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("nothing found in 1 file\n1 more in included files")


def test_how_many_findings_have_a_safe_fix_is_told() -> None:
    Path("own").write_text("profile own {\n  /etc/c r,\n  /etc/c r,\n}\n")
    assert run("lint", "own", "--select", "LSM104").stderr == (
        "1 warning in 1 file\n1 fixable with --fix\n"
    )
