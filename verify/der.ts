/** Distinguished Encoding Rules (ITU-T X.690 §10), as much as time stamps and certificates need; anything else is refused. */
export class NotDer extends Error {
  override readonly name = 'NotDer';
}

/** Universal tags that occur here (X.690 §8), and the constructed context tags [0] and [1]. */
export const TAG = {
  integer: 0x02,
  octets: 0x04,
  null: 0x05,
  oid: 0x06,
  time: 0x18,
  sequence: 0x30,
  set: 0x31,
  context0: 0xa0,
  context1: 0xa1,
  primitive0: 0x80,
} as const;

export interface Value {
  readonly tag: number;
  readonly content: Buffer;
  /** Tag, length and content: what is signed or compared. */
  readonly whole: Buffer;
}

/** Reads values one behind the other. */
export class Der {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Tag of the next value, or undefined at the end. */
  get next(): number | undefined {
    return this.#bytes[this.#at];
  }

  /** The next value, which must have this tag where one is given. */
  take(tag?: number): Value {
    const start = this.#at;
    const found = this.#bytes[start];
    if (found === undefined || (tag !== undefined && found !== tag))
      throw new NotDer('Another kind of value stands here.');
    if ((found & 0x1f) === 0x1f) throw new NotDer('Tags of several bytes are not used here.');
    const { length, from } = this.#length(start + 1);
    const to = from + length;
    if (to > this.#bytes.length) throw new NotDer('A value is longer than what holds it.');
    this.#at = to;
    return { tag: found, content: this.#bytes.subarray(from, to), whole: this.#bytes.subarray(start, to) };
  }

  /** A reader of the values in the next one. */
  into(tag: number): Der {
    return new Der(this.take(tag).content);
  }

  /** The next value when it has this tag, or undefined. */
  maybe(tag: number): Value | undefined {
    return this.next === tag ? this.take(tag) : undefined;
  }

  end(): void {
    if (!this.done) throw new NotDer('More follows than belongs here.');
  }

  #length(at: number): { readonly length: number; readonly from: number } {
    const first = this.#bytes[at];
    if (first === undefined || first === 0x80 || first > 0x84) throw new NotDer('A length is not in definite form.');
    if (first < 0x80) return { length: first, from: at + 1 };
    const count = first & 0x7f;
    if (at + 1 + count > this.#bytes.length) throw new NotDer('A length is cut.');
    const length = this.#bytes.readUIntBE(at + 1, count);
    if (length < 0x80 || length < 256 ** (count - 1)) throw new NotDer('A length is not in its shortest form.');
    return { length, from: at + 1 + count };
  }
}

/** An object identifier in dots. */
export function oid(value: Value): string {
  if (value.tag !== TAG.oid || value.content.length === 0) throw new NotDer('This is no object identifier.');
  const arcs: bigint[] = [];
  let arc = 0n;
  for (const byte of value.content) {
    arc = (arc << 7n) | BigInt(byte & 0x7f);
    if (byte >= 0x80) continue;
    if (arcs.length === 0) {
      const root = arc < 80n ? arc / 40n : 2n;
      arcs.push(root, arc - root * 40n);
    } else arcs.push(arc);
    arc = 0n;
  }
  return arcs.join('.');
}

/** The object identifier of an AlgorithmIdentifier that has no parameters, or NULL. */
export function algorithm(value: Der): string {
  const name = oid(value.take(TAG.oid));
  const parameters = value.maybe(TAG.null);
  if (parameters !== undefined && parameters.content.length > 0) throw new NotDer('NULL has content.');
  value.end();
  return name;
}

/** GeneralizedTime in UTC (RFC 3161 §2.4.2): ms since 1970. */
export function time(value: Value): number {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d*[1-9])?Z$/.exec(value.content.toString('latin1'));
  if (value.tag !== TAG.time || parts === null) throw new NotDer('This is no time in UTC.');
  const [, year, month, day, hour, minute, second, fraction = ''] = parts;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(ms)) throw new NotDer('There is no such time.');
  return ms + Math.floor(Number(`0${fraction}`) * 1000);
}
