import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";

type Tree = { [key: string]: string | Tree };

const SOURCE = join(__dirname, "../src");
const LANGUAGES = ["en", "zh-CN"];

function leaves(tree: Tree, prefix = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === "string") found.set(prefix + key, value);
    else for (const [k, v] of leaves(value, `${prefix}${key}.`)) found.set(k, v);
  }
  return found;
}

/** "namespace:key" → text. */
function locale(language: string): Map<string, string> {
  const folder = join(SOURCE, "locales", language);
  return new Map(
    readdirSync(folder).flatMap((file) => {
      const tree = JSON.parse(readFileSync(join(folder, file), "utf8")) as Tree;
      return [...leaves(tree)].map(([key, text]) => [`${basename(file, ".json")}:${key}`, text] as const);
    }),
  );
}

function sources(folder: string): [string, string][] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.tsx?$/.test(entry.name) && !entry.name.endsWith(".d.ts") ? [[path, readFileSync(path, "utf8")] as [string, string]] : [];
  });
}

/**
 * The keys a file uses. A key without "namespace:" belongs to the namespace of the file's useTranslation("…"), else to common.
 * Whole keys are those in t("…") and key strings like "state.held" chosen beforehand; prefixes are those of t(`event.${…}`).
 */
function uses(code: string, known: Map<string, string>): { whole: string[]; prefixes: string[] } {
  const own = [...code.matchAll(/useTranslation\(\[?\s*"([\w-]+)"/g)].map((match) => match[1]!);
  const spaces = [...new Set([...own, "common"])];
  const placed = (key: string, exists: (full: string) => boolean): string =>
    key.includes(":") ? key : (spaces.map((space) => `${space}:${key}`).find(exists) ?? `${spaces[0]}:${key}`);
  const asked = [...code.matchAll(/\bt\(\s*(?:[^()"`]*\?\s*)?"([\w.:-]+)"/g)].map((match) => match[1]!);
  const strings = [...code.matchAll(/"([\w-]+:?[\w-]+(?:\.[\w-]+)+)"/g)].map((match) => match[1]!);
  const whole = [
    ...asked.filter((key) => key.includes(".") || key.includes(":")).map((key) => placed(key, (full) => known.has(full))),
    ...strings.flatMap((key) => [key, ...spaces.map((space) => `${space}:${key}`)]).filter((full) => known.has(full)),
  ];
  const prefixes = [...code.matchAll(/`([\w-]+:?[\w.-]*\.)\$\{/g)]
    .map((match) => placed(match[1]!, (full) => [...known.keys()].some((key) => key.startsWith(full))))
    .filter((full) => [...known.keys()].some((key) => key.startsWith(full)));
  return { whole, prefixes };
}

/** Kinds of events that a contact writes into its history. */
function noted(folder: string): string[] {
  const code = readdirSync(folder).filter((file) => file.endsWith(".py")).map((file) => readFileSync(join(folder, file), "utf8"));
  return code.flatMap((text) => [...text.matchAll(/\.note\(\s*"([a-z_.]+)"/g)].map((match) => match[1]!));
}

const english = locale("en");
const chinese = locale("zh-CN");
const holes = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]).sort();

describe("locales", () => {
  it("are one file per namespace in both languages", () => {
    const [en, zh] = LANGUAGES.map((language) => readdirSync(join(SOURCE, "locales", language)).sort());
    expect(zh).toEqual(en);
  });
  it("have the same keys", () => {
    expect([...chinese.keys()].filter((key) => !english.has(key)), "only in Chinese").toEqual([]);
    expect([...english.keys()].filter((key) => !chinese.has(key)), "only in English").toEqual([]);
  });
  it("have no empty text, and the same placeholders", () => {
    for (const [key, text] of english) {
      expect(text.trim(), key).not.toBe("");
      expect(chinese.get(key)?.trim(), key).not.toBe("");
      expect([...new Set(holes(chinese.get(key) ?? ""))], key).toEqual([...new Set(holes(text))]);
    }
  });
  it("Chinese texts are Chinese", () => {
    for (const [key, text] of chinese) if (/[A-Za-z]/.test(english.get(key) ?? "")) expect(text, key).toMatch(/[\u4e00-\u9fff]/);
  });
  it("hold every key that the pages use, and none that no page uses", () => {
    const absent: string[] = [];
    const used = new Set<string>();
    const families = new Set<string>();
    for (const [path, code] of sources(SOURCE)) {
      const { whole, prefixes } = uses(code, english);
      for (const key of whole) {
        used.add(key);
        if (!english.has(key)) absent.push(`${path}: ${key}`);
      }
      for (const prefix of prefixes) families.add(prefix);
    }
    expect(absent).toEqual([]);
    expect(used.size).toBeGreaterThan(60);
    const surplus = [...english.keys()].filter((key) => !used.has(key) && ![...families].some((prefix) => key.startsWith(prefix)));
    expect(surplus, "in the files, but in no page").toEqual([]);
  });
  it("have a sentence for everything that is noted of a contact", () => {
    const kinds = noted(join(__dirname, "../../server/calls"));
    expect(kinds.length).toBeGreaterThan(30);
    const told = [...new Set(kinds)].filter((kind) => kind !== "turn.ledger"); // that is a table
    expect(told.filter((kind) => !english.has(`history:event.${kind}`))).toEqual([]);
  });
  it("finds a key that is absent", () => {
    const found = uses('const { t } = useTranslation("caller");\nt("caller.nowhere"); t(on ? "caller.mute" : "x"); t(`state.${name}`)', english);
    expect(found.whole).toContain("caller:caller.nowhere");
    expect(found.whole).toContain("caller:caller.mute");
    expect(found.prefixes).toContain("caller:state.");
  });
});
