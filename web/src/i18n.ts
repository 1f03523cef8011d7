import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import en from "./locales/en.json";
import zhCN from "./locales/zh-CN.json";

export const LANGUAGES = { en: "English", "zh-CN": "中文" } as const;
export type Language = keyof typeof LANGUAGES;

const KEY = "warmline.language";

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

void i18next.use(initReactI18next).init({
  lng: preferred(),
  fallbackLng: "en",
  resources: { en: { translation: en }, "zh-CN": { translation: zhCN } },
  interpolation: { escapeValue: false }, // React escapes
  showSupportNotice: false,
});
const mark = () => (document.documentElement.lang = i18next.language);
mark();
i18next.on("languageChanged", mark);

export default i18next;
