// The client of `lsmc server`: starts it with the user's settings, and has two commands of its own.

import * as vscode from "vscode";
import {
  LanguageClient,
  type LanguageClientOptions,
  type Location,
  type Position,
} from "vscode-languageclient/node";
import { LANGUAGES, serverSettings } from "./settings.js";

const SCHEME = "lsmc";
/** The command by which the server has places shown, as those that include a file. */
const SHOW_REFERENCES = "lsmc.showReferences";

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const explanations = new Explanations();
  context.subscriptions.push(
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, explanations),
    vscode.commands.registerCommand("lsmc.restart", restart),
    vscode.commands.registerTextEditorCommand("lsmc.explainLine", (editor) => {
      void explainLine(editor, explanations);
    }),
    vscode.commands.registerCommand(SHOW_REFERENCES, showReferences),
    vscode.workspace.onDidChangeConfiguration((change) => void configurationChanged(change)),
  );
  await start();
}

export async function deactivate(): Promise<void> {
  const ended = client;
  client = undefined;
  await ended?.stop();
}

async function start(): Promise<void> {
  const configuration = vscode.workspace.getConfiguration("lsmc");
  const command = configuration.get<string>("path", "lsmc");
  const options: LanguageClientOptions = {
    documentSelector: LANGUAGES.map((language) => ({ scheme: "file", language })),
    initializationOptions: told(configuration),
  };
  client = new LanguageClient("lsmc", "lsmc", { command, args: ["server"] }, options);
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    await offerSettings(command, error);
  }
}

async function restart(): Promise<void> {
  await deactivate();
  await start();
}

async function configurationChanged(change: vscode.ConfigurationChangeEvent): Promise<void> {
  if (change.affectsConfiguration("lsmc.path")) {
    await restart();
  } else if (change.affectsConfiguration("lsmc")) {
    const lsmc = told(vscode.workspace.getConfiguration("lsmc"));
    await client?.sendNotification("workspace/didChangeConfiguration", { settings: { lsmc } });
  }
}

/** What the server is told: the user's settings, and what this editor can do. */
function told(configuration: vscode.WorkspaceConfiguration): Record<string, unknown> {
  return { ...serverSettings(configuration), showReferences: SHOW_REFERENCES };
}

async function showReferences(uri: string, at: Position, places: Location[]): Promise<void> {
  const converter = client?.protocol2CodeConverter;
  if (converter === undefined) return;
  await vscode.commands.executeCommand(
    "editor.action.showReferences",
    converter.asUri(uri),
    converter.asPosition(at),
    places.map((one) => converter.asLocation(one)),
  );
}

/** Tell that the server did not start, and what to do. */
async function offerSettings(command: string, error: unknown): Promise<void> {
  const reason = error instanceof Error ? error.message : String(error);
  const open = "Open settings";
  const chosen = await vscode.window.showErrorMessage(
    `\`${command} server\` does not start: ${reason}. Install lsmc with its server ` +
      "(pip install 'lsmc[server]'), or set lsmc.path to the program.",
    open,
  );
  if (chosen === open) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "lsmc.path");
  }
}

/** Show what lsmc knows of the line with the cursor: of its words, each once, then its findings. */
async function explainLine(editor: vscode.TextEditor, explanations: Explanations): Promise<void> {
  const { document, selection } = editor;
  const line = document.lineAt(selection.active.line);
  const words = [...line.text.matchAll(/\S+/g)].map((one) => line.range.start.translate(0, one.index));
  const hovers = await Promise.all(
    words.map((word) =>
      vscode.commands.executeCommand<vscode.Hover[]>(
        "vscode.executeHoverProvider",
        document.uri,
        word,
      ),
    ),
  );
  const findings = vscode.languages
    .getDiagnostics(document.uri)
    .filter((one) => one.range.start.line <= line.lineNumber && line.lineNumber <= one.range.end.line)
    .map((one) => `${codeOf(one)}: ${one.message}`);
  const known = hovers.flat().flatMap(texts).flatMap((text) => text.split(/\n{2,}/));
  const parts = [`\`${line.text.trim()}\``, ...new Set(known), ...findings];
  if (parts.length === 1) {
    void vscode.window.showInformationMessage("lsmc knows nothing of this line.");
    return;
  }
  const uri = explanations.show(parts.join("\n\n"));
  await vscode.commands.executeCommand("markdown.showPreviewToSide", uri);
}

function codeOf(diagnostic: vscode.Diagnostic): string {
  const { code } = diagnostic;
  return String(typeof code === "object" ? code.value : (code ?? diagnostic.source));
}

function texts(hover: vscode.Hover): string[] {
  return hover.contents.flatMap((one) => (one instanceof vscode.MarkdownString ? [one.value] : []));
}

/** The document that shows the last explanation. */
class Explanations implements vscode.TextDocumentContentProvider {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly uri = vscode.Uri.parse(`${SCHEME}:explanation.md`);
  private text = "";
  readonly onDidChange = this.changed.event;

  show(text: string): vscode.Uri {
    this.text = text;
    this.changed.fire(this.uri);
    return this.uri;
  }

  provideTextDocumentContent(): string {
    return this.text;
  }
}
