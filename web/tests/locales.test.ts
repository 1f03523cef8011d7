import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import i18next from "i18next";
import en from "../src/locales/en.json";
import zhCN from "../src/locales/zh-CN.json";

type Tree = { [key: string]: string | Tree };

function leaves(tree: Tree, prefix = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === "string") found.set(prefix + key, value);
    else for (const [k, v] of leaves(value, `${prefix}${key}.`)) found.set(k, v);
  }
  return found;
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.tsx?$/.test(entry.name) ? [readFileSync(path, "utf8")] : [];
  });
}

const english = leaves(en);
const chinese = leaves(zhCN);
const holes = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]).sort();

describe("locales", () => {
  it("have the same keys", () => {
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort());
  });
  it("have no empty text, and the same placeholders", () => {
    for (const [key, text] of english) {
      expect(text.trim(), key).not.toBe("");
      expect(chinese.get(key)?.trim(), key).not.toBe("");
      expect(holes(chinese.get(key) ?? ""), key).toEqual(holes(text));
    }
  });
  it("Chinese texts are Chinese", () => {
    for (const [key, text] of chinese) expect(text, key).toMatch(/[\u4e00-\u9fff]/);
  });
  it("hold every key that the pages use", async () => {
    const i18n = i18next.createInstance();
    await i18n.init({ lng: "en", showSupportNotice: false, resources: { en: { translation: en } } });
    const code = sources(join(__dirname, "../src")).join("\n");
    const used = new Set([...code.matchAll(/\bt\(\s*"([\w.-]+)"/g)].map((match) => match[1]!));
    for (const match of code.matchAll(/[?:]\s*"((?:agent|state|error|list|caller|conversation)\.[\w.-]+)"/g)) used.add(match[1]!);
    expect(used.size).toBeGreaterThan(60);
    for (const key of used) expect(i18n.exists(key), key).toBe(true);
    for (const family of ["event.queue.accepted", "emotion.angry", "agent.status.not_responding", "stage.dialog"]) {
      expect(i18n.exists(family), family).toBe(true);
    }
  });
});
