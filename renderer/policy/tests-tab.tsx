import { type ReactElement } from 'react';
import { type PolicyTestView } from '../../shared/views.ts';
import { EmptyState, Icon, ProgressBar } from '../design/index.ts';
import { Shown } from '../results/shown.tsx';
import { plural, thousands } from '../results/words.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { titleWords, testsInOrder, testsWords } from './tests-model.ts';

/** Tests listed; those that fail come first, so that none of them is missing among the others. */
const MOST = 500;

const EXAMPLE = `tests:
  - as: group:analysts
    do: select
    on: { env: production }
    expect: allow
    mask: { email: partial }`;

/** The policy's own tests, run whenever the text changes. */
export function TestsTab(): ReactElement {
  const { policy } = useWorkbench();
  const { of, value, asking } = useStore(policy.check.answer);
  const draft = useStore(policy.draft);
  if (value === null) return asking ? <ProgressBar label="Running the tests" /> : <></>;
  if (value.problems.length > 0) {
    return (
      <EmptyState title="The tests run once the text has no errors.">
        <p>{plural(value.problems.length, 'error')} to mend first; they stand below the text.</p>
      </EmptyState>
    );
  }
  if (value.tests.length === 0) {
    return (
      <EmptyState title="There are no tests yet. A test says who asks for what, and what must come of it:">
        <pre className="policy-example">{EXAMPLE}</pre>
        <p>It runs here with every keystroke, and with countersign policy test wherever the file is reviewed.</p>
      </EmptyState>
    );
  }
  const tests = testsInOrder(value.tests);
  const failing = value.tests.filter(({ passed }) => !passed).length;
  return (
    <div className="policy-pane">
      {asking && <ProgressBar label="Running the tests" />}
      <p className="policy-bar" role="status">
        <Icon
          name={failing === 0 ? 'pass' : 'error'}
          className={failing === 0 ? 'meaning-approved' : 'meaning-refused'}
        />
        {testsWords(value.tests)}
        {of !== draft?.text && <span className="policy-quiet">of the text before</span>}
      </p>
      <ul className="policy-list">
        {tests.slice(0, MOST).map((test, index) => (
          <TestLine key={`${String(test.line)} ${String(index)}`} test={test} />
        ))}
        {tests.length > MOST && (
          <li className="policy-quiet policy-cut">
            {thousands(tests.length - MOST)} more passing tests are not listed.
          </li>
        )}
      </ul>
    </div>
  );
}

function TestLine({ test }: { test: PolicyTestView }): ReactElement {
  const { policy } = useWorkbench();
  return (
    <li>
      <button type="button" className="policy-line" onClick={() => policy.editor.get()?.reveal(test.line)}>
        <Icon
          name={test.passed ? 'pass' : 'error'}
          className={test.passed ? 'meaning-approved' : 'meaning-refused'}
          label={test.passed ? 'Passes' : 'Fails'}
        />
        <span className="policy-line-words">
          <span>
            <Shown text={titleWords(test.title)} />
          </span>
          {test.differences.map((difference, index) => (
            <span key={index} className="meaning-refused">
              <Shown text={difference} />
            </span>
          ))}
        </span>
        <span className="policy-line-number">line {test.line}</span>
      </button>
    </li>
  );
}
