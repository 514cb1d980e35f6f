import { type KeyboardEvent, type ReactElement, useEffect, useRef } from 'react';
import { type TabState } from '../../shared/views.ts';
import { Button, IconButton, MeaningIcon, Message, TextField } from '../design/index.ts';
import { BrowserWait } from '../sign-in/browser-wait.tsx';
import { type Asked, lacksReason, placeOfAsked } from '../state/asked.ts';
import { forgetAsked, putAsked, runAsked } from '../state/run.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import './needs-bar.css';

/** What the statement asks of the person before it runs: a reason, a proof that it is them, or both in one go. */
export function NeedsBar({ tab }: { tab: TabState }): ReactElement | null {
  const workbench = useWorkbench();
  const asked = useStore(workbench.asked, (all) => all.get(tab.id) ?? null);
  if (asked === null || placeOfAsked(asked, tab) === null) return null;
  return <Question key={tab.id} tab={tab.id} asked={asked} />;
}

function Question({ tab, asked }: { tab: string; asked: Asked }): ReactElement {
  const workbench = useWorkbench();
  const stepUp = useStore(workbench.account.stepUp.state);
  const reason = useRef<HTMLInputElement>(null);
  const run = useRef<HTMLButtonElement>(null);
  const wantsReason = asked.needs.includes('reason');
  const wantsStepUp = asked.needs.includes('step-up');

  // What is missing takes the focus each time it is asked for; what was asked before this came onto the screen too.
  const { turn } = asked;
  const lacks = lacksReason(asked);
  const target = useRef({ lacks });
  useEffect(() => {
    target.current = { lacks };
  });
  // While the browser has it, what it asks for is said already; once it ran, nothing is asked for.
  const waiting = stepUp.kind === 'waiting' && asked.confirming;
  useEffect(() => {
    if (waiting) return;
    if (target.current.lacks) reason.current?.focus();
    else run.current?.focus();
  }, [turn, waiting]);

  const sentences = waiting || asked.answered ? [] : asked.sentences;
  const change = (said: Partial<Pick<Asked, 'reason' | 'ticket'>>): void => {
    putAsked(workbench, tab, { ...asked, ...said });
  };
  const close = (): void => {
    workbench.account.stepUp.cancel();
    forgetAsked(workbench, tab);
    workbench.editor.get()?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    close();
  };

  return (
    <section
      className={asked.answered ? 'needs-bar' : 'needs-bar needs-open'}
      aria-label="Before it runs"
      onKeyDown={onKeyDown}
    >
      {sentences.map((sentence) => (
        <p key={sentence} className="needs-sentence selectable">
          <MeaningIcon meaning="waiting" /> {sentence}
        </p>
      ))}
      {waiting ? (
        <BrowserWait
          sentence="Confirm in your browser that it is you. The statement runs by itself then."
          url={stepUp.url}
          onCancel={() => {
            workbench.account.stepUp.cancel();
          }}
          onOpen={(url) => {
            workbench.host.openExternal(url);
          }}
        />
      ) : (
        <form
          className="needs-form"
          onSubmit={(event) => {
            event.preventDefault();
            void runAsked(workbench, tab);
          }}
        >
          {wantsReason && (
            <>
              <div className="needs-reason">
                <TextField
                  label="Reason"
                  placeholder="Reason: what is it for"
                  quiet
                  isRequired
                  inputRef={reason}
                  maxLength={2000}
                  value={asked.reason}
                  onChange={(text) => {
                    change({ reason: text });
                  }}
                />
              </div>
              <div className="needs-ticket">
                <TextField
                  label="Ticket"
                  placeholder="Ticket, if there is one"
                  quiet
                  maxLength={200}
                  value={asked.ticket}
                  onChange={(text) => {
                    change({ ticket: text });
                  }}
                />
              </div>
            </>
          )}
          <Button ref={run} type="submit" icon={wantsStepUp ? 'account' : 'play'} isDisabled={lacks}>
            {wantsStepUp ? 'Confirm it’s you and run' : 'Run'}
          </Button>
          <IconButton icon="close" label={asked.answered ? 'Forget the reason' : 'Do not run it'} onPress={close} />
        </form>
      )}
      {stepUp.kind === 'failed' && wantsStepUp && (
        <Message meaning="refused" alert>
          {stepUp.trouble.message} {stepUp.trouble.next}
        </Message>
      )}
    </section>
  );
}
