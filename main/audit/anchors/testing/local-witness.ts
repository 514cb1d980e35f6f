/** A witness in this process: what a server would answer, without the way there. For tests. */
import { join } from 'node:path';
import { sha256 } from '../../merkle.ts';
import { addCheckpointBody } from '../../witness/add-checkpoint.ts';
import { type CosignAnswer, type MonitoredWitness } from '../../witness/client.ts';
import { type LogList } from '../../witness/log-list.ts';
import { parseCheckpoint } from '../../witness/checkpoint.ts';
import { parseNote } from '../../witness/signed-note.ts';
import { createWitnessState, openWitnessState, type WitnessState } from '../../witness/state.ts';
import { generateSignerKey, parseVerifierKey, SIGNATURE_TYPE } from '../../witness/verifier-key.ts';
import { addCheckpoint } from '../../witness/witness.ts';

export interface LocalWitness extends MonitoredWitness {
  /** Sizes that it was asked to cosign. */
  readonly asked: readonly number[];
  /** Fails every request with this until it is null again; `hang` never answers. */
  trouble: Error | 'hang' | null;
  /** Says this instead of what it knows, as a faulty witness or whoever stands before it could. */
  says: CosignAnswer | null;
  /** Shows this signed note as the newest that it knows of a log. */
  shows: string | null;
  /** Its memory is what it was on the first day. */
  forget(): void;
  close(): void;
}

export function createLocalWitness(directory: string, name: string, logs: LogList): LocalWitness {
  const key = generateSignerKey(name, SIGNATURE_TYPE.cosignature);
  let memories = 0;
  const remember = (): WitnessState => {
    const path = join(directory, `${name.replaceAll('/', '-')}-${String(memories++)}.sqlite`);
    createWitnessState(path, key.verifier);
    return openWitnessState(path, key.verifier);
  };
  let state = remember();
  const asked: number[] = [];
  const witness: LocalWitness = {
    name,
    key: key.verifier.text,
    asked,
    trouble: null,
    says: null,
    shows: null,
    async cosign({ checkpoint, oldSize, proof }, signal) {
      asked.push(Number(checkpoint.split('\n')[1]));
      await new Promise((resolve) => setImmediate(resolve));
      if (witness.trouble === 'hang')
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
      if (witness.trouble !== null) throw witness.trouble;
      if (witness.says !== null) return witness.says;
      const answer = addCheckpoint(
        { key, state, logs: () => logs, report: () => undefined },
        Buffer.from(addCheckpointBody(oldSize, proof, checkpoint)),
      );
      if (answer.status === 200) return { kind: 'cosigned', line: answer.body };
      if (answer.status === 409) return { kind: 'conflict', size: Number(answer.body) };
      return {
        kind: 'refused',
        code: answer.status === 422 ? 'inconsistent' : 'unknown-log',
        reason: `The witness ${name} refuses.`,
      };
    },
    async newest(log) {
      await new Promise((resolve) => setImmediate(resolve));
      const origin = parseVerifierKey(log, SIGNATURE_TYPE.note)?.name ?? '';
      const note = witness.shows ?? state.byOriginHash(sha256(Buffer.from(origin)).toString('hex'));
      const checkpoint = parseCheckpoint(parseNote(note ?? '')?.text ?? '');
      return note === null || checkpoint === null ? null : { ...checkpoint, time: 0, note };
    },
    forget() {
      state.close();
      state = remember();
    },
    close: () => state.close(),
  };
  return witness;
}
