/** The independent verifier: shares no code with the writer and depends on Node alone. */
export { verify, verifyDirectory, type BucketOptions, type VerifyOptions } from './verify.ts';
export { verifyInThread } from './thread.ts';
export { runVerifier, type Defaults, type Output } from './command.ts';
export { VERIFIER_OPTIONS } from './options.ts';
export {
  CannotVerify,
  reportJson,
  reportText,
  type Checked,
  type Finding,
  type Report,
  type VerifiedLog,
  type Vouching,
} from './report.ts';
