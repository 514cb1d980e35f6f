import { type ReactElement, useId, useState } from 'react';
import { Checkbox } from 'react-aria-components/Checkbox';
import { CheckboxGroup } from 'react-aria-components/CheckboxGroup';
import { Label } from 'react-aria-components/Label';
import { clockTime } from '../account/clock-words.ts';
import { minutesOf } from '../account/take-grant.tsx';
import { type AgentView, type IssuedTokenView } from '../../shared/views.ts';
import { Button, environmentName, Icon, Message, TextField } from '../design/index.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { useAct } from './use-act.ts';

/** Minutes that are proposed. */
const PROPOSED = 60;

/** For how long and for which connections an agent gets a token. */
export function IssueToken({
  agent,
  onIssued,
  onCancel,
}: {
  agent: AgentView;
  onIssued: (token: IssuedTokenView) => void;
  onCancel: () => void;
}): ReactElement {
  const { account, connections: known } = useWorkbench();
  const connections = useStore(known);
  const list = connections.state === 'ready' ? connections.value : [];
  const [minutes, setMinutes] = useState(String(Math.min(PROPOSED, agent.maxMinutes)));
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const { busy, trouble, act } = useAct();
  const wanted = minutesOf(minutes, agent);
  return (
    <form
      className="settings-form"
      aria-label={`Issue a token for ${agent.title}`}
      onSubmit={(event) => {
        event.preventDefault();
        if (wanted === null) return;
        act(async () => {
          const only = chosen.length === 0 ? {} : { connections: [...chosen] };
          onIssued(await account.issue({ agent: agent.name, minutes: wanted, ...only }));
        });
      }}
    >
      <div className="settings-minutes">
        <TextField
          label="Minutes"
          inputMode="numeric"
          autoFocus
          isInvalid={wanted === null}
          hint={`From 1 to ${String(agent.maxMinutes)}`}
          value={minutes}
          onChange={setMinutes}
        />
      </div>
      <CheckboxGroup
        className="settings-checks"
        value={[...chosen]}
        onChange={(values) => {
          setChosen(values);
        }}
      >
        <Label className="settings-label">Only for these connections; none chosen: all you may use</Label>
        {list.map(({ name, title, environment }) => (
          <Checkbox key={name} value={name} className="check">
            {({ isSelected }) => (
              <>
                <span className="check-box">{isSelected && <Icon name="check" />}</span>
                {title} <span className="settings-quiet">{environmentName(environment)}</span>
              </>
            )}
          </Checkbox>
        ))}
      </CheckboxGroup>
      {trouble !== null && (
        <Message meaning="refused" alert>
          {trouble.message} {trouble.next}
        </Message>
      )}
      <div className="settings-actions">
        <Button type="submit" variant="primary" isDisabled={wanted === null || busy}>
          Issue
        </Button>
        <Button onPress={onCancel}>Cancel</Button>
      </div>
    </form>
  );
}

/** The token, this once: the window keeps it nowhere. */
export function IssuedToken({ issued, onDone }: { issued: IssuedTokenView; onDone: () => void }): ReactElement {
  const { account } = useWorkbench();
  const now = useStore(account.now);
  const [copied, setCopied] = useState<'yes' | 'failed' | null>(null);
  const id = useId();
  const copy = (): void => {
    navigator.clipboard.writeText(issued.token).then(
      () => {
        setCopied('yes');
      },
      () => {
        setCopied('failed');
      },
    );
  };
  return (
    <div className="token" role="group" aria-labelledby={id}>
      <p id={id}>
        <Icon name="key" /> Token {issued.id}, until {clockTime(issued.expiresAt, now)}. <b>It is shown once.</b>
      </p>
      <div className="token-text">
        <code>{issued.token}</code>
      </div>
      <p className="settings-note">
        Give it to the agent in the environment variable <code>COUNTERSIGN_AGENT_TOKEN</code>, or in a file that only
        you can read, with <code>--agent-token-file</code>. Never as an argument: others on this machine read those.
      </p>
      <div className="settings-actions">
        <Button variant="primary" icon={copied === 'yes' ? 'check' : 'copy'} autoFocus onPress={copy}>
          {copied === 'yes' ? 'Copied' : 'Copy'}
        </Button>
        <Button onPress={onDone}>Done</Button>
        <span role="status" className="settings-quiet">
          {copied === 'failed' && 'Not copied: select the text instead.'}
        </span>
      </div>
    </div>
  );
}
