import { type ReactElement } from 'react';
import { type ActivityEventView } from '../../shared/views.ts';
import { Message } from '../design/index.ts';
import { Shown } from '../results/shown.tsx';
import { Section } from './section.tsx';
import { TextBlock } from './text-block.tsx';

const gone = {
  hidden: { meaning: 'masked', heading: 'Not shown to you.' },
  erased: { meaning: 'write', heading: 'Erased.' },
  missing: { meaning: 'refused', heading: 'Missing.' },
} as const;

/** The text that was asked to run, or which of the reasons there is that it is not here. */
export function EventAsked({
  detail: { event, text, params, textHidden, textState },
}: {
  detail: ActivityEventView;
}): ReactElement | null {
  if (text === null && textHidden === null)
    return event.summary === '' ? null : (
      <Section title="What">
        <p>
          <Shown text={event.summary} />
        </p>
      </Section>
    );
  const { meaning, heading } = gone[textState ?? 'hidden'];
  return (
    <Section title="Asked">
      {textHidden !== null && text !== null && <Message meaning="read">{textHidden}</Message>}
      {textHidden !== null && text === null && (
        <>
          <Message meaning={meaning}>
            <b>{heading}</b> {textHidden}
          </Message>
          {event.summary !== '' && (
            <>
              <p className="detail-quiet">Without its values:</p>
              <TextBlock text={event.summary} label="Statement without values" />
            </>
          )}
        </>
      )}
      {text !== null && <TextBlock text={text} label="Statement" />}
      {params !== null && (
        <>
          <p className="detail-quiet">Parameters</p>
          <TextBlock text={params} label="Parameters" />
        </>
      )}
    </Section>
  );
}
