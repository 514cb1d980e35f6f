/**
 * Markdown whose fenced blocks are lines of inline code: Monaco would colour a block by writing markup, which this window lets no
 * part do that does not have to (state/trusted-types.ts).
 */
export function withoutFences(markdown: string): string {
  let fenced = false;
  return markdown
    .split('\n')
    .flatMap((line) => {
      if (/^\s*(```|~~~)/.test(line)) {
        fenced = !fenced;
        return [];
      }
      if (!fenced) return [line];
      // Two spaces break the line; a backtick inside needs two around.
      return [line.trim() === '' ? '' : `\`\` ${line.trim()} \`\`  `];
    })
    .join('\n');
}
