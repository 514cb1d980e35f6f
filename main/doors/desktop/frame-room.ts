import { MAX_FRAME_BYTES } from '../../../shared/rpc/index.ts';

/** Bytes that the texts of one answer may take on the link, beside what frames them. */
export const TEXT_ROOM = MAX_FRAME_BYTES - 64 * 1024;

/** Bytes of a text on the link, where it stands as JSON: line breaks, quotes and control characters take more there. */
export const frameBytes = (text: string): number => Buffer.byteLength(JSON.stringify(text));
