"""`lsmc can`: all that a subject may do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

POLICY = """profile app /usr/bin/app {
  /srv/** rw,
  deny /srv/secret r,
  deny /srv/** w,
  /etc/{shadow,hosts} r,
  /usr/bin/tool Px,
  /usr/bin/other Cx -> small,
  owner /home/*/app rw,
  /x r,
  deny /x r,
  capability sys_admin,
  network inet stream,
  profile small { }
}
profile free flags=(unconfined) { }
profile tool /usr/bin/tool flags=(complain) { /a r, }
"""


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy"
    path.write_text(POLICY)
    return path


def sections(run: Run, policy: Path, *words: str) -> dict[str, list[str]]:
    """The texts of the rules by section."""
    result = run("can", policy, *words, "--format", "json", "--no-cache")
    assert result.exit_code == 0
    found = json.loads(result.output)["sections"]
    return {s["title"]: [a["rule"]["text"] for a in s["abilities"]] for s in found}


def test_sections_as_a_person_asks(run: Run, policy: Path) -> None:
    found = sections(run, policy, "app")
    assert list(found) == ["at stake", "writes", "executes", "network", "reads, maps and locks"]
    assert found["at stake"] == ["/etc/{shadow,hosts} r,", "capability sys_admin,"]
    assert "owner /home/*/app rw," in found["writes"]
    assert found["executes"] == ["/usr/bin/tool Px,", "/usr/bin/other Cx -> small,"]
    assert found["reads, maps and locks"] == ["/srv/** rw,"]


def test_the_text_tells_what_is_not_granted(run: Run, policy: Path) -> None:
    text = run("can", policy, "app", "--no-cache").output
    assert text.startswith("app (enforce mode)\n\nat stake\n")
    assert "      never w a: other rules refuse it everywhere\n" in text
    assert "      not /srv/secret, for one: deny /srv/secret r, at" in text
    assert "      it runs in the child profile small\n" in text
    assert "      only what it owns\n" in text
    assert "/x r," not in text


PARTS = """profile app {
  /ab rw,
  priority=1 deny /ab w,
  priority=2 /ab w,
  /o r,
  deny owner /o r,
  /{,**} k,
  deny owner /k k,
  /usr/bin/tool Px -> nobody,
  /usr/bin/other Pix -> nobody,
}
"""


def test_a_rule_gives_what_it_decides_to_whom_it_does(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "policy"
    path.write_text(PARTS)
    found = json.loads(run("can", path, "app", "--format", "json", "--no-cache").output)
    told = {a["rule"]["text"]: a for s in found["sections"] for a in s["abilities"]}
    assert (told["/ab rw,"]["permissions"], told["/ab rw,"]["lost"]) == (["r"], ["w", "a"])
    assert told["/o r,"]["who"] == "other"
    assert told["/o r,"]["example"]["owner"] is False
    assert told["/{,**} k,"]["who"] == "all"
    assert told["/{,**} k,"]["but"]["object"] == "/k"
    gone = "in profile nobody, which is not there: the execution is refused"
    assert told["/usr/bin/tool Px -> nobody,"]["transition"] == gone
    assert told["/usr/bin/other Pix -> nobody,"]["transition"].endswith(", else in this profile")
    assert "      only what it does not own\n" in run("can", path, "app", "--no-cache").output


def test_a_rule_of_several_classes_is_one_row(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "policy"
    path.write_text("profile app { change_profile -> other, }\n")
    text = run("can", path, "app", "--no-cache").output
    assert text.count("change_profile -> other,") == 1


def test_what_the_user_is_asked_about_stands_apart(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "policy"
    rules = "prompt /etc/shadow r, prompt /a rw, /a r, prompt /b r, deny /b r, prompt owner /c r,"
    path.write_text(f"profile app {{ {rules} }}\n")
    found = sections(run, path, "app")
    assert found == {
        "reads, maps and locks": ["/a r,"],
        "only if the user lets it": [
            "prompt /etc/shadow r,",
            "prompt /a rw,",
            "prompt owner /c r,",
        ],
    }
    data = json.loads(run("can", path, "app", "--format", "json", "--no-cache").output)
    asked = {a["rule"]["text"]: a for s in data["sections"] for a in s["abilities"] if a["asks"]}
    assert asked["prompt /a rw,"]["permissions"] == ["w", "a"]
    assert asked["prompt /a rw,"]["lost"] == ["r"]
    assert asked["prompt owner /c r,"]["who"] == "owner"
    assert asked["prompt /etc/shadow r,"]["hazards"] == ["password-hashes"]


def test_classes(run: Run, policy: Path) -> None:
    assert list(sections(run, policy, "app", "--class", "network")) == ["network"]
    assert run("can", policy, "app", "--class", "netwrk").exit_code == 2


def test_subjects_of_other_kinds(run: Run, policy: Path) -> None:
    assert "it may do anything" in run("can", policy, "free", "--no-cache").output
    assert "it may do anything" in run("can", policy, "/usr/bin/nobody", "--no-cache").output
    assert "let through as well" in run("can", policy, "/usr/bin/tool", "--no-cache").output
    assert run("can", policy, "app//&tool", "--no-cache").exit_code == 2
    assert run("can", policy, "nobody", "--no-cache").exit_code == 2


def test_every_example_is_allowed(run: Run, bundle: Path) -> None:
    found = json.loads(run("can", bundle, "viewer", "--format", "json").output)
    asked = [a["example"] for s in found["sections"] for a in s["abilities"]]
    lines = "".join(json.dumps(one) + "\n" for one in asked if one["class"] != "link")
    answers = run("query", bundle, "--batch", "-", text=lines).output.splitlines()
    assert all(json.loads(answer)["granted"] for answer in answers)


def test_lines_fit_the_screen(run: Run, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    rows = run("can", bundle, "viewer").output.splitlines()
    assert len(rows) > 100
    assert max(map(len, rows)) <= 80
