import { type ReactElement, useEffect, useState } from 'react';
import { type ActivityEventView, type ActivityRowView } from '../../shared/views.ts';
import { Button, IconButton, Message, ProgressBar } from '../design/index.ts';
import { Copyable } from '../results/copyable.tsx';
import { Shown } from '../results/shown.tsx';
import { duration, oneLine, plural } from '../results/words.ts';
import { useStore } from '../state/store.ts';
import { type Loadable, loading, troubleOf } from '../state/trouble.ts';
import { useWorkbench } from '../state/workbench.ts';
import { Came, Where, Who } from './event-line.tsx';
import { EventAsked } from './event-asked.tsx';
import { EventLeaf } from './event-leaf.tsx';
import { EventProof, Fact } from './event-proof.tsx';
import { EventTouched } from './event-touched.tsx';
import { keyOf } from './feed.ts';
import { Section } from './section.tsx';
import { type Names } from './field-words.ts';
import { leafFacts } from './leaf-facts.ts';
import { obligationWords } from './obligation-words.ts';
import { kindWords } from './outcome.ts';
import { exactTime, listTime } from './times.ts';

interface EventDetailProps {
  readonly at: { readonly log: string; readonly index: number };
  readonly names: Names;
  readonly now: number;
  readonly onOpen: (at: { readonly log: string; readonly index: number }) => void;
  readonly onClose: () => void;
  /** Narrows to one column or table: who else touched it. */
  readonly onTouching: (what: { readonly column: string } | { readonly table: string }) => void;
}

/** One event, whole: what was asked, how it was decided, what it touched, how it ended, and the proof that it is in the log. */
export function EventDetail(props: EventDetailProps): ReactElement {
  const { at, onClose } = props;
  const { client, activity } = useWorkbench();
  const [answer, setAnswer] = useState<{ readonly key: string; readonly value: Loadable<ActivityEventView> }>({
    key: '',
    value: loading,
  });
  const [round, setRound] = useState(0);
  const key = keyOf(at);
  // A statement that was running when it was opened is read again when the list learns how it ended.
  const status = useStore(activity.feed.state, ({ rows }) => rows.find((row) => keyOf(row) === key)?.status ?? null);

  useEffect(() => {
    const ended = new AbortController();
    const [log, index] = [key.slice(0, key.lastIndexOf('/')), Number(key.slice(key.lastIndexOf('/') + 1))];
    client['activity.event']({ log, index }, ended.signal).then(
      (value) => {
        setAnswer({ key, value: { state: 'ready', value } });
      },
      (error: unknown) => {
        if (!ended.signal.aborted) setAnswer({ key, value: { state: 'failed', trouble: troubleOf(error) } });
      },
    );
    return () => {
      ended.abort();
    };
  }, [client, key, status, round]);

  const detail = answer.key === key ? answer.value : loading;
  const again = (): void => {
    setRound(round + 1);
  };
  return (
    <aside
      className="activity-detail"
      aria-label={`Event ${String(at.index)}`}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault();
        onClose();
      }}
    >
      <header className="detail-head">
        <h2 className="panel-title">Event {at.index.toLocaleString('en')}</h2>
        <IconButton icon="close" label="Close" shortcut="Escape" onPress={onClose} />
      </header>
      {detail.state === 'loading' && <ProgressBar label="Reading the event" />}
      {detail.state === 'failed' && (
        <Message meaning="refused" alert actions={<Button onPress={again}>Try again</Button>}>
          {detail.trouble.message} {detail.trouble.next}
        </Message>
      )}
      {detail.state === 'ready' && <Whole {...props} detail={detail.value} onLookAgain={again} />}
    </aside>
  );
}

function Whole({
  detail,
  names,
  now,
  onOpen,
  onTouching,
  onLookAgain,
}: EventDetailProps & { detail: ActivityEventView; onLookAgain: () => void }): ReactElement {
  const { event, decision, objects, columns, related } = detail;
  const facts = leafFacts(detail.leaf);
  return (
    <div className="detail-body selectable" tabIndex={0} role="region" aria-label="All of the event">
      <div className="detail-top">
        <p className="detail-title">
          <Came event={event} /> <Shown text={event.title === '' ? kindWords(event.kind) : event.title} />
        </p>
        <p className="detail-quiet">{exactTime(event.at)}</p>
        <dl className="detail-facts">
          <Fact label="Who">
            <Who event={event} names={names} />
          </Fact>
          {facts.service !== null && (
            <Fact label="Service">
              <Shown text={facts.service} />
              <span className="detail-quiet">, nobody is behind it</span>
            </Fact>
          )}
          {facts.reason !== null && (
            <Fact label="Why">
              <Shown text={facts.reason} />
            </Fact>
          )}
          {facts.ticket !== null && (
            <Fact label="Ticket">
              <Shown text={facts.ticket} />
            </Fact>
          )}
          {event.person === null ? (
            ''
          ) : (
            <Fact label="Known as">
              <Copyable label="the person" text={event.person} />
            </Fact>
          )}
          {event.connection === null ? (
            ''
          ) : (
            <Fact label="Connection">
              <span className="detail-where">
                <Where event={event} names={names} />
              </span>
            </Fact>
          )}
          <Ended event={event} />
        </dl>
      </div>
      <EventAsked detail={detail} />
      {decision !== null && (
        <Section title="Decision">
          {decision.reasons.map((reason, index) => (
            <p key={index}>
              <Shown text={reason} />
            </p>
          ))}
          <Lines title="Rules" lines={decision.rules} code />
          <Lines title="Obligations" lines={decision.obligations.map(obligationWords)} />
          <dl className="detail-facts">
            <Fact label="Policy">
              <Copyable label="the policy's hash" text={decision.policy} />
            </Fact>
            {decision.approvals.length === 0 ? (
              ''
            ) : (
              <Fact label="Approved by">
                {decision.approvals.map((index) => (
                  <button
                    key={index}
                    type="button"
                    className="link"
                    onClick={() => {
                      onOpen({ log: event.log, index });
                    }}
                  >
                    event {index.toLocaleString('en')}
                  </button>
                ))}
              </Fact>
            )}
          </dl>
        </Section>
      )}
      {objects.length + columns.length > 0 && (
        <Section title="Touched">
          <EventTouched detail={detail} onTouching={onTouching} />
        </Section>
      )}
      {related.length > 0 && (
        <Section title="Related">
          <ul className="detail-list">
            {related.map((other) => (
              <li key={keyOf(other)}>
                <button
                  type="button"
                  className="detail-related"
                  onClick={() => {
                    onOpen(other);
                  }}
                >
                  <span className="detail-quiet">{listTime(other.at, now)}</span> <Came event={other} />{' '}
                  <span className="event-cut">
                    <Shown text={oneLine(relatedWords(other), 160)} />
                  </span>
                </button>
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Section title="Proof">
        <EventProof detail={detail} onLookAgain={onLookAgain} />
      </Section>
      {detail.leaf !== '' && <EventLeaf leaf={detail.leaf} />}
    </div>
  );
}

const relatedWords = ({ kind, summary }: ActivityRowView): string =>
  kind === 'stmt.intent' ? summary : `${kindWords(kind)} ${summary}`;

/** How it ended, in numbers. */
function Ended({ event }: { event: ActivityRowView }): ReactElement | null {
  const { rows, changed, milliseconds, maskedCells } = event;
  const parts = [
    rows === null ? null : plural(rows, 'row'),
    changed === null ? null : `${plural(changed, 'row')} changed`,
    maskedCells === null || maskedCells === 0 ? null : `${plural(maskedCells, 'cell')} masked`,
    milliseconds === null ? null : duration(milliseconds),
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : <Fact label="Outcome">{parts.join(' \u00b7 ')}</Fact>;
}

function Lines({
  title,
  lines,
  code = false,
}: {
  title: string;
  lines: readonly string[];
  code?: boolean;
}): ReactElement | null {
  if (lines.length === 0) return null;
  return (
    <>
      <p className="detail-quiet">{title}</p>
      <ul className="detail-list">
        {lines.map((line, index) => (
          <li key={index}>
            {code ? (
              <code>
                <Shown text={line} />
              </code>
            ) : (
              <Shown text={line} />
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
