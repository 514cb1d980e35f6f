/** The independent verifier: shares no code with the writer and depends on Node alone. */
export { verifyDirectory, type VerifyOptions } from './verify.ts';
export { verifyInThread } from './thread.ts';
export { CannotVerify, reportText, type Checked, type Finding, type Report, type VerifiedLog } from './report.ts';
