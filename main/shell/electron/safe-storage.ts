import { safeStorage } from 'electron';
import { type GateReport, type Protected } from '../gate-service.ts';

type Question = Extract<GateReport, { readonly kind: 'secret' }>;

/**
 * Encrypts or opens one value for the gate process. On Linux `basic_text` means a password that every program knows, and
 * `unknown` that nobody can say: neither protects anything, so both are refused
 * (https://www.electronjs.org/docs/latest/api/safe-storage).
 */
export async function answerProtection({ how, id, value }: Question): Promise<Protected> {
  if (!(await isReal())) return { id, refused: 'unavailable' };
  try {
    if (how === 'protect') {
      const encrypted = await safeStorage.encryptStringAsync(Buffer.from(value).toString('base64'));
      return { id, value: Uint8Array.from(encrypted) };
    }
    const { result } = await safeStorage.decryptStringAsync(Buffer.from(value));
    return { id, value: Uint8Array.from(Buffer.from(result, 'base64')) };
  } catch {
    return { id, refused: how === 'protect' ? 'unavailable' : 'damaged' };
  }
}

async function isReal(): Promise<boolean> {
  if (!(await safeStorage.isAsyncEncryptionAvailable().catch(() => false))) return false;
  if (process.platform !== 'linux') return true;
  const backend = safeStorage.getSelectedStorageBackend();
  return backend !== 'basic_text' && backend !== 'unknown';
}
