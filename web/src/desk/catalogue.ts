/** A title in the reader's language: exact, by its first part, in English, or what else there is. */
export function titleIn(titles: Record<string, string>, language: string, otherwise: string): string {
  const near = Object.keys(titles).find((one) => one.split("-")[0] === language.split("-")[0]);
  return titles[language] ?? (near ? titles[near] : undefined) ?? titles["en"] ?? Object.values(titles)[0] ?? otherwise;
}
