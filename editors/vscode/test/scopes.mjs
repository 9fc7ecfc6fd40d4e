// Prints the scopes that a grammar gives to files, as JSON: for each file its lines, each a list of
// [first column, column behind the last, scopes...].
//
//   node test/scopes.mjs LANGUAGE FILE...

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import oniguruma from "vscode-oniguruma";
import textmate from "vscode-textmate";

const here = new URL("..", import.meta.url);

/** The grammar of a language, as built into dist/. */
export async function load(language) {
  const wasm = createRequire(import.meta.url).resolve("vscode-oniguruma/release/onig.wasm");
  await oniguruma.loadWASM(await readFile(wasm));
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async (scope) => {
      const path = new URL(`dist/${scope.replace("source.", "")}.tmLanguage.json`, here);
      return textmate.parseRawGrammar(await readFile(path, "utf8"), path.pathname);
    },
  });
  return registry.loadGrammar(`source.${language}`);
}

/** The scopes of a text, line by line. */
export function scopes(grammar, text) {
  let state = textmate.INITIAL;
  return text.split(/\r?\n/).map((line) => {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
    state = ruleStack;
    return tokens.map(({ startIndex, endIndex, scopes }) => [startIndex, endIndex, ...scopes]);
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [language, ...files] = process.argv.slice(2);
  const grammar = await load(language);
  const found = {};
  for (const file of files) found[file] = scopes(grammar, await readFile(file, "latin1"));
  console.log(JSON.stringify(found));
}
