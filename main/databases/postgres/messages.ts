/** The bodies of the server's messages that are looked into (PostgreSQL protocol 54.7), decoded with every bound checked. */

/** Message types by their letter. */
export const Message = {
  parseComplete: 0x31,
  bindComplete: 0x32,
  closeComplete: 0x33,
  notification: 0x41,
  commandComplete: 0x43,
  dataRow: 0x44,
  error: 0x45,
  emptyQuery: 0x49,
  notice: 0x4e,
  parameterStatus: 0x53,
  rowDescription: 0x54,
  ready: 0x5a,
  noData: 0x6e,
  parameterDescription: 0x74,
} as const;

/** A body that ends too early or says something impossible. */
class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

/** Reads one body front to back; the bytes are copied only where text is made. */
export class BodyReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get left(): number {
    return this.#end - this.#at;
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2));
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  byte(): number {
    return this.#bytes[this.#take(1)] ?? 0;
  }

  /** UTF-8 text up to its terminating NUL. */
  text(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0 || end >= this.#end) throw new MalformedMessage('text without an end');
    const text = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 1;
    return text;
  }

  /** A value of a DataRow: int32 length, -1 for NULL. */
  value(): string | null {
    const length = this.int32();
    if (length === -1) return null;
    if (length < 0) throw new MalformedMessage('value of negative length');
    const at = this.#take(length);
    return this.#bytes.toString('utf8', at, at + length);
  }

  #take(length: number): number {
    const at = this.#at;
    if (at + length > this.#end) throw new MalformedMessage('body ends too early');
    this.#at = at + length;
    return at;
  }
}

/** A column as RowDescription tells it. `tableOid` and `attribute` are 0 where the column is not plainly one of a relation. */
export interface ColumnDescription {
  readonly name: string;
  readonly tableOid: number;
  readonly attribute: number;
  readonly typeOid: number;
  readonly typeModifier: number;
}

export function readRowDescription(body: BodyReader): readonly ColumnDescription[] {
  const columns: ColumnDescription[] = [];
  for (let left = body.int16(); left > 0; left--) {
    const name = body.text();
    const tableOid = body.uint32();
    const attribute = body.int16();
    const typeOid = body.uint32();
    body.int16(); // size of the type
    const typeModifier = body.int32();
    body.int16(); // format: always text before Bind
    columns.push({ name, tableOid, attribute, typeOid, typeModifier });
  }
  return columns;
}

export function readParameterDescription(body: BodyReader): readonly number[] {
  return Array.from({ length: body.int16() }, () => body.uint32());
}

/** The values of a DataRow as text: for the gate's own small queries only; results keep their bytes. */
export function readDataRow(body: BodyReader): (string | null)[] {
  return Array.from({ length: body.int16() }, () => body.value());
}

/** Fields of ErrorResponse or NoticeResponse by their letter (PostgreSQL protocol 54.8). */
export function readFields(body: BodyReader): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (let letter = body.byte(); letter !== 0; letter = body.byte())
    fields.set(String.fromCharCode(letter), body.text());
  return fields;
}
