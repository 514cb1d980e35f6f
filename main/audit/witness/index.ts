/** A C2SP tlog-witness, from both sides (docs/witness.md). */
export {
  createWitness,
  type CosignAnswer,
  type CosignRequest,
  type MonitoredWitness,
  type NewestCosigned,
  type RefusalCode,
  type Witness,
} from './client.ts';
export { logList, type LogList, logListSchema } from './log-list.ts';
export {
  createWitnessHandler,
  serveWitness,
  type WitnessHandler,
  type WitnessHandlerOptions,
  type WitnessServer,
} from './server.ts';
export { type Contradiction, type Cosigned, createWitnessState, openWitnessState, type WitnessState } from './state.ts';
export {
  generateSignerKey,
  isKeyName,
  parseSignerKey,
  SIGNATURE_TYPE,
  type SignerKey,
  type VerifierKey,
  parseVerifierKey,
} from './verifier-key.ts';
export { type WitnessNotice, type WitnessOptions } from './witness.ts';
