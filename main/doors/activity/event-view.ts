import { type ActivityEventView } from '../../../shared/views.ts';
import { eventProof } from '../../audit/anchors/event-proof.ts';
import { type AnchorState } from '../../audit/anchors/index.ts';
import { type ActivityEvent } from '../../audit/search/index.ts';
import { type VerifierKey } from '../../audit/witness/index.ts';
import { type Opened, type RecordedEvent } from './recorded-event.ts';

/** May the text be shown, and whose event is it: decided by the leaf, never by the index. */
export type TextRight = 'own' | 'reviewer' | 'none';

/** What the index, the log and the anchors have of an event. */
export interface Shown {
  readonly event: ActivityEvent;
  readonly related: readonly ActivityEvent[];
  /** Null where its log is not on this machine. */
  readonly recorded: RecordedEvent | null;
  readonly right: TextRight;
  /** Keys of the witnesses that are configured. */
  readonly witnesses: readonly VerifierKey[];
  /** Of the log of this process. */
  readonly anchors: AnchorState & { readonly log: string };
}

/** UTF-16 units of a text that is shown; the command line gives it whole. */
const LONGEST_TEXT = 1_000_000;

export function eventView({ event, related, recorded, right, witnesses, anchors }: Shown): ActivityEventView {
  const parts = recorded?.parts ?? {};
  const { op, pol } = parts;
  return {
    event,
    leaf: recorded?.leaf.toString() ?? '',
    decision:
      pol === undefined
        ? null
        : {
            policy: pol.hash,
            rules: pol.rules,
            obligations: pol.obligations,
            reasons: pol.reasons.map(({ sentence }) => sentence),
            approvals: pol.approvals,
          },
    objects: (op?.objects ?? []).map(({ name, access, via }) => ({ name, access, via: via ?? null })),
    columns: (op?.columns ?? []).map(({ name, place, class: columnClass }) => ({
      name,
      place,
      class: columnClass ?? null,
    })),
    ...sealedPart(recorded, right),
    related,
    proof: proofOf(event, recorded, witnesses, anchors),
  };
}

type Sealed = Pick<ActivityEventView, 'text' | 'params' | 'textHidden' | 'textState'>;

function sealedPart(recorded: RecordedEvent | null, right: TextRight): Sealed {
  const nothing = { text: null, params: null };
  if (recorded === null) {
    return {
      ...nothing,
      textHidden: 'The log of this event is not on this machine, so its text and its proof cannot be shown here.',
      textState: 'missing',
    };
  }
  const { op } = recorded.parts;
  if (op?.text === undefined && op?.params === undefined) return { ...nothing, textHidden: null };
  if (right === 'none') {
    return {
      ...nothing,
      textHidden: 'Only reviewers, and the person whose statement it is, may read the text.',
      textState: 'hidden',
    };
  }
  const text = recorded.open('text');
  const params = recorded.open('params');
  const cut = text.kind === 'text' && text.text.length > LONGEST_TEXT;
  return {
    text: shown(text),
    params: shown(params),
    ...whyNot(text.kind === 'text' || text.kind === 'none' ? params : text),
    ...(cut ? { textHidden: `Only the first ${LONGEST_TEXT.toLocaleString('en')} characters are shown here.` } : {}),
  };
}

const shown = (opened: Opened): string | null => (opened.kind === 'text' ? opened.text.slice(0, LONGEST_TEXT) : null);

function whyNot({ kind }: Opened): Pick<Sealed, 'textHidden' | 'textState'> {
  if (kind === 'erased')
    return {
      textHidden: 'It was erased. The event and its proof stay; the content is gone for good.',
      textState: 'erased',
    };
  if (kind === 'missing')
    return { textHidden: 'It is not in the log, or the key that opens it is another one.', textState: 'missing' };
  return { textHidden: null };
}

function proofOf(
  event: ActivityEvent,
  recorded: RecordedEvent | null,
  witnesses: readonly VerifierKey[],
  anchors: Shown['anchors'],
): ActivityEventView['proof'] {
  // How far other logs of this profile have come outside this machine is known to the process that writes them.
  const own = event.log === anchors.log;
  const uploaded = anchors.store === null || !own ? null : event.index < (anchors.uploaded ?? 0);
  if (recorded === null)
    return { leafHash: '', checkpoint: null, path: [], holds: false, uploaded, witnesses: null, file: null };
  const proof = eventProof(recorded.directory, event.index, recorded.leaf, witnesses);
  return { ...proof, uploaded, witnesses: witnesses.length === 0 ? null : proof.witnesses };
}
