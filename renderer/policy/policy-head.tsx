import { type ReactElement, useEffect, useState } from 'react';
import { shortcutOf } from '../commands/commands.ts';
import { exactTime, listTime } from '../activity/times.ts';
import { Button, Icon, WithTooltip } from '../design/index.ts';
import { plural } from '../results/words.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { isEdited } from './draft.ts';
import { openSave, whyNotSaved } from './saving.ts';

/** ms between two looks at the clock. */
const TICK = 30_000;
/** Characters of a hash that tell policies apart for a person. */
const SHORT = 12;

function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(Date.now());
    }, TICK);
    return () => {
      clearInterval(timer);
    };
  }, []);
  return now;
}

/** Which policy is in force, whether the text is another one, and what can be done about it. */
export function PolicyHead(): ReactElement | null {
  const { policy } = useWorkbench();
  const state = useStore(policy.state);
  const draft = useStore(policy.draft);
  // Whether it can be saved depends on what is said about the text.
  useStore(policy.check.answer);
  const now = useNow();
  if (state === null || draft === null) return null;
  const edited = isEdited(draft);
  const hindrance = whyNotSaved(policy);
  return (
    <header className="policy-head">
      <h1 className="policy-title">policy.yaml</h1>
      <span className="policy-unsaved" role="status">
        {edited && (
          <>
            <Icon name="circle-filled" /> not saved
          </>
        )}
      </span>
      <p className="policy-in-force">
        <span>In force</span> <Hash text={state.inForce} />{' '}
        <span title={exactTime(Date.parse(state.since))}>since {listTime(Date.parse(state.since), now)}</span>
        {' \u00b7 '}
        {plural(state.rules, 'rule')}
      </p>
      <Button
        variant="quiet"
        icon="diff"
        isDisabled={!edited}
        onPress={() => {
          policy.dialog.set('compare');
        }}
      >
        Compare
      </Button>
      <Button
        variant="quiet"
        icon="discard"
        isDisabled={!edited}
        onPress={() => {
          policy.dialog.set('revert');
        }}
      >
        Revert
      </Button>
      <WithTooltip text={hindrance ?? 'Shows what becomes wider, then puts it in force'}>
        <Button
          variant={hindrance === null ? 'primary' : 'secondary'}
          icon="save"
          shortcut={shortcutOf('policy.save')}
          isDisabled={hindrance !== null}
          onPress={() => {
            openSave(policy);
          }}
        >
          Save
        </Button>
      </WithTooltip>
    </header>
  );
}

/** The first characters of a hash; a press takes the whole of it along. */
function Hash({ text }: { text: string }): ReactElement {
  const [copied, setCopied] = useState('');
  const done = copied === text;
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setCopied(text);
  };
  return (
    <WithTooltip text={done ? 'Copied' : `Copy ${text}`}>
      <Button
        variant="quiet"
        className="policy-hash"
        aria-label={done ? 'Hash copied' : `Copy the hash of the policy in force, ${text.slice(0, SHORT)}`}
        onPress={() => {
          copy().catch(() => {
            setCopied('');
          });
        }}
      >
        {text.slice(0, SHORT)} <Icon name={done ? 'check' : 'copy'} />
      </Button>
    </WithTooltip>
  );
}
