/** The record: append what happens, durable before it happens (docs/log-format.md). */
export { openAuditLog, type AuditLog, type AuditLogOptions, type AuditState, type RecordedIntent } from './log.ts';
export { type Receipt } from './writer.ts';
export { type SignedTree } from './publish.ts';
export * from './events.ts';
