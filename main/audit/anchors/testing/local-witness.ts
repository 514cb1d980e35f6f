/** A witness in this process: what a server would answer, without the way there. For tests. */
import { join } from 'node:path';
import { addCheckpointBody } from '../../witness/add-checkpoint.ts';
import { type Witness } from '../../witness/client.ts';
import { type LogList } from '../../witness/log-list.ts';
import { createWitnessState, openWitnessState } from '../../witness/state.ts';
import { generateSignerKey, SIGNATURE_TYPE } from '../../witness/verifier-key.ts';
import { addCheckpoint } from '../../witness/witness.ts';

export interface LocalWitness extends Witness {
  /** Sizes that it was asked to cosign. */
  readonly asked: readonly number[];
  /** Fails every request with this until it is null again; `hang` never answers. */
  trouble: Error | 'hang' | null;
  close(): void;
}

export function createLocalWitness(directory: string, name: string, logs: LogList): LocalWitness {
  const key = generateSignerKey(name, SIGNATURE_TYPE.cosignature);
  const path = join(directory, `${name.replaceAll('/', '-')}.sqlite`);
  createWitnessState(path, key.verifier);
  const state = openWitnessState(path, key.verifier);
  const asked: number[] = [];
  const witness: LocalWitness = {
    name,
    key: key.verifier.text,
    asked,
    trouble: null,
    async cosign({ checkpoint, oldSize, proof }, signal) {
      asked.push(Number(checkpoint.split('\n')[1]));
      await new Promise((resolve) => setImmediate(resolve));
      if (witness.trouble === 'hang')
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
      if (witness.trouble !== null) throw witness.trouble;
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
    close: () => state.close(),
  };
  return witness;
}
