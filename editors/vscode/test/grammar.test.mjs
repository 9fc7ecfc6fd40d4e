// The grammars give the scopes that themes colour, and odd places are read as lsmc reads them.
// tests/editors/ compares the AppArmor grammar with lsmc's own lexer, token by token.

import assert from "node:assert/strict";
import { test } from "node:test";
import { grammar } from "../build.mjs";
import { load, scopes } from "./scopes.mjs";

/** The innermost scope at the first place where a text has a part. */
function scopeAt(loaded, text, part) {
  const at = text.indexOf(part);
  const line = text.slice(0, at).split("\n").length - 1;
  const column = at - (text.lastIndexOf("\n", at - 1) + 1);
  const token = scopes(loaded, text)[line].find(([from, to]) => from <= column && column < to);
  return token.at(-1);
}

const CASES = {
  apparmor: [
    ["profile p /x {\n  /a#b r, # why\n}", "# why", "punctuation.definition.comment.apparmor"],
    ["profile p /x {\n  /a#b r,\n}", "/a#b", "string.unquoted.path.apparmor"],
    ["  signal send # no comment\n    peer=x,", "# no", "meta.word.apparmor"],
    ["  capability chown # a comment\n    kill,", "# a", "punctuation.definition.comment.apparmor"],
    ["  capability chown # a comment\n    kill,", "kill", "support.type.capability.apparmor"],
    ["  /deny/owner rw,", "/deny", "string.unquoted.path.apparmor"],
    ["  deny owner /x w,", "owner", "storage.modifier.apparmor"],
    ["  /bin/x pix -> child,", "pix", "support.function.permission.apparmor"],
    ["  /bin/x pix -> child,", "child", "entity.name.type.profile.apparmor"],
    ["  all,", "all", "keyword.other.rule.apparmor"],
    ["/usr/bin/x flags=(complain) {", "/usr", "entity.name.type.profile.apparmor"],
    ["/usr/bin/x flags=(complain) {", "complain", "support.type.flag.apparmor"],
    ["/usr/bin/x flags=(complian) {", "complian", "string.unquoted.value.apparmor"],
    ["  mount options=(rw, make-private) /x,", "make-private", "support.type.option.apparmor"],
    ["  signal set=(rtmin+3, hup),", "rtmin", "support.type.signal.apparmor"],
    ["@{X} = /a \\\n  /b # c\n", "# c", "comment.line.number-sign.apparmor"],
    ["#include <abstractions/base>", "#include", "keyword.control.import.apparmor"],
    ["include if exists <local/x>", "<local", "string.unquoted.include.apparmor"],
  ],
  cil: [
    ["(allow a b (file (read))) ; why", "allow", "keyword.other.statement.cil"],
    ["(allow a b (file (read))) ; why", "; why", "comment.line.semicolon.cil"],
    ["(block b (type t))", "block", "keyword.control.cil"],
    ["(typeattributeset a (and b (not c)))", "not", "keyword.operator.word.cil"],
    ["(type allow_t)", "allow_t", "meta.word.cil"],
  ],
  tomoyo: [
    ["<kernel> /bin/sh", "<kernel>", "entity.name.type.domain.tomoyo"],
    ["file read/write /a path1.uid=0", "write", "support.function.permission.tomoyo"],
    ["file read/write /a path1.uid=0", "path1.uid", "variable.parameter.condition.tomoyo"],
    ["network inet stream bind/listen @A 80", "@A", "variable.other.group.tomoyo"],
    ["initialize_domain /bin/x from any", "initialize_domain", "keyword.other.statement.tomoyo"],
  ],
  smack: [
    ["App System rwx", "rwx", "support.function.permission.smack"],
    ["App System - wat", "wat", "support.function.permission.smack"],
    ["App System zz", "zz", "source.smack"],
  ],
};

for (const [language, cases] of Object.entries(CASES)) {
  test(`grammar of ${language}`, async (t) => {
    const loaded = await load(language);
    for (const [text, part, scope] of cases) {
      await t.test(`${part} in ${text}`, () => {
        assert.equal(scopeAt(loaded, text, part), scope);
      });
    }
  });
}

test("a grammar that names a missing piece is refused", () => {
  assert.throws(() => grammar("pieces: {}\nwords: {}\npatterns: ['{{gone}}']"), /no such piece/);
});
