/** Letters and digits that a reason has at least. */
const FEWEST = 3;

/**
 * What a person gave as the reason, on one line and without what nobody can see (Unicode Default_Ignorable_Code_Point, which
 * holds letters, too, such as U+3164). Undefined where nothing is left that could be one.
 */
export function reasonIn(text: string | undefined): string | undefined {
  const seen = (text ?? '')
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/[\p{DI}\p{Cf}\p{Cs}]/gu, '')
    .replaceAll(/\p{Z}+/gu, ' ')
    .trim();
  return (seen.match(/[\p{L}\p{N}]/gu)?.length ?? 0) < FEWEST ? undefined : seen;
}
