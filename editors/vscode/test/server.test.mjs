// What the extension asks is answered by `lsmc server` itself, which LSMC names (or PATH has).

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout } from "node:timers";
import { fileURLToPath, pathToFileURL } from "node:url";
import protocol from "vscode-languageserver-protocol/node";

const LSMC = process.env.LSMC ?? "lsmc";
const missing = spawnSync(LSMC, ["server", "--help"]).status !== 0 && `needs ${LSMC} server`;

/** Where the sample policy is, with what profiles include. */
const PROFILES = fileURLToPath(new URL("../../../profiles", import.meta.url));
const PROFILE = `abi <abi/4.0>,
profile app /usr/bin/app {
  /etc/app r,
  /etc/app r,
  /etc/é r
}
`;

class Client {
  #log = [];
  #waiting = [];
  #published = new Map();

  constructor(root) {
    this.root = root;
    this.process = spawn(LSMC, ["server"], { stdio: ["pipe", "pipe", "inherit"] });
    this.connection = protocol.createProtocolConnection(
      new protocol.StreamMessageReader(this.process.stdout),
      new protocol.StreamMessageWriter(this.process.stdin),
    );
    this.connection.onNotification(protocol.PublishDiagnosticsNotification.type, (published) => {
      this.#published.set(published.uri, published);
      this.#waiting.forEach((look) => look());
    });
    this.connection.onNotification(protocol.LogMessageNotification.type, ({ message }) => {
      this.#log.push(message);
    });
    this.connection.listen();
  }

  async start(initializationOptions) {
    const { capabilities } = await this.connection.sendRequest(protocol.InitializeRequest.type, {
      processId: process.pid,
      rootUri: pathToFileURL(this.root).href,
      capabilities: {},
      initializationOptions,
    });
    await this.connection.sendNotification(protocol.InitializedNotification.type, {});
    return capabilities;
  }

  async open(name, languageId, text) {
    const path = join(this.root, name);
    await writeFile(path, text);
    const uri = pathToFileURL(path).href;
    const textDocument = { uri, languageId, version: 1, text };
    await this.connection.sendNotification(protocol.DidOpenTextDocumentNotification.type, {
      textDocument,
    });
    return uri;
  }

  async change(uri, version, ...contentChanges) {
    const textDocument = { uri, version };
    await this.connection.sendNotification(protocol.DidChangeTextDocumentNotification.type, {
      textDocument,
      contentChanges,
    });
  }

  published(uri) {
    return this.#published.get(uri);
  }

  /** The codes of the findings of a document, as soon as they are as expected. */
  codes(uri, expected) {
    return new Promise((resolve, reject) => {
      const look = () => {
        const codes = this.#published.get(uri)?.diagnostics.map((one) => one.code).sort();
        if (codes && expected(codes)) resolve(codes);
      };
      const told = () => JSON.stringify([this.#published.get(uri), ...this.#log]);
      setTimeout(() => reject(new Error(`published and logged: ${told()}`)), 30_000).unref();
      this.#waiting.push(look);
      look();
    });
  }

  async stop() {
    await this.connection.sendRequest(protocol.ShutdownRequest.type);
    await this.connection.sendNotification(protocol.ExitNotification.type);
    return new Promise((resolve) => this.process.on("exit", resolve));
  }
}

let client, capabilities, root, uri;

before(async () => {
  if (missing) return;
  root = await mkdtemp(join(tmpdir(), "lsmc-"));
  client = new Client(root);
  capabilities = await client.start({ base: PROFILES });
  uri = await client.open("app", "apparmor", PROFILE);
});

after(async () => {
  if (root) await rm(root, { recursive: true });
});

test("findings of an open document", { skip: missing }, async () => {
  const codes = await client.codes(uri, (found) => found.includes("LSM001"));
  assert.ok(codes.includes("LSM104"), String(codes));
});

test("a change in UTF-16 columns, and findings that go", { skip: missing }, async () => {
  assert.ok(capabilities.textDocumentSync);
  const place = { line: 4, character: 10 };
  await client.change(uri, 2, { range: { start: place, end: place }, text: "," });
  await client.codes(uri, (found) => !found.includes("LSM001"));
});

const GOOD = `abi <abi/4.0>,
include <tunables/global>
profile good /usr/bin/good {
  include <abstractions/base>
  capability kill,
     /etc/good    r,
}
`;

test("what an editor asks of a profile", { skip: missing }, async (t) => {
  const textDocument = { uri: await client.open("good", "apparmor", GOOD) };
  const ask = (request, more) => client.connection.sendRequest(request.type, { textDocument, ...more });
  const at = (line, character) => ({ position: { line, character } });
  await client.codes(textDocument.uri, () => true);
  await t.test("hover", async () => {
    const { contents } = await ask(protocol.HoverRequest, at(4, 14));
    assert.match(contents.value, /signals/);
  });
  await t.test("completion", async () => {
    const found = await ask(protocol.CompletionRequest, at(4, 15));
    assert.ok((found.items ?? found).some((one) => one.label === "kill"));
  });
  await t.test("where an include is", async () => {
    const [place] = [await ask(protocol.DefinitionRequest, at(3, 15))].flat();
    assert.match(place.uri ?? place.targetUri, /abstractions\/base$/);
  });
  await t.test("layout", async () => {
    const options = { tabSize: 2, insertSpaces: true };
    const edits = await ask(protocol.DocumentFormattingRequest, { options });
    assert.ok(edits.length > 0);
  });
  await t.test("outline", async () => {
    const symbols = await ask(protocol.DocumentSymbolRequest, {});
    assert.ok(symbols.some((one) => one.name.includes("good")));
  });
});

test("fixes", { skip: missing }, async () => {
  const textDocument = { uri };
  const place = { line: 3, character: 4 };
  const actions = await client.connection.sendRequest(protocol.CodeActionRequest.type, {
    textDocument,
    range: { start: place, end: place },
    context: { diagnostics: client.published(uri).diagnostics },
  });
  assert.ok(actions.some((one) => one.kind?.startsWith("quickfix")), JSON.stringify(actions));
});

test("settings that change", { skip: missing }, async () => {
  const settings = { lsmc: { base: PROFILES, select: ["LSM001"] } };
  await client.connection.sendNotification("workspace/didChangeConfiguration", { settings });
  await client.codes(uri, (found) => found.length === 0);
});

for (const [name, language, text] of [
  ["x.cil", "cil", "(type a"],
  ["domain_policy.conf", "tomoyo", "<kernel>\nuse_profile 0\nfile raed /x\n"],
  ["x.smack", "smack", "A B\n"],
]) {
  test(`findings in ${language}`, { skip: missing }, async () => {
    const settings = { lsmc: {} };
    await client.connection.sendNotification("workspace/didChangeConfiguration", { settings });
    const opened = await client.open(name, language, text);
    await client.codes(opened, (found) => found.length > 0);
  });
}

test("the server ends with the conversation", { skip: missing }, async () => {
  assert.equal(await client.stop(), 0);
});
