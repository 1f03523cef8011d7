/** Two languages, one file per namespace and language under `locales/`, loaded when a page first needs it. */

import i18next, { type BackendModule, type ResourceKey } from "i18next";
import { initReactI18next } from "react-i18next";

export const LANGUAGES = { en: "English", "zh-CN": "中文" } as const;
export type Language = keyof typeof LANGUAGES;

const KEY = "warmline.language";
const files = import.meta.glob<{ default: ResourceKey }>("./locales/*/*.json");

function preferred(): Language {
  const chosen = window.localStorage.getItem(KEY);
  if (chosen === "en" || chosen === "zh-CN") return chosen;
  return navigator.languages.find((one) => /^(zh|en)/.test(one))?.startsWith("zh") ? "zh-CN" : "en";
}

/** Switch the page's language and remember it. */
export function setLanguage(language: Language): void {
  window.localStorage.setItem(KEY, language);
  void i18next.changeLanguage(language);
}

const bundled: BackendModule = {
  type: "backend",
  init: () => undefined,
  read: (language, namespace, done) => {
    const load = files[`./locales/${language}/${namespace}.json`];
    if (!load) return done(new Error(`there is no ${language}/${namespace}.json`), null);
    load().then(
      (file) => done(null, file.default),
      (error: unknown) => done(error instanceof Error ? error : new Error(String(error)), null),
    );
  },
};

void i18next
  .use(bundled)
  .use(initReactI18next)
  .init({
    lng: preferred(),
    fallbackLng: false, // a test holds both languages complete
    supportedLngs: Object.keys(LANGUAGES),
    ns: ["common"],
    defaultNS: "common",
    fallbackNS: "common",
    interpolation: { escapeValue: false }, // React escapes
    showSupportNotice: false,
  });
const mark = () => (document.documentElement.lang = i18next.language);
mark();
i18next.on("languageChanged", mark);

export default i18next;
