import { lazy, type ReactElement, Suspense, useEffect } from 'react';
import { Label } from 'react-aria-components/Label';
import { Radio, RadioGroup } from 'react-aria-components/RadioGroup';
import {
  Button,
  environmentName,
  Icon,
  Menu,
  type MenuEntry,
  Message,
  ProgressBar,
  TextField,
} from '../design/index.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { Explanation } from './explanation.tsx';
import { isComplete, type Question, withAsker } from './explain-question.ts';

const SqlBox = lazy(async () => ({ default: (await import('../monaco-views.ts')).SqlBox }));

/** Which rules decide a statement, as whom and when one likes, and why; nothing runs. */
export function ExplainTab(): ReactElement {
  const { policy } = useWorkbench();
  const question = useStore(policy.question);
  const answer = useStore(policy.explanation.answer);
  const problems = useStore(policy.check.answer, ({ value }) => value?.problems.length ?? 0);
  const change = (part: Partial<Question>): void => {
    policy.question.update((before) => ({ ...before, ...part }));
  };
  const unreadable = question.policy === 'draft' && problems > 0;
  const ready = isComplete(question) && !unreadable;
  const explain = (): void => {
    const now = policy.question.get();
    if (isComplete(now)) policy.explain(now.policy);
  };
  return (
    <div className="policy-pane policy-scroll">
      <form
        className="explain-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) explain();
        }}
      >
        <div className="explain-row">
          <TextField
            label="As"
            code
            placeholder="yourself"
            hint="group:analysts, person:ana@shop.example, agent; several with spaces"
            value={question.as}
            onChange={(as) => {
              change({ as });
            }}
          />
          <AskerChoice question={question} onChange={change} />
          <ConnectionChoice question={question} onChange={change} />
        </div>
        <div className="explain-sql">
          <Suspense fallback={<ProgressBar label="Loading the editor" />}>
            <SqlBox
              label="Statement to explain"
              text={question.sql}
              onText={(sql) => {
                change({ sql });
              }}
              onSubmit={explain}
            />
          </Suspense>
        </div>
        <div className="explain-row">
          <TextField
            label="At"
            code
            placeholder="now"
            hint="2026-03-02T09:00:00Z"
            value={question.at}
            onChange={(at) => {
              change({ at });
            }}
          />
          <TextField
            label="With grants"
            code
            placeholder="none"
            hint="unmask; several with spaces"
            value={question.grants}
            onChange={(grants) => {
              change({ grants });
            }}
          />
        </div>
        <div className="explain-actions">
          <RadioGroup
            className="choice"
            orientation="horizontal"
            value={question.policy}
            onChange={(value) => {
              change({ policy: value === 'in-force' ? 'in-force' : 'draft' });
            }}
          >
            <Label className="visually-hidden">By which policy</Label>
            <Radio value="draft" className="choice-option">
              This text
            </Radio>
            <Radio value="in-force" className="choice-option">
              In force
            </Radio>
          </RadioGroup>
          <Button type="submit" variant="primary" icon="law" shortcut="Mod+Enter" isDisabled={!ready}>
            Explain
          </Button>
        </div>
        {unreadable && <p className="meaning-refused">The text has errors; the policy in force can be asked.</p>}
      </form>
      {answer.asking && <ProgressBar label="Deciding" />}
      {answer.trouble !== null && (
        <Message meaning="refused" alert actions={<Button onPress={policy.explanation.again}>Try again</Button>}>
          {answer.trouble.message} {answer.trouble.next}
        </Message>
      )}
      {answer.trouble === null && answer.value !== null && answer.of !== null && (
        <Explanation explained={answer.value} question={answer.of.question} text={answer.of.text} />
      )}
      {answer.value === null && answer.trouble === null && !answer.asking && (
        <p className="policy-quiet policy-cut">
          Choose a connection and write a statement: the verdict and every rule that has to do with it stand here.
        </p>
      )}
    </div>
  );
}

interface ChoiceProps {
  readonly question: Question;
  readonly onChange: (part: Partial<Question>) => void;
}

/** Everybody whom the text names, for choosing instead of typing. */
function AskerChoice({ question, onChange }: ChoiceProps): ReactElement | null {
  const { policy } = useWorkbench();
  const matrix = useStore(policy.matrix.answer, ({ value }) => value);
  const entries: MenuEntry[] = (matrix?.who ?? []).map(({ id, title }) => ({
    id,
    label: title,
    detail: id === title ? '' : id,
    onAction: () => {
      onChange({ as: withAsker(question.as, id) });
    },
  }));
  if (entries.length === 0) return null;
  return (
    <Menu label="Who" entries={entries}>
      <Button
        variant="quiet"
        icon="organization"
        aria-label="Add somebody whom the policy names"
        className="explain-add"
      >
        Add
      </Button>
    </Menu>
  );
}

function ConnectionChoice({ question, onChange }: ChoiceProps): ReactElement {
  const workbench = useWorkbench();
  const connections = useStore(workbench.connections);
  const list = connections.state === 'ready' ? connections.value : [];
  const chosen = list.find(({ name }) => name === question.connection) ?? null;
  const only = list.length === 1 ? (list[0]?.name ?? null) : null;
  useEffect(() => {
    // One connection needs no choosing.
    if (question.connection === null && only !== null) onChange({ connection: only });
  }, [question.connection, only, onChange]);
  const entries: MenuEntry[] = list.map(({ name, title, environment }) => ({
    id: name,
    label: title,
    detail: environmentName(environment),
    icon: name === question.connection ? 'check' : 'blank',
    onAction: () => {
      onChange({ connection: name });
    },
  }));
  const words = chosen === null ? (question.connection ?? 'Choose a connection') : chosen.title;
  const where = chosen === null ? '' : ` ${environmentName(chosen.environment)}`;
  return (
    <div className="explain-connection">
      <span className="text-field-label" aria-hidden="true">
        On
      </span>
      <Menu label="Connection" entries={entries}>
        <Button icon="database" aria-label={`Connection: ${words}${where}`}>
          {words}
          <span className="policy-quiet">{where}</span> <Icon name="chevron-down" />
        </Button>
      </Menu>
    </div>
  );
}
