// What the user sets, as `lsmc server` takes it.

/** The languages whose documents are sent to the server. */
export const LANGUAGES = ["apparmor", "cil", "tomoyo", "smack"];

/** The settings of the section `lsmc` that the server knows; the others are the extension's own. */
export const SERVER_SETTINGS = [
  "module",
  "base",
  "include",
  "features",
  "target",
  "config",
  "select",
  "extendSelect",
  "ignore",
  "minConfidence",
] as const;

/** Something that holds settings by name. */
export interface Section {
  get(name: string): unknown;
}

/** The server's settings that are set; those at their empty defaults are left to the server. */
export function serverSettings(section: Section): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const name of SERVER_SETTINGS) {
    const value = section.get(name);
    const empty = value === undefined || value === null || value === "";
    if (!empty && !(Array.isArray(value) && value.length === 0)) found[name] = value;
  }
  return found;
}
