/** Results as bytes, masked before they are stored: what this folder offers. */
export { type Rectangle, type StoredResult } from './result.ts';
export { type NewResult, ResultStore, type ResultStoreOptions } from './store.ts';
export {
  type CellTransform,
  type Cut,
  type Inspection,
  MalformedRow,
  MASKED_LIMIT,
  type ResultWriter,
  type WriterLimits,
} from './writer.ts';
