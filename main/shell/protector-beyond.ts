import { type Protector } from '../credentials/index.ts';
import { CountersignError } from '../errors.ts';
import { type ParentPort, type Protected } from './gate-service.ts';

/** Electron's safeStorage, asked for over the channel to its main process, which alone has it. */
export function protectorBeyond(parent: ParentPort): {
  readonly protector: Protector;
  /** Takes an answer that has come. */
  answered(answer: Protected): void;
} {
  const waiting = new Map<number, (answer: Protected) => void>();
  let last = 0;

  async function ask(how: 'protect' | 'unprotect', value: Uint8Array): Promise<Uint8Array> {
    const id = ++last;
    const { value: given, refused } = await new Promise<Protected>((resolve) => {
      waiting.set(id, resolve);
      parent.postMessage({ kind: 'secret', id, how, value });
    });
    if (given !== undefined) return given;
    throw refused === 'damaged'
      ? new CountersignError('secret-damaged', 'A secret of this profile cannot be opened on this machine any more.', {
          next: 'Sign in again, and store passwords anew.',
        })
      : new CountersignError('secret-store-unavailable', 'The operating system offers no place to keep secrets.', {
          next: 'Install and unlock gnome-keyring or KWallet, or have an administrator set secrets: file in organisation.yaml.',
        });
  }

  return {
    protector: { protect: (value) => ask('protect', value), unprotect: (value) => ask('unprotect', value) },
    answered(answer) {
      waiting.get(answer.id)?.(answer);
      waiting.delete(answer.id);
    },
  };
}
