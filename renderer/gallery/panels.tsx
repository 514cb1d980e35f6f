import { type ReactElement, useCallback, useMemo, useState } from 'react';
import { type ConnectionView } from '../../shared/views.ts';
import { Inspector } from '../results/inspector.tsx';
import { type InspectedCell } from '../results/inspector/inspected.ts';
import { ResultsPanel } from '../results/results-panel.tsx';
import { createRun } from '../results/run-model.ts';
import { fakeClient } from './fake-client.ts';
import { type Scene, scenes } from './scenes.ts';

const connection: ConnectionView = {
  name: 'shop',
  title: 'shop',
  engine: 'postgresql',
  environment: 'production',
  database: 'shop',
  team: 'shop',
  access: 'read-only',
  strength: 'brokered',
  state: 'open',
  weaknesses: [],
  secondLineage: null,
};

const nothing = (): void => undefined;

/** Runs a scene once; the page lives as long as the run. */
function useScene(scene: Scene) {
  const [stage] = useState(() => {
    const client = fakeClient(scene.gate);
    return { client, run: createRun(client, { connection: 'shop', text: scene.text, offset: 0 }) };
  });
  return stage;
}

export function Results({ name }: { name: string }): ReactElement {
  const scene = scenes[name];
  if (scene === undefined) throw new Error(`There is no scene ${name}.`);
  return <SceneResults scene={scene} />;
}

function SceneResults({ scene }: { scene: Scene }): ReactElement {
  const { client, run } = useScene(scene);
  return <ResultsPanel client={client} run={run} connection={connection} onReveal={nothing} />;
}

export function NoRun(): ReactElement {
  const scene = scenes['none'] as Scene;
  const client = useMemo(() => fakeClient(scene.gate), [scene]);
  return <ResultsPanel client={client} run={null} connection={connection} onReveal={nothing} />;
}

/**
 * Results with the inspector beside them, as in the window; closed at first if asked, and then opened from the grid. The
 * key is the window's too: opening the inspector lays the areas out anew.
 */
export function ResultsWithInspector({ name, closed = false }: { name: string; closed?: boolean }): ReactElement {
  const scene = scenes[name] as Scene;
  const { client, run } = useScene(scene);
  const [cell, setCell] = useState<InspectedCell | null>(null);
  const [open, setOpen] = useState(!closed);
  const show = useCallback(() => setOpen(true), []);
  return (
    <div className={open ? 'gallery-beside' : 'gallery-alone'} key={open ? 'beside' : 'alone'}>
      <ResultsPanel
        client={client}
        run={run}
        connection={connection}
        onReveal={nothing}
        onInspect={setCell}
        onOpenInspector={show}
      />
      {open && (
        <aside className="gallery-inspector">
          <Inspector client={client} selection={cell} verdict={run.snapshot().verdict} />
        </aside>
      )}
    </div>
  );
}
