/** The built-in PostgreSQL server of the demonstration and the tests: what this folder offers. */
export { type EmbeddedOptions, type EmbeddedServer, startEmbedded } from './server.ts';
export { asSuperuser } from './superuser.ts';
export { startTemporary, type TemporaryServer } from './temporary.ts';
