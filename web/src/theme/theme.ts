/** Mantine in our colours. The brand's orange is `warm`; `gray` and `dark` are tuned so that dimmed text keeps 4.5:1. */

import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

const warm: MantineColorsTuple = [
  "#fff7f0", "#fdeee5", "#fbd6bf", "#f7b48d", "#f2824a", "#ea5f17", "#d64c0b", "#c2410c", "#9a3412", "#7c2d12",
];
const gray: MantineColorsTuple = [
  "#f4f5f8", "#eceef3", "#e3e6ed", "#dde1e9", "#c5ccd8", "#6b7688", "#596273", "#454d5c", "#2d3441", "#181c25",
];
const dark: MantineColorsTuple = [
  "#e8ebf1", "#b8c1d0", "#9aa5b8", "#8592a6", "#2d3441", "#222834", "#191d25", "#101318", "#0b0d11", "#07080b",
];

export const theme = createTheme({
  colors: { warm, gray, dark },
  primaryColor: "warm",
  primaryShade: 7, // in the dark too: white letters are readable on it, and which letters go on it is decided for the light
  autoContrast: true,
  luminanceThreshold: 0.3,
  black: "#181c25",
  fontFamily: "var(--wl-font)",
  headings: { fontFamily: "var(--wl-font)", fontWeight: "650" },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
});

/** Cards lie on paper: in the dark they are lighter than it. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: { "--mantine-color-anchor": "#b43a09", "--mantine-color-warm-light-color": "#9a3412" },
  dark: { "--mantine-color-body": "#191d25", "--mantine-color-anchor": "#f2824a" },
});
