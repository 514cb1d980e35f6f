/**
 * Cuts the server's byte stream into messages (PostgreSQL protocol 54.7: one type byte, then a big-endian int32 length
 * that counts itself). A message that lies whole in one chunk is handed on in place, without a copy; one that is split
 * is collected once into a buffer of its final size, so that the cost stays linear however the bytes arrive.
 */

/** Largest message taken: bounds the memory a server can make us hold. */
const MAX_FRAME = 64 * 1024 * 1024;
const HEADER = 5;

/**
 * Takes one message: its type byte and where its body lies. The bytes are valid during the call only. Returning false
 * pauses the reader behind this message until `resume`.
 */
export type FrameHandler = (type: number, bytes: Buffer, start: number, end: number) => boolean;

/** A message longer than is taken. */
export class MessageTooLarge extends RangeError {
  override readonly name = 'MessageTooLarge';
  readonly type: number;
  readonly bytes: number;
  readonly most: number;

  constructor(type: number, bytes: number, most: number) {
    super(`message of ${String(bytes)} bytes`);
    this.type = type;
    this.bytes = bytes;
    this.most = most;
  }
}

export class FrameReader {
  readonly #handler: FrameHandler;
  readonly #limit: number;
  /** Header bytes of a message whose header itself is split. */
  readonly #header = Buffer.alloc(HEADER);
  #headerFilled = 0;
  /** Body of a message that is being collected. */
  #body: Buffer | null = null;
  #bodyFilled = 0;
  #bodyType = 0;
  /** What came behind the message at which the handler paused. */
  #rest: Buffer | null = null;

  constructor(handler: FrameHandler, limit = MAX_FRAME) {
    this.#handler = handler;
    this.#limit = limit;
  }

  /**
   * Reads on. False when the handler paused; then nothing may be pushed before `resume` has returned true.
   * @throws RangeError when a length cannot be right: the stream cannot be understood from there on.
   */
  push(chunk: Buffer): boolean {
    if (this.#rest !== null) throw new Error('pushed while paused');
    let at = 0;
    while (at < chunk.length) {
      if (this.#body !== null) {
        at += this.#collect(this.#body, chunk, at);
        if (this.#bodyFilled < this.#body.length) return true;
        const body = this.#body;
        this.#body = null;
        if (!this.#handler(this.#bodyType, body, 0, body.length)) return this.#pause(chunk, at);
      } else if (this.#headerFilled > 0 || chunk.length - at < HEADER) {
        const taken = chunk.copy(this.#header, this.#headerFilled, at, at + HEADER - this.#headerFilled);
        this.#headerFilled += taken;
        at += taken;
        if (this.#headerFilled < HEADER) return true;
        this.#headerFilled = 0;
        const length = this.#length(this.#header, 0);
        if (length > 0) this.#start(this.#header[0] ?? 0, length);
        else if (!this.#handler(this.#header[0] ?? 0, this.#header, HEADER, HEADER)) return this.#pause(chunk, at);
      } else {
        const start = at + HEADER;
        const end = start + this.#length(chunk, at);
        if (end > chunk.length) {
          this.#start(chunk[at] ?? 0, end - start);
          at = start;
        } else {
          const type = chunk[at] ?? 0;
          at = end;
          if (!this.#handler(type, chunk, start, end)) return this.#pause(chunk, at);
        }
      }
    }
    return true;
  }

  /** Goes on behind the message that paused. False when the handler paused again. */
  resume(): boolean {
    const rest = this.#rest;
    this.#rest = null;
    return rest === null || this.push(rest);
  }

  #pause(chunk: Buffer, at: number): false {
    this.#rest = chunk.subarray(at);
    return false;
  }

  #start(type: number, length: number): void {
    this.#bodyType = type;
    this.#body = Buffer.allocUnsafeSlow(length);
    this.#bodyFilled = 0;
  }

  #collect(body: Buffer, chunk: Buffer, at: number): number {
    const taken = chunk.copy(body, this.#bodyFilled, at, Math.min(chunk.length, at + body.length - this.#bodyFilled));
    this.#bodyFilled += taken;
    return taken;
  }

  /** Length of the body behind the header at `at`. */
  #length(bytes: Buffer, at: number): number {
    const length = bytes.readInt32BE(at + 1) - 4;
    if (length < 0) throw new RangeError(`message of ${String(length + 4)} bytes`);
    if (length > this.#limit) throw new MessageTooLarge(bytes[at] ?? 0, length, this.#limit);
    return length;
  }
}
