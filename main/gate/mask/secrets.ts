/** Keys, tokens and password hashes that say themselves what they are; and those that only look like it. */

/** By the prefixes that their issuers document, so that scanners can find them. */
const PREFIXED: readonly (readonly [form: string, pattern: RegExp])[] = [
  ['AWS access key id', /^(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}$/],
  ['GitHub token', /^(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_\w{22,255})$/],
  ['GitLab token', /^glpat-[\w-]{20,255}$/],
  ['Slack token', /^xox[abeoprs]-[\w-]{10,255}$/],
  ['Stripe key', /^[rs]k_(?:live|test)_[A-Za-z0-9]{16,255}$|^whsec_[A-Za-z0-9+/=]{24,255}$/],
  ['Google API key', /^AIza[\w-]{35}$/],
  ['API key', /^sk-[\w-]{20,255}$/],
  ['private key', /^-----BEGIN (?:[A-Z]{2,12} ){0,3}PRIVATE KEY-----/],
  ['bcrypt hash', /^\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}$/],
  ['argon2 hash', /^\$argon2(?:id|i|d)\$v=\d+\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$/],
  [
    'password hash',
    /^(?:\$(?:1|5|6|7|y|scrypt|pbkdf2(?:-sha\d+)?)\$[^\s$]{1,64}\$|pbkdf2_sha\d+\$\d+\$|\{S?SHA\d*\}[A-Za-z0-9+/=]{20,}$)/,
  ],
  ['SCRAM verifier', /^SCRAM-SHA-256\$\d+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$/],
];

/** RFC 7519: three base64url parts of which the first is a JSON header with an algorithm. */
function isJwt(value: string): boolean {
  const [header, payload, , more] = value.split('.', 4);
  if (header === undefined || payload === undefined || more !== undefined || !value.startsWith('ey')) return false;
  if (!/^[\w-]+\.[\w-]*\.[\w-]*$/.test(value)) return false;
  try {
    const decoded: unknown = JSON.parse(Buffer.from(header, 'base64url').toString());
    return typeof decoded === 'object' && decoded !== null && 'alg' in decoded;
  } catch {
    return false;
  }
}

/** How all of them begin: one look instead of a dozen. */
const BEGINNING = /^(?:A[KSBCI]|g[hpousrl]|x|[rs]k|wh|-----|\$|pbkdf2|\{|SCRAM|ey)/;

/** Which of them a value is; undefined for none. */
export function secretOf(value: string): string | undefined {
  if (!BEGINNING.test(value)) return undefined;
  for (const [form, pattern] of PREFIXED) if (pattern.test(value)) return form;
  return isJwt(value) ? 'JSON Web Token' : undefined;
}

const RANDOM_LENGTH = { least: 20, most: 256 };
/** Bits a character: English words have below 3.5 over such a length, random base 64 above 4. */
const ENTROPY = 3.6;

/**
 * One run of letters and digits that nobody makes up by hand. Ids, checksums and encoded text look the same, so that this
 * speaks only where the column's name does too.
 */
export function looksRandom(value: string): boolean {
  if (value.length < RANDOM_LENGTH.least || value.length > RANDOM_LENGTH.most) return false;
  if (!/^[\w+/.=~-]+$/.test(value) || !/\d/.test(value) || !/[A-Za-z]/.test(value)) return false;
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-/i.test(value)) return false;
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length);
  // What n characters can have at most is log2 n; hexadecimal has 4.
  return bits >= Math.min(ENTROPY, Math.log2(value.length) - 0.9);
}
