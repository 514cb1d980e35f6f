import { type ReactElement, useEffect, useRef, useState } from 'react';
import { Label } from 'react-aria-components/Label';
import { Radio, RadioGroup } from 'react-aria-components/RadioGroup';
import { type AuditStateView, type VerifyView as Verified } from '../../shared/views.ts';
import { Button, Message, ProgressBar } from '../design/index.ts';
import { useStore } from '../state/store.ts';
import { type Loadable, loading, troubleOf } from '../state/trouble.ts';
import { useWorkbench } from '../state/workbench.ts';
import { Anchored, Weaknesses } from './anchored.tsx';
import { Outcome } from './outcome.tsx';
import './verify.css';

type Where = 'here' | 'store';

/** What is to be verified; another object is another wish, even for the same record. */
interface Request {
  readonly where: Where;
}

type Verification = Loadable<Verified> | { readonly state: 'stopped' };

/** Checks the record from its first event to its last, and says what it checked, who proves it, and what it did not look at. */
export function VerifyView(): ReactElement {
  const workbench = useWorkbench();
  const audit = useStore(workbench.audit);
  const [request, setRequest] = useState<Request>({ where: 'here' });
  const [answer, setAnswer] = useState<{ readonly request: Request; readonly value: Verification } | null>(null);
  const asked = useRef<AbortController | null>(null);

  useEffect(() => {
    const asking = (asked.current = new AbortController());
    const answered = (value: Verification): void => {
      if (!asking.signal.aborted) setAnswer({ request, value });
    };
    workbench.client['audit.verify'](request, asking.signal).then(
      (value) => {
        answered({ state: 'ready', value });
      },
      (error: unknown) => {
        answered({ state: 'failed', trouble: troubleOf(error) });
      },
    );
    return () => {
      asking.abort();
    };
  }, [workbench, request]);

  const found = answer?.request === request ? answer.value : loading;
  const { where } = request;
  const state = audit.state === 'ready' ? audit.value : null;
  return (
    <section className="page" aria-labelledby="verify-title">
      {found.state === 'loading' && <ProgressBar label="Verifying" />}
      <div className="page-body verify-body">
        <h1 id="verify-title" className="page-title">
          Verify the record
        </h1>
        <p className="verify-words">
          Every statement is recorded before it runs. Verifying recomputes the whole record from its entries and
          compares it with what was signed, here and by others.
        </p>
        {state !== null && <Anchored state={state} />}
        <div className="verify-controls">
          {state?.store != null && (
            <Source
              where={where}
              onWhere={(next) => {
                setRequest({ where: next });
              }}
            />
          )}
          {found.state === 'loading' ? (
            <Button
              icon="debug-stop"
              onPress={() => {
                asked.current?.abort();
                setAnswer({ request, value: { state: 'stopped' } });
              }}
            >
              Stop
            </Button>
          ) : (
            <Button
              variant="primary"
              icon="verified"
              onPress={() => {
                setRequest({ where });
              }}
            >
              Verify again
            </Button>
          )}
          <span className="page-note" role="status">
            {found.state === 'loading' && progressWords(where, state)}
            {found.state === 'stopped' && 'Stopped: nothing is said about the record.'}
          </span>
        </div>
        {found.state === 'failed' && (
          <Message meaning="refused" alert>
            The record could not be checked. {found.trouble.message} {found.trouble.next}
          </Message>
        )}
        {found.state === 'ready' && <Outcome found={found.value} />}
        {state !== null && state.weaknesses.length > 0 && <Weaknesses weaknesses={state.weaknesses} />}
        <p className="page-note">
          The same from a terminal, without this window: <code>countersign verify</code>
        </p>
      </div>
    </section>
  );
}

function progressWords(where: Where, state: AuditStateView | null): string {
  if (where === 'store') return 'Reading every copy and recomputing it; a large store takes minutes.';
  return state === null
    ? 'Recomputing every event.'
    : `Recomputing ${state.recorded.toLocaleString('en')} events and those of earlier logs.`;
}

/** Which record is checked: what lies on this disk, or the copies that somebody who took this disk could not change. */
function Source({ where, onWhere }: { where: Where; onWhere: (where: Where) => void }): ReactElement {
  return (
    <RadioGroup
      className="choice"
      orientation="horizontal"
      value={where}
      onChange={(value) => {
        onWhere(value === 'store' ? 'store' : 'here');
      }}
    >
      <Label className="visually-hidden">What to verify</Label>
      <Radio value="here" className="choice-option">
        This machine
      </Radio>
      <Radio value="store" className="choice-option">
        The store
      </Radio>
    </RadioGroup>
  );
}
