/**
 * Text for a terminal: control and format characters as `\u{1b}`, so that nothing that a server, a store or a person wrote
 * can act on the terminal or hide what is there (G14). Tabs and line ends stay.
 */
export const printable = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (c) =>
    c === '\t' || c === '\n' ? c : `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`,
  );
