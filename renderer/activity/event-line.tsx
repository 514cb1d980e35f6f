import { type ReactElement } from 'react';
import { type ActivityRowView } from '../../shared/views.ts';
import { EnvironmentMark, Icon } from '../design/index.ts';
import { showText } from '../results/grid/cell-text.ts';
import { Shown } from '../results/shown.tsx';
import { oneLine } from '../results/words.ts';
import { isEnvironment, type Names, wordsOf } from './field-words.ts';
import { kindWords, outcomeOf } from './outcome.ts';
import { exactTime, listTime, recently } from './times.ts';

/** The columns, in order; event-list.css says which of them go where the list is narrow. */
export const columns = [
  { id: 'time', label: 'Time' },
  { id: 'who', label: 'Who' },
  { id: 'where', label: 'Connection' },
  { id: 'outcome', label: 'Outcome' },
  { id: 'what', label: 'What' },
  { id: 'rows', label: 'Rows' },
  { id: 'masked', label: 'Masked' },
  { id: 'ms', label: 'ms' },
] as const;

const number = (value: number | null): string => (value === null ? '' : value.toLocaleString('en'));

const isStatement = (kind: string): boolean => kind.startsWith('stmt.');

/** Who did it: the person, and the agent that acted for them. */
export function Who({ event, names }: { event: ActivityRowView; names: Names }): ReactElement {
  const { person, personName, agent } = event;
  const name = personName ?? (person === null ? null : wordsOf('person', person, names));
  return (
    <>
      {agent !== null && <Icon name="robot" label="An agent" className="event-agent" />}
      {agent !== null && (
        <>
          <Shown text={agent} /> <span className="event-quiet">for</span>{' '}
        </>
      )}
      {name === null ? <span className="event-quiet">this program</span> : <Shown text={name} />}
    </>
  );
}

/** Where: the connection's title behind the shape of its environment. */
export function Where({ event, names }: { event: ActivityRowView; names: Names }): ReactElement | null {
  const { connection, environment } = event;
  if (connection === null) return null;
  return (
    <>
      {isEnvironment(environment) && <EnvironmentMark environment={environment} />}
      <span className="event-cut">
        <Shown text={wordsOf('connection', connection, names)} />
      </span>
    </>
  );
}

/** What came of it: sign and word. */
export function Came({ event }: { event: ActivityRowView }): ReactElement {
  const { meaning, icon, word } = outcomeOf(event);
  return (
    <span className={`event-came meaning-${meaning}`}>
      <Icon name={icon} /> {word}
    </span>
  );
}

/** One event as a line of the list. */
export function EventLine({
  id,
  event,
  names,
  now,
  top,
  position,
  current,
  opened,
  onPress,
}: {
  id: string;
  event: ActivityRowView;
  names: Names;
  now: number;
  top: number;
  position: number;
  current: boolean;
  opened: boolean;
  onPress: () => void;
}): ReactElement {
  const ago = recently(event.at, now);
  const written = event.changed !== null && event.changed > 0;
  const text = isStatement(event.kind) ? event.summary : `${event.title === '' ? kindWords(event.kind) : event.title}`;
  return (
    <div
      id={id}
      role="row"
      aria-rowindex={position + 2}
      aria-selected={opened}
      className="event-line"
      data-current={current ? '' : undefined}
      data-opened={opened ? '' : undefined}
      style={{ transform: `translateY(${String(top)}px)` }}
      onClick={onPress}
    >
      <span role="gridcell" className="event-time" title={exactTime(event.at)}>
        <time dateTime={isoOf(event.at)}>{listTime(event.at, now)}</time>
        {ago !== null && <span className="event-ago">{ago}</span>}
      </span>
      <span
        role="gridcell"
        className="event-who"
        title={event.person === null ? undefined : showText(event.person).text}
      >
        <Who event={event} names={names} />
      </span>
      <span role="gridcell" className="event-where">
        <Where event={event} names={names} />
      </span>
      <span role="gridcell">
        <Came event={event} />
      </span>
      <span role="gridcell" className={isStatement(event.kind) ? 'event-what event-code' : 'event-what'}>
        <Shown text={oneLine(text, 400)} />
        {!isStatement(event.kind) && event.summary !== '' && (
          <span className="event-quiet">
            {' '}
            <Shown text={oneLine(event.summary, 400)} />
          </span>
        )}
      </span>
      <span role="gridcell" className="event-number event-rows" title={written ? 'Rows changed' : undefined}>
        {written && <Icon name="edit" label="Changed" className="meaning-write" />}
        {number(written ? event.changed : event.rows)}
      </span>
      <span role="gridcell" className="event-number event-masked">
        {event.maskedCells === 0 ? '' : number(event.maskedCells)}
      </span>
      <span role="gridcell" className="event-number event-ms">
        {number(event.milliseconds)}
      </span>
    </div>
  );
}

const isoOf = (at: number): string | undefined =>
  Number.isNaN(new Date(at).getTime()) ? undefined : new Date(at).toISOString();
