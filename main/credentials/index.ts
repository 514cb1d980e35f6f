export { type SecretStore, type SecretStoreDescription, createMemorySecretStore } from './secret-store.ts';
export { createFileSecretStore } from './file-store.ts';
export { openSecretStore } from './open-secret-store.ts';
export { type Protector } from './protected-store.ts';
export {
  parseSecretReference,
  resolveSecret,
  type ParsedSecretReference,
  type SecretSources,
} from './secret-reference.ts';
export { ensurePrivateDirectory, readPrivateFile, writePrivateFile } from './private-file.ts';
