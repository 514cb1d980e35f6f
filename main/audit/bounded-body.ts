/** The whole body of an HTTP answer, or null where it is longer than `limit` bytes; then the rest is not read. */
export async function readBounded(response: Response, limit: number): Promise<Buffer | null> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > limit) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}
