/**
 * Exact decimal arithmetic on the text a server sends for numbers: `units` scaled by ten to the `scale`. int8 and
 * numeric never pass through a double, so 9007199254740993 stays what it is.
 */
export interface Decimal {
  readonly units: bigint;
  /** Digits after the point, not negative. */
  readonly scale: number;
}

const decimalText = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;
/** PostgreSQL's numeric holds up to 131,072 digits before and 16,383 after the point; a sum of those helps nobody. */
const MAX_DIGITS = 2000;

export const zero: Decimal = { units: 0n, scale: 0 };

/** Reads a plain or exponent number; null for anything else (NaN, Infinity, text, numbers over 2,000 digits). */
export function parseDecimal(text: string): Decimal | null {
  if (text.length > MAX_DIGITS) return null;
  const match = decimalText.exec(text);
  if (match === null) return null;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  if (whole === '' && fraction === '') return null;
  const scale = fraction.length - Number(exponent);
  if (Math.abs(scale) > MAX_DIGITS) return null;
  const units = BigInt(`${sign === '-' ? '-' : ''}${whole}${fraction}`);
  return scale < 0 ? { units: units * 10n ** BigInt(-scale), scale: 0 } : { units, scale };
}

const unitsAt = (value: Decimal, scale: number): bigint =>
  scale === value.scale ? value.units : value.units * 10n ** BigInt(scale - value.scale);

export function addDecimal(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  return { units: unitsAt(a, scale) + unitsAt(b, scale), scale };
}

export function compareDecimal(a: Decimal, b: Decimal): number {
  const scale = Math.max(a.scale, b.scale);
  const difference = unitsAt(a, scale) - unitsAt(b, scale);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** `value / count` with at least four more digits, rounded half away from zero; `exact` when nothing was rounded off. */
export function divideDecimal(value: Decimal, count: number): { readonly quotient: Decimal; readonly exact: boolean } {
  const scale = value.scale + 4;
  const dividend = unitsAt(value, scale);
  const divisor = BigInt(count);
  const rest = dividend % divisor;
  const truncated = dividend / divisor;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  const step = dividend < 0n ? -1n : 1n;
  return { quotient: { units: twice >= divisor ? truncated + step : truncated, scale }, exact: rest === 0n };
}

/** Thousands separated, all digits of the scale kept unless `trim`. */
export function formatDecimal(value: Decimal, trim = false): string {
  const negative = value.units < 0n;
  const digits = (negative ? -value.units : value.units).toString().padStart(value.scale + 1, '0');
  const whole = digits.slice(0, digits.length - value.scale).replace(/\B(?=(\d{3})+$)/g, ',');
  const fraction = digits.slice(digits.length - value.scale);
  const kept = trim ? fraction.replace(/0+$/, '') : fraction;
  return `${negative ? '-' : ''}${whole}${kept === '' ? '' : `.${kept}`}`;
}
