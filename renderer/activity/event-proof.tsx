import { type ReactElement } from 'react';
import { type ActivityEventView } from '../../shared/views.ts';
import { Button, MeaningIcon, Message } from '../design/index.ts';
import { Copyable } from '../results/copyable.tsx';
import { Shown } from '../results/shown.tsx';
import { outsideWords, proofWords } from './proof-words.ts';
import { saveFile } from './save-file.ts';

/** That the event is in the log, what says so, and the proof as a file for somebody who has none of our programs. */
export function EventProof({
  detail: { event, proof },
  onLookAgain,
}: {
  detail: ActivityEventView;
  onLookAgain: () => void;
}): ReactElement {
  const { meaning, sentence } = proofWords(proof);
  const { checkpoint, file } = proof;
  const outside = outsideWords(proof);
  const waits = meaning !== 'waiting' && outside.some((line) => line.meaning === 'waiting');
  return (
    <>
      <Message
        meaning={meaning}
        alert={meaning === 'refused'}
        {...(meaning === 'waiting'
          ? {
              actions: (
                <Button variant="quiet" onPress={onLookAgain}>
                  Look again
                </Button>
              ),
            }
          : {})}
      >
        {sentence}
      </Message>
      <ul className="detail-list">
        {outside.map((line) => (
          <li key={line.sentence}>
            <MeaningIcon meaning={line.meaning} /> <Shown text={line.sentence} />
          </li>
        ))}
      </ul>
      <dl className="detail-facts">
        <Fact label="Log">
          <Copyable label="the log's id" text={event.log} />
        </Fact>
        <Fact label="Index">
          <Copyable label="the index" text={String(event.index)} />
        </Fact>
        {proof.leafHash === '' ? (
          ''
        ) : (
          <Fact label="Leaf hash">
            <Copyable label="the leaf hash" text={proof.leafHash} />
          </Fact>
        )}
        {checkpoint !== null && (
          <>
            <Fact label="Root">
              <Copyable label="the root" text={checkpoint.root} />
            </Fact>
            <Fact label="Over">{checkpoint.size.toLocaleString('en')} events</Fact>
          </>
        )}
      </dl>
      <div className="detail-actions">
        <Button
          icon="save"
          isDisabled={file === null || !proof.holds}
          onPress={() => {
            if (file !== null) saveFile(`${event.log}-${String(event.index)}.tlog-proof`, 'text/plain', [file]);
          }}
        >
          Save proof
        </Button>
        {checkpoint !== null && (
          <Button
            variant="quiet"
            icon="copy"
            onPress={() => void navigator.clipboard.writeText(checkpoint.note).catch(() => undefined)}
          >
            Copy checkpoint
          </Button>
        )}
        {waits && (
          <Button variant="quiet" icon="refresh" onPress={onLookAgain}>
            Look again
          </Button>
        )}
      </div>
    </>
  );
}

export function Fact({
  label,
  children,
}: {
  label: string;
  children: ReactElement | string | readonly (ReactElement | string)[];
}): ReactElement {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
