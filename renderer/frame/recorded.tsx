import { type ReactElement } from 'react';
import { type AuditStateView } from '../../shared/views.ts';
import { Icon } from '../design/index.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { anchorWords, pressureWords } from '../verify/anchor-words.ts';

const number = (value: number): string => value.toLocaleString('en');

/** What is recorded, and of that what has a copy and a witness elsewhere; a press opens what there is to know about it. */
export function Recorded(): ReactElement {
  const workbench = useWorkbench();
  const audit = useStore(workbench.audit);
  if (audit.state === 'loading') return <span className="status-field" />;
  const trouble = audit.state === 'failed' ? audit.trouble.message : audit.value.trouble;
  const open = (): void => {
    workbench.view.set('verify');
  };
  if (audit.state === 'failed' || trouble !== null) {
    return (
      <button
        type="button"
        className="status-field status-button meaning-refused"
        role="alert"
        title={trouble ?? ''}
        onClick={open}
      >
        <Icon name="error" /> {trouble}
      </button>
    );
  }
  return <Anchors state={audit.value} onPress={open} />;
}

function Anchors({ state, onPress }: { state: AuditStateView; onPress: () => void }): ReactElement {
  const { uploaded, witnessed } = anchorWords(state);
  const pressure = pressureWords(state.pressure);
  const sentences = [
    `Everything that runs is recorded first. Log: ${state.log}`,
    uploaded?.sentence,
    witnessed?.sentence,
    pressure?.sentence,
    state.anchorTrouble,
  ].filter((sentence) => sentence != null);
  return (
    <button type="button" className="status-field status-button" title={sentences.join('\n')} onClick={onPress}>
      <Icon name="pass" className="meaning-approved" /> recorded {number(state.recorded)}
      {[uploaded, witnessed].map(
        (line) =>
          line !== null && (
            <span key={line.label} className="status-anchor">
              {'\u00b7'} <Icon name={line.icon} className={`meaning-${line.meaning}`} /> {line.words}
            </span>
          ),
      )}
      {pressure !== null && (
        <span className={`status-anchor meaning-${pressure.meaning}`} role="alert">
          {'\u00b7'} <Icon name={pressure.icon} /> {pressure.words}
        </span>
      )}
    </button>
  );
}
