import { type ActivityEventView } from '../../shared/views.ts';
import { type Meaning } from '../design/index.ts';

type Proof = ActivityEventView['proof'];

interface ProofWords {
  readonly meaning: Meaning;
  readonly sentence: string;
}

/** What the proof of one event says by now. That it does not hold is said before anything else could soften it. */
export function proofWords({ leafHash, checkpoint, holds, path }: Proof): ProofWords {
  if (leafHash === '')
    return {
      meaning: 'write',
      sentence:
        'The log of this event is not on this machine: nothing is proven here. Verify it where it is, or in the store.',
    };
  if (checkpoint === null)
    return {
      meaning: 'waiting',
      sentence: 'Recorded on this disk. No checkpoint covers it yet; one is signed within moments.',
    };
  if (!holds)
    return {
      meaning: 'refused',
      sentence:
        'The proof does not hold: the event is not the one that was signed, or the log was changed. Verify the record, and keep its folder as it is.',
    };
  const hashes = path.length === 1 ? '1 hash' : `${path.length.toLocaleString('en')} hashes`;
  return {
    meaning: 'approved',
    sentence: `In the log: this leaf and ${hashes} lead to the signed root of ${checkpoint.size.toLocaleString('en')} events.`,
  };
}

/** Copies and signatures outside of this machine, one line each; none where none are configured. */
export function outsideWords({ uploaded, witnesses }: Proof): readonly ProofWords[] {
  const lines: ProofWords[] = [];
  if (uploaded !== null)
    lines.push(
      uploaded
        ? { meaning: 'approved', sentence: 'A copy is in the store.' }
        : { meaning: 'waiting', sentence: 'Not in the store yet.' },
    );
  if (witnesses !== null)
    lines.push(
      witnesses.length > 0
        ? { meaning: 'approved', sentence: `Witnessed by ${witnesses.join(', ')}.` }
        : { meaning: 'waiting', sentence: 'No witness has signed over it yet.' },
    );
  return lines;
}
