import { type ReactElement } from 'react';
import { type ProblemView } from '../../shared/views.ts';
import { Button, Icon, ProgressBar } from '../design/index.ts';
import { Shown } from '../results/shown.tsx';
import { plural, thousands } from '../results/words.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { problemWords } from './positions.ts';

/** Problems listed; mending the first ones usually mends many. */
const MOST = 100;

/** What is wrong with the text, line by line, and what is hardly meant; one line when all is well. */
export function ProblemList(): ReactElement {
  const { policy } = useWorkbench();
  const { value, asking, trouble } = useStore(policy.check.answer);
  const problems = value?.problems ?? [];
  const warnings = value?.warnings ?? [];
  return (
    <section className="policy-problems" aria-label="Problems">
      {asking && <ProgressBar label="Checking" />}
      <p className="policy-problems-head" role="status">
        {trouble !== null ? (
          <span className="meaning-refused">
            <Icon name="error" /> Not checked: {trouble.message} {trouble.next}
          </span>
        ) : value === null ? (
          'Checking'
        ) : problems.length > 0 ? (
          <span className="meaning-refused">
            <Icon name="error" /> {plural(problems.length, 'error')}
            {warnings.length > 0 && `, ${plural(warnings.length, 'warning')}`}
          </span>
        ) : warnings.length > 0 ? (
          <span className="meaning-write">
            <Icon name="warning" /> {plural(warnings.length, 'warning')}
          </span>
        ) : (
          <span>
            <Icon name="check" className="meaning-approved" /> No problems {'\u00b7'} {plural(value.rules, 'rule')}
          </span>
        )}
      </p>
      {trouble !== null && <Button onPress={policy.check.again}>Check again</Button>}
      {problems.length + warnings.length > 0 && (
        <ul className="policy-problems-list">
          {problems.slice(0, MOST).map((problem, index) => (
            <Problem key={`error ${String(index)}`} problem={problem} meaning="refused" />
          ))}
          {warnings.slice(0, MOST).map((problem, index) => (
            <Problem key={`warning ${String(index)}`} problem={problem} meaning="write" />
          ))}
          {Math.max(problems.length, warnings.length) > MOST && (
            <li className="policy-quiet">The first {thousands(MOST)} of each are listed.</li>
          )}
        </ul>
      )}
    </section>
  );
}

function Problem({ problem, meaning }: { problem: ProblemView; meaning: 'refused' | 'write' }): ReactElement {
  const { policy } = useWorkbench();
  return (
    <li>
      <button
        type="button"
        className="policy-line"
        onClick={() => policy.editor.get()?.reveal(problem.line, problem.column)}
      >
        <Icon
          name={meaning === 'refused' ? 'error' : 'warning'}
          className={`meaning-${meaning}`}
          label={meaning === 'refused' ? 'Error' : 'Warning'}
        />
        <span className="policy-line-words">
          {problemWords(problem)
            .split('\n')
            .map((line, index) => (
              <span key={index} className={index === 0 ? '' : 'policy-quiet'}>
                <Shown text={line} />
              </span>
            ))}
        </span>
        <span className="policy-line-number">
          {problem.line}:{problem.column}
        </span>
      </button>
    </li>
  );
}
