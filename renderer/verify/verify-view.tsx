import { type ReactElement, useEffect, useState } from 'react';
import { type VerifyView as Verified } from '../../shared/views.ts';
import { Button, Message, ProgressBar } from '../design/index.ts';
import { useStore } from '../state/store.ts';
import { type Loadable, loading, troubleOf } from '../state/trouble.ts';
import { useWorkbench } from '../state/workbench.ts';
import './verify.css';

function Outcome({ found }: { found: Verified }): ReactElement {
  return (
    <>
      <Message meaning={found.good ? 'approved' : 'refused'} alert>
        {found.good
          ? 'Nothing that was checked is wrong: no event was changed, removed or put in between.'
          : `${found.findings.length.toLocaleString('en')} ${found.findings.length === 1 ? 'finding' : 'findings'}: the record is not what was written.`}
      </Message>
      {found.findings.length > 0 && (
        <table className="facts selectable">
          <caption>Findings</caption>
          <tbody>
            {found.findings.map((finding, index) => (
              <tr key={`${finding.code}-${String(index)}`}>
                <th scope="row">
                  <code>{finding.code}</code>
                </th>
                <td>{finding.sentence}</td>
                <td>
                  <code>{finding.where ?? ''}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <table className="facts selectable">
        <caption>What was checked</caption>
        <tbody>
          {found.checked.map(({ what, count }) => (
            <tr key={what}>
              <td className="facts-count">{count.toLocaleString('en')}</td>
              <th scope="row">{what}</th>
            </tr>
          ))}
        </tbody>
      </table>
      {found.notChecked.length > 0 && (
        <table className="facts selectable">
          <caption>What was not checked</caption>
          <tbody>
            {found.notChecked.map((what) => (
              <tr key={what}>
                <td>{what}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

/** Checks the log of this machine from its first event to its last, and says what it checked and what it did not. */
export function VerifyView(): ReactElement {
  const workbench = useWorkbench();
  const audit = useStore(workbench.audit);
  const [found, setFound] = useState<Loadable<Verified>>(loading);
  const [round, setRound] = useState(0);

  useEffect(() => {
    const asked = new AbortController();
    workbench.client['audit.verify'](undefined, asked.signal).then(
      (value) => {
        setFound({ state: 'ready', value });
      },
      (error: unknown) => {
        if (!asked.signal.aborted) setFound({ state: 'failed', trouble: troubleOf(error) });
      },
    );
    return () => {
      asked.abort();
    };
  }, [workbench, round]);

  return (
    <section className="page" aria-labelledby="verify-title">
      {found.state === 'loading' && <ProgressBar label="Verifying" />}
      <div className="page-body">
        <h1 id="verify-title" className="page-title">
          Verify the record
        </h1>
        <p>
          Every statement is recorded before it runs. Verifying recomputes the whole log from its entries and compares
          it with what was signed.
        </p>
        {audit.state === 'ready' && (
          <dl className="page-facts selectable">
            <div>
              <dt>Log</dt>
              <dd>
                <code>{audit.value.log}</code>
              </dd>
            </div>
            <div>
              <dt>Recorded</dt>
              <dd>{audit.value.recorded.toLocaleString('en')} events</dd>
            </div>
          </dl>
        )}
        <div>
          <Button
            variant="primary"
            icon="verified"
            isDisabled={found.state === 'loading'}
            onPress={() => {
              setFound(loading);
              setRound(round + 1);
            }}
          >
            {found.state === 'loading' ? 'Verifying' : 'Verify again'}
          </Button>
        </div>
        {found.state === 'failed' && (
          <Message meaning="refused" alert>
            {found.trouble.message} {found.trouble.next}
          </Message>
        )}
        {found.state === 'ready' && <Outcome found={found.value} />}
        <p className="page-note">
          The same from a terminal, without this window: <code>countersign verify</code>
        </p>
      </div>
    </section>
  );
}
