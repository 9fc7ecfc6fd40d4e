// The bundle can be loaded, the manifest and the code agree.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import Module from "node:module";
import { test } from "node:test";

const require = createRequire(import.meta.url);
const manifest = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
const properties = manifest.contributes.configuration.properties;

/** Something that can be called, extended and looked into without end, in place of the editor. */
const anything = new Proxy(class {}, {
  get: (target, name) => (name in target || typeof name === "symbol" ? target[name] : anything),
});

test("the bundle loads and has what an editor calls", () => {
  const load = Module._load;
  Module._load = (name, ...more) => (name === "vscode" ? anything : load(name, ...more));
  try {
    const extension = require("../dist/extension.js");
    assert.equal(typeof extension.activate, "function");
    assert.equal(typeof extension.deactivate, "function");
  } finally {
    Module._load = load;
  }
});

test("each setting of the manifest is the server's or the client's own", async () => {
  const source = await readFile(new URL("../src/settings.ts", import.meta.url), "utf8");
  const list = /SERVER_SETTINGS = \[([^\]]*)\]/.exec(source)[1];
  const taken = [...list.matchAll(/"(\w+)"/g)].map(([, name]) => `lsmc.${name}`);
  assert.deepEqual(
    Object.keys(properties).sort(),
    [...taken, "lsmc.path", "lsmc.trace.server"].sort(),
  );
});

test("each language has a grammar and a configuration", () => {
  const { languages, grammars } = manifest.contributes;
  // The others keep what is theirs among the files below a directory apparmor.d.
  const own = languages.filter((one) => one.configuration);
  assert.deepEqual(
    own.map((one) => one.id),
    grammars.map((one) => one.language),
  );
  for (const { id, configuration } of own) {
    assert.equal(typeof require(`../${configuration}`), "object", id);
  }
});
