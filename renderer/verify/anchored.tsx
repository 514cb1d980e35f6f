import { type ReactElement } from 'react';
import { type AuditStateView } from '../../shared/views.ts';
import { Icon, MeaningIcon, Message } from '../design/index.ts';
import { Copyable } from '../results/copyable.tsx';
import { Shown } from '../results/shown.tsx';
import { anchorWords, pressureWords } from './anchor-words.ts';

/** Where the record stands at this moment: on this disk, in the store, signed by others. */
export function Anchored({ state }: { state: AuditStateView }): ReactElement {
  const { uploaded, witnessed } = anchorWords(state);
  const pressure = pressureWords(state.pressure);
  return (
    <>
      <dl className="page-facts selectable">
        <div>
          <dt>Log</dt>
          <dd>
            <Copyable label="the log's id" text={state.log} />
          </dd>
        </div>
        <div>
          <dt>Recorded</dt>
          <dd>{state.recorded.toLocaleString('en')} events</dd>
        </div>
        {[uploaded, witnessed].map(
          (line) =>
            line !== null && (
              <div key={line.label}>
                <dt>{line.label}</dt>
                <dd>
                  <Icon name={line.icon} className={`meaning-${line.meaning}`} /> <Shown text={line.sentence} />
                </dd>
              </div>
            ),
        )}
      </dl>
      {state.trouble !== null && (
        <Message meaning="refused" alert>
          {state.trouble}
        </Message>
      )}
      {state.store === null && (
        <p className="page-note">
          No copy leaves this machine: whoever controls it could replace the whole record. An administrator sets a
          store.
        </p>
      )}
      {(pressure !== null || state.anchorTrouble !== null) && (
        <Message meaning={pressure?.meaning ?? 'write'} alert>
          {pressure?.sentence} {state.anchorTrouble}
        </Message>
      )}
    </>
  );
}

/** What the store does not promise, each with what mends it. */
export function Weaknesses({ weaknesses }: { weaknesses: AuditStateView['weaknesses'] }): ReactElement {
  return (
    <section className="weaknesses selectable" aria-label="Weaknesses of the store">
      <h2 className="facts-caption">What the store does not promise</h2>
      <ul>
        {weaknesses.map(({ code, sentence, mend }) => (
          <li key={code}>
            <MeaningIcon meaning="write" label="Weakness" />
            <div>
              <p>
                <Shown text={sentence} />
              </p>
              <Copyable label="what mends it" text={mend} wrap />
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
