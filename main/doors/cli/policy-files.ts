import { createReadStream } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { CountersignError } from '../../errors.ts';
import { MAX_FILE_BYTES } from '../../policy/yaml-file.ts';
import { readConfiguration } from '../../profile/configuration-file.ts';
import { PROFILE_FILES } from '../../profile/directory.ts';

/** A policy's text, and what it is called in messages. */
export interface PolicyText {
  readonly name: string;
  readonly text: string;
}

/** The file named, or the profile's own. @throws CountersignError `file-unreadable`, or as `readConfiguration` */
export async function policyText(home: string, file: string | undefined): Promise<PolicyText> {
  if (file === undefined)
    return { name: PROFILE_FILES.policy, text: await readConfiguration(home, PROFILE_FILES.policy) };
  return { name: file, text: await readText(file) };
}

/** Also of a pipe, such as a shell puts in the place of a command: no more of it is read than a policy may have. */
export async function readText(file: string): Promise<string> {
  const bytes = await buffer(createReadStream(file, { end: MAX_FILE_BYTES })).catch((cause: unknown) => {
    throw unreadable(file, 'cannot be read', 'Check the path and its permissions.', cause);
  });
  if (bytes.length > MAX_FILE_BYTES)
    throw unreadable(file, `is larger than ${String(MAX_FILE_BYTES)} bytes`, 'A policy is shorter than that.');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw unreadable(file, 'is not UTF-8 text', 'Save it as UTF-8.', cause);
  }
}

const unreadable = (file: string, what: string, next: string, cause?: unknown): CountersignError =>
  new CountersignError('file-unreadable', `${file} ${what}.`, { next, cause });
