/** Why a label was given, in the reader's language: the server says it in English sentences of a few known shapes. */

type Translate = (key: string, values?: Record<string, unknown>) => string;

/** Shapes of sentences → key under "evidence" and the names of the groups; thing, label and than are words of their own. */
const SHAPES: [RegExp, string][] = [
  [/^(?<thing>[a-z ]+) (?<sigma>[\d.]+) σ above (?<than>.+)$/, "above"],
  [/^(?<thing>[a-z ]+) (?<sigma>[\d.]+) σ below (?<than>.+)$/, "below"],
  [/^(?<percent>\d+) % faster than (?<than>.+)$/, "faster"],
  [/^(?<percent>\d+) % slower than (?<than>.+)$/, "slower"],
  [/^unsure: (?<label>\w+) at (?<percent>\d+) ?% is the likeliest$/, "unsure"],
  [/^kind words, but the voice is not/, "sarcasm"],
  [/^the voice is upset, the words are not$/, "tone_worse"],
  [/^hard words, said in a friendly voice$/, "tone_better"],
  [/^neither voice nor words are clear enough/, "unclear"],
  [/^after (?<count>\d+) failed steps?$/, "failed"],
  [/^asked (?<count>\d+) times$/, "asked"],
  [/^passed on (?<count>\d+) times?$/, "passed"],
  [/^waited (?<count>\d+) minutes$/, "waited"],
  [/^the request has just been met$/, "solved"],
  [/^the words sound (?<label>\w+)(?:: (?<cues>.+))?$/, "sound"],
  [/^(the words say little|no words to go by)$/, "little"],
  [/^no voice to go by, and words that say little$/, "nothing"],
  [/^nothing was heard that could be judged$/, "nothing"],
  [/^(no voiced speech|silence|no audio|too short)$/, "silent"],
  [/^(a tone, not a voice|sounds like music or noise, not like a voice)$/, "noise"],
  [/^clipped: (?<percent>\d+)% of the samples are cut off$/, "clipped"],
  [/^only (?<ms>\d+) ms of voiced speech$/, "short"],
];

/** One sentence; those of no known shape stay as they are. */
export function evidence(sentence: string, t: Translate): string {
  for (const [shape, key] of SHAPES) {
    const found = shape.exec(sentence);
    if (!found) continue;
    const values = { ...found.groups };
    const word = (kind: string, name: string | undefined) =>
      name === undefined ? "" : t(`history:evidence.${kind}.${name.replaceAll(" ", "_").replaceAll("'", "")}`, { defaultValue: name });
    return t(`history:evidence.${key}`, {
      ...values,
      thing: word("thing", values["thing"]),
      than: word("than", values["than"]),
      cues: values["cues"] ? ` (${values["cues"]})` : "",
      label: values["label"] === undefined ? "" : t(`emotion.${values["label"]}`),
    });
  }
  return sentence;
}
