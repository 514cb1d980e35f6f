/** The view of the buffer that was asked for last: many rows come in one, and many go into one. */
export class LastView {
  #buffer: Buffer | undefined;
  #view: DataView = new DataView(new ArrayBuffer(0));

  of(buffer: Buffer): DataView {
    if (buffer !== this.#buffer) {
      this.#buffer = buffer;
      this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    }
    return this.#view;
  }
}
