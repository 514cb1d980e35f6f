import { type ReactElement, useState } from 'react';
import { Label } from 'react-aria-components/Label';
import { Radio, RadioGroup } from 'react-aria-components/RadioGroup';
import { exactTime, listTime } from '../activity/times.ts';
import { type SimulatedView, type SimulationView } from '../../shared/views.ts';
import { Button, EmptyState, Icon, Message, ProgressBar } from '../design/index.ts';
import { Shown } from '../results/shown.tsx';
import { oneLine, plural, thousands } from '../results/words.ts';
import { showActivity } from '../state/actions.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench, type Workbench } from '../state/workbench.ts';
import { RuleLink } from './rule-link.tsx';
import { around, outcomeOf } from './simulation-words.ts';
import { type Since, spans } from './simulation.ts';

/** Lines shown at first, and how many more with each press. */
const STEP = 200;

const choices = Object.keys(spans) as Since[];

/** What the text would have done to the statements that were really asked. */
export function SimulateTab(): ReactElement {
  const { policy } = useWorkbench();
  const { simulation } = policy;
  const { state, text, since, found, trouble } = useStore(simulation.state);
  const draft = useStore(policy.draft);
  const problems = useStore(policy.check.answer, ({ value }) => value?.problems.length ?? 0);
  const running = state === 'running';
  return (
    <div className="policy-pane">
      {running && <ProgressBar label="Deciding again" />}
      <div className="policy-bar">
        <RadioGroup
          className="choice"
          orientation="horizontal"
          value={since}
          isDisabled={running}
          onChange={(value) => {
            simulation.choose(choices.find((one) => one === value) ?? 'week');
          }}
        >
          <Label className="visually-hidden">How far back</Label>
          {choices.map((one) => (
            <Radio key={one} value={one} className="choice-option">
              {spans[one].label}
            </Radio>
          ))}
        </RadioGroup>
        {running ? (
          <Button icon="debug-stop" onPress={simulation.stop}>
            Stop
          </Button>
        ) : (
          <Button
            variant="primary"
            icon="play"
            isDisabled={draft === null || problems > 0}
            onPress={() => {
              if (draft !== null) void simulation.start(draft.text);
            }}
          >
            Simulate
          </Button>
        )}
        <span className="policy-quiet" role="status">
          {running && `${plural(found?.examined ?? 0, 'statement')} so far`}
          {state === 'stopped' && 'Stopped before the end.'}
          {state !== 'none' && !running && text !== draft?.text && ' Of an older text.'}
        </span>
      </div>
      {state === 'failed' && (
        <Message meaning="refused" alert>
          {trouble?.message} {trouble?.next}
        </Message>
      )}
      {state === 'none' && (
        <EmptyState title="Statements of the record are decided again by this text; nothing runs, and that you looked is recorded.">
          {problems > 0 && <p>The text has errors to mend first.</p>}
        </EmptyState>
      )}
      {found !== null && <Found found={found} over={!running} />}
    </div>
  );
}

function Found({ found, over }: { found: SimulationView; over: boolean }): ReactElement {
  const [most, setMost] = useState(STEP);
  const [now] = useState(() => Date.now());
  const { changed } = found;
  return (
    <div className="policy-scroll">
      <dl className="simulated-sums">
        <Sum words="decided again" count={found.examined} />
        <Sum words="the same" count={found.same} />
        <Sum words="now allowed" count={found.nowAllowed} icon="arrow-up" meaning="write" />
        <Sum words="now refused" count={found.nowRefused} icon="circle-slash" meaning="refused" />
        <Sum words="otherwise bound" count={found.otherwiseBound} icon="arrow-swap" meaning="waiting" />
      </dl>
      {found.skipped.map(({ why, count }) => (
        <p key={why} className="policy-quiet policy-cut">
          {plural(count, 'statement')} not decided again: <Shown text={why} />
        </p>
      ))}
      {changed.length === 0 && over && (
        <p className="policy-cut">
          {found.examined === 0
            ? 'Nobody asked anything in this time.'
            : 'Every one of them would have been decided the same.'}
        </p>
      )}
      <ul className="policy-list">
        {changed.slice(0, most).map((one) => (
          <Changed key={`${one.log} ${String(one.index)}`} one={one} now={now} />
        ))}
      </ul>
      {changed.length > most && (
        <p className="policy-bar policy-more">
          {thousands(most)} of {thousands(changed.length)} are shown.
          <Button
            onPress={() => {
              setMost(most + STEP);
            }}
          >
            Show {thousands(Math.min(STEP, changed.length - most))} more
          </Button>
        </p>
      )}
      {found.cut && changed.length <= most && (
        <p className="policy-quiet policy-cut">
          Only the newest {thousands(changed.length)} are listed; the sums count all. A shorter time lists the rest.
        </p>
      )}
    </div>
  );
}

function Sum({
  words,
  count,
  icon,
  meaning,
}: {
  words: string;
  count: number;
  icon?: string;
  meaning?: 'write' | 'refused' | 'waiting';
}): ReactElement {
  return (
    <div>
      <dt>{words}</dt>
      <dd className={count > 0 && meaning !== undefined ? `meaning-${meaning}` : ''}>
        {icon !== undefined && count > 0 && <Icon name={icon} />} {thousands(count)}
      </dd>
    </div>
  );
}

/** The event in the Activity view, among those around it. */
function openEvent(workbench: Workbench, { log, index, at }: SimulatedView): void {
  showActivity(workbench, { filter: {}, range: around(Date.parse(at)) });
  workbench.activity.opened.set({ log, index });
}

function Changed({ one, now }: { one: SimulatedView; now: number }): ReactElement {
  const workbench = useWorkbench();
  const at = Date.parse(one.at);
  const { icon, words, meaning } = outcomeOf(one);
  return (
    <li className="simulated">
      <button
        type="button"
        className="policy-line"
        title="Open in Activity"
        onClick={() => {
          openEvent(workbench, one);
        }}
      >
        <Icon name={icon} className={`meaning-${meaning}`} />
        <span className="policy-line-words">
          <span>
            <span className={`meaning-${meaning}`}>{words}</span> <Shown text={oneLine(one.title, 160)} />
          </span>
          <span className="policy-quiet">
            <Shown text={one.person} />
            {one.agent !== null && (
              <>
                {' by '}
                <Shown text={one.agent} />
              </>
            )}
            {' \u00b7 '}
            <Shown text={one.connection} />
          </span>
          {one.changes.map((change, index) => (
            <span key={index}>
              <Shown text={change} />
            </span>
          ))}
        </span>
        <span className="policy-line-number" title={exactTime(at)}>
          {listTime(at, now)}
        </span>
      </button>
      {one.rules.length > 0 && (
        <span className="simulated-rules">
          {one.rules.map((id) => (
            <RuleLink key={id} id={id} />
          ))}
        </span>
      )}
    </li>
  );
}
