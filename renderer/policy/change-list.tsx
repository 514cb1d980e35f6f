import { type ReactElement } from 'react';
import { type MatrixCellView } from '../../shared/views.ts';
import { Icon } from '../design/index.ts';
import { Shown } from '../results/shown.tsx';
import { thousands } from '../results/words.ts';
import { type ChangeGroup, directionWords, placesInWords } from './changes-model.ts';
import { Effect } from './effect.tsx';

/** Changes listed; whoever changes more than these at once reads the counts. */
const MOST = 200;

/** Who may do more or less from then on, each change told once: before, after, where. */
export function ChangeList({ groups }: { groups: readonly ChangeGroup[] }): ReactElement {
  return (
    <>
      <ul className="policy-list">
        {groups.slice(0, MOST).map((group, index) => {
          const { word, icon } = directionWords[group.direction];
          return (
            <li key={index} className={`change change-${group.direction}`}>
              <span className="change-direction">
                <Icon name={icon} /> {word}
              </span>
              <span className="policy-line-words">
                <span>
                  <b>
                    <Shown text={group.who} />
                  </b>{' '}
                  <Shown text={placesInWords(group)} />
                </span>
                <span className="change-cells">
                  <Side cell={group.before} />
                  <Side cell={group.after} becomes />
                </span>
              </span>
            </li>
          );
        })}
      </ul>
      {groups.length > MOST && (
        <p className="policy-quiet policy-cut">{thousands(groups.length - MOST)} more are not listed.</p>
      )}
    </>
  );
}

function Side({ cell, becomes = false }: { cell: MatrixCellView; becomes?: boolean }): ReactElement {
  return (
    <span className="change-side">
      {becomes && <Icon name="arrow-right" label="becomes" />}
      <Effect cell={cell} />
      {cell.summary !== '' && (
        <span className="policy-quiet">
          <Shown text={cell.summary} />
        </span>
      )}
    </span>
  );
}
