// The sheet's classes by name, so that a misspelt one is an error.
declare const css: Readonly<Record<
  | "banner" | "bar" | "body" | "card" | "channel" | "choices" | "column" | "comfort" | "composer" | "consult" | "contact"
  | "curve" | "dot" | "doubt" | "emotion" | "end" | "facts" | "fold" | "grow" | "keys" | "late" | "line" | "mark" | "measure" | "more"
  | "name" | "nothing" | "offer" | "option" | "options" | "page" | "pane" | "paneHead" | "panel" | "panes" | "parties" | "party" | "pill"
  | "roster" | "search" | "section" | "side" | "soft" | "soon" | "strip" | "suggestion" | "tab" | "tabs" | "time" | "tool" | "top"
  | "words" | "wrap",
  string
>>;
export default css;
