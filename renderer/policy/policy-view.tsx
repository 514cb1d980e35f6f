import { lazy, type ReactElement, Suspense, useEffect } from 'react';
import { Button, Message, ProgressBar, Split, Tabs } from '../design/index.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench, type Workbench } from '../state/workbench.ts';
import { ChangesTab } from './changes-tab.tsx';
import { ClassificationTab } from './classification-tab.tsx';
import { CompareDialog } from './compare-dialog.tsx';
import { keptForm } from './draft.ts';
import { ExplainTab } from './explain-tab.tsx';
import { MatrixTab } from './matrix-tab.tsx';
import { type PolicyTab } from './policy.ts';
import { PolicyHead } from './policy-head.tsx';
import { PolicyNotices } from './policy-notices.tsx';
import { ProblemList } from './problem-list.tsx';
import { RevertDialog } from './revert-dialog.tsx';
import { SaveDialog } from './save-dialog.tsx';
import { SimulateTab } from './simulate-tab.tsx';
import { TestsTab } from './tests-tab.tsx';
import '../activity/event-detail.css';
import '../verify/verify.css';
import './policy.css';
import './policy-answers.css';

/** Monaco comes after the frame, as in the editor. */
const PolicyText = lazy(async () => ({ default: (await import('../monaco-views.ts')).PolicyText }));

/** Keeps what is edited and not saved with the person's tabs; what is not known yet changes nothing. */
function keepDraft({ policy, workspace }: Workbench): () => void {
  const kept = workspace.get().policy;
  if (kept !== undefined) policy.restore(kept);
  return policy.draft.subscribe(() => {
    const draft = policy.draft.get();
    if (draft === null) return;
    const next = keptForm(draft);
    workspace.update((value) => {
      const { policy: before, ...rest } = value;
      if (before?.text === next?.text && before?.revision === next?.revision) return value;
      return next === undefined ? rest : { ...rest, policy: next };
    });
  });
}

/** What everybody may do, as text; beside it what that means: its tests, who can do what, what changes, and why. */
export function PolicyView(): ReactElement {
  const workbench = useWorkbench();
  const { policy } = workbench;
  const layout = useStore(workbench.workspace, ({ layout: sizes }) => sizes);
  const known = useStore(policy.draft, (draft) => draft !== null);
  const trouble = useStore(policy.trouble);

  useEffect(() => keepDraft(workbench), [workbench]);
  useEffect(() => policy.follow(), [policy]);

  if (!known) {
    return (
      <section className="policy-view" aria-label="Policy">
        {trouble === null ? (
          <ProgressBar label="Reading the policy" />
        ) : (
          <Message meaning="refused" alert actions={<Button onPress={policy.again}>Try again</Button>}>
            {trouble.message} {trouble.next}
          </Message>
        )}
      </section>
    );
  }
  const onResized = (sizes: Readonly<Record<string, number>>): void => {
    workbench.workspace.update((workspace) => ({ ...workspace, layout: { ...workspace.layout, ...sizes } }));
  };
  return (
    <section className="policy-view" aria-label="Policy">
      <PolicyHead />
      <PolicyNotices />
      <div className="policy-rest">
        <Split
          orientation="horizontal"
          sizes={layout}
          onResized={onResized}
          areas={[
            {
              id: 'policy-text',
              label: 'policy text',
              size: '44%',
              least: '300px',
              content: (
                <div className="policy-writing">
                  <div className="policy-text-box">
                    <Suspense fallback={<ProgressBar label="Loading the editor" />}>
                      <PolicyText />
                    </Suspense>
                  </div>
                  <ProblemList />
                </div>
              ),
            },
            { id: 'policy-answers', label: 'answers', size: '56%', least: '360px', content: <Answers /> },
          ]}
        />
      </div>
      <SaveDialog />
      <RevertDialog />
      <CompareDialog />
    </section>
  );
}

function Answers(): ReactElement {
  const { policy } = useWorkbench();
  const tab = useStore(policy.tab);
  return (
    <div className="policy-answers">
      <Tabs
        label="What the policy means"
        selected={tab}
        onSelect={(id) => {
          policy.tab.set(id as PolicyTab);
        }}
        items={[
          { id: 'tests', label: <TestsLabel />, content: <TestsTab /> },
          { id: 'matrix', label: 'Matrix', content: <MatrixTab /> },
          { id: 'changes', label: 'Changes', content: <ChangesTab /> },
          { id: 'explain', label: 'Explain', content: <ExplainTab /> },
          { id: 'simulate', label: 'Simulate', content: <SimulateTab /> },
          { id: 'classification', label: 'Classification', content: <ClassificationTab /> },
        ]}
      />
    </div>
  );
}

/** How many tests fail stands on the tab: it is seen from every other one. */
function TestsLabel(): ReactElement {
  const { policy } = useWorkbench();
  const failing = useStore(
    policy.check.answer,
    ({ value }) => value?.tests.filter(({ passed }) => !passed).length ?? 0,
  );
  return (
    <>
      Tests
      {failing > 0 && <span className="policy-failing">{failing} failing</span>}
    </>
  );
}
