import { CountersignError } from '../errors.ts';

/** Where secrets of a profile are kept. Values are bytes; names are lower case letters, digits, dots, dashes, underscores. */
export interface SecretStore {
  /** The value, or undefined where no secret has that name. Throws CountersignError `secret-store-unavailable`. */
  get(name: string): Promise<Uint8Array | undefined>;
  /** Replaces the value as one step: a crash leaves the old value or the new one. */
  set(name: string, value: Uint8Array): Promise<void>;
  /** Removes the value; a name that is not there is no error. */
  delete(name: string): Promise<void>;
  describe(): SecretStoreDescription;
}

export interface SecretStoreDescription {
  readonly kind: 'os-key-store' | 'safe-storage' | 'file' | 'memory';
  /** One sentence for Settings and for the command line. */
  readonly sentence: string;
}

/** Lower case only, so that two names never meet on a file system that ignores case. */
const NAME = /^[a-z0-9][a-z0-9._-]{0,99}$/;

/** Throws CountersignError `secret-name-invalid` for a name that some store could not hold. */
export function checkSecretName(name: string): void {
  if (NAME.test(name)) return;
  throw new CountersignError(
    'secret-name-invalid',
    'A secret name holds 1 to 100 lower case letters, digits, dots, dashes and underscores, and begins with a letter or digit.',
  );
}

/** Secrets that live as long as the process: tests, and machines where nothing may be kept. */
export function createMemorySecretStore(): SecretStore {
  const values = new Map<string, Uint8Array>();
  return {
    get(name) {
      checkSecretName(name);
      const value = values.get(name);
      return Promise.resolve(value === undefined ? undefined : Uint8Array.from(value));
    },
    set(name, value) {
      checkSecretName(name);
      values.set(name, Uint8Array.from(value));
      return Promise.resolve();
    },
    delete(name) {
      checkSecretName(name);
      values.delete(name);
      return Promise.resolve();
    },
    describe: () => ({
      kind: 'memory',
      sentence: 'Secrets are kept in memory only: sign-in and stored passwords end with this process.',
    }),
  };
}
