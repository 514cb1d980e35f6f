import { type ReactElement } from 'react';
import { Button, Icon, Message } from '../design/index.ts';
import { Shown } from '../results/shown.tsx';
import { plural, thousands } from '../results/words.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { confirmedOf, MOST_AT_ONCE } from './classification.ts';
import { shareWords } from './classification-model.ts';

/** What looks as if it had a class: a person ticks what is right, and only that is written. */
export function Proposed({ locked }: { locked: string | null }): ReactElement | null {
  const { classification } = useWorkbench().policy;
  const proposals = useStore(classification.proposals);
  const accepting = useStore(classification.accepting);
  const { state, found, ticked, trouble } = proposals;
  if (state === 'none') return null;
  const all = found.map(({ column }) => column);
  const every = all.length > 0 && all.every((column) => ticked.has(column));
  const chosen = confirmedOf(proposals).length;
  return (
    <section className="proposed" aria-label="Proposals">
      <div className="policy-bar">
        <span role="status">
          {state === 'looking'
            ? `${plural(found.length, 'proposal')} so far`
            : found.length === 0
              ? state === 'done'
                ? 'Nothing more looks as if it had a class.'
                : ''
              : plural(found.length, 'proposal')}
          {state === 'stopped' && ', stopped before the end'}
        </span>
        {found.length > 0 && (
          <>
            <Button
              variant="quiet"
              onPress={() => {
                classification.tick(all, !every);
              }}
            >
              {every ? 'Untick all' : 'Tick all'}
            </Button>
            <Button
              variant="primary"
              icon="check"
              isDisabled={locked !== null || chosen === 0 || accepting}
              onPress={() => void classification.accept()}
            >
              {chosen === 0 ? 'Confirm' : `Confirm ${thousands(chosen)}`}
            </Button>
          </>
        )}
      </div>
      {ticked.size > MOST_AT_ONCE && (
        <p className="policy-quiet policy-cut">
          {thousands(MOST_AT_ONCE)} are confirmed at once; the rest stays ticked.
        </p>
      )}
      {locked !== null && found.length > 0 && (
        <Message meaning="read">Only administrators confirm a class. {locked}</Message>
      )}
      {trouble !== null && (
        <Message meaning="refused" alert>
          {trouble.message} {trouble.next}
        </Message>
      )}
      <ul className="policy-list">
        {found.map((one) => (
          <li key={one.column}>
            <label className="proposal">
              <input
                type="checkbox"
                checked={ticked.has(one.column)}
                onChange={() => {
                  classification.toggle(one.column);
                }}
              />
              <code>
                <Shown text={one.column} />
              </code>
              <span className="detail-class">
                <Icon name="shield" /> <Shown text={one.class} />
              </span>
              <span className="policy-quiet">{shareWords(one)}</span>
            </label>
          </li>
        ))}
      </ul>
    </section>
  );
}
