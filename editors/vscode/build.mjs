// Writes dist/: the extension in one file, and the grammars as JSON.

import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { parse } from "yaml";

/** The grammar of a source file: `pieces` and `words` are put where they are named. */
export function grammar(text) {
  const { pieces, words, ...rest } = parse(text, { schema: "failsafe" });
  const fill = (value) =>
    value.replace(/\{\{(words\.)?(\w+)\}\}/g, (whole, ofWords, name) => {
      if (ofWords && words[name]) return `(?:${words[name].map(escape).join("|")})`;
      if (!ofWords && pieces[name]) return fill(pieces[name]);
      throw new Error(`no such piece: ${whole}`);
    });
  return JSON.parse(JSON.stringify(rest), (_, value) =>
    typeof value === "string" ? fill(value) : value,
  );
}

function escape(word) {
  return word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** The licences of the packages whose files are in the bundle. */
async function notices(inputs) {
  const names = new Set(
    inputs.map((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[0]).filter(Boolean),
  );
  const parts = [...names].sort().map(async (folder) => {
    const { name, version } = JSON.parse(await readFile(`${folder}/package.json`, "utf8"));
    const file = (await readdir(folder)).find((one) => /^licen[cs]e/i.test(one));
    return `${name} ${version}\n\n${await readFile(`${folder}/${file}`, "utf8")}`;
  });
  return (await Promise.all(parts)).join(`\n${"-".repeat(72)}\n\n`);
}

async function main() {
  await mkdir("dist", { recursive: true });
  for (const file of await readdir("syntaxes")) {
    const json = JSON.stringify(grammar(await readFile(`syntaxes/${file}`, "utf8")), null, 1);
    await writeFile(`dist/${basename(file, ".yaml")}.tmLanguage.json`, json);
  }
  const { metafile } = await build({
    entryPoints: ["src/extension.ts"],
    outfile: "dist/extension.js",
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    external: ["vscode"],
    minify: true,
    legalComments: "none",
    metafile: true,
  });
  await writeFile("dist/NOTICES.txt", await notices(Object.keys(metafile.inputs)));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main();
