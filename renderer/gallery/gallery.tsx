import '../link/without-eval.ts';
import { type ReactElement, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import '../design/base.css';
import { applyTheme, type Theme } from '../design/index.ts';
import './gallery.css';
import { NoRun, Results, ResultsWithInspector } from './panels.tsx';
import { Parts } from './parts.tsx';
import { scenes } from './scenes.ts';
import { WindowPage, windowScenes } from './windows.tsx';

/**
 * The gallery: `?page=...&theme=...`. Pages are what one picture holds; a scene's own name shows it alone.
 * Not part of the product: Vite builds it as an entry of its own, into another directory.
 */
const states = ['refused', 'asked', 'failed', 'broken', 'cancelled', 'cut', 'none', 'pending', 'unreadable', 'running'];

function States(): ReactElement {
  return (
    <div className="gallery-states">
      <Framed title="Before the first run">
        <NoRun />
      </Framed>
      {states.map((name) => (
        <Framed key={name} title={scenes[name]?.title ?? name}>
          <Results name={name} />
        </Framed>
      ))}
    </div>
  );
}

function Framed({ title, children }: { title: string; children: ReactElement }): ReactElement {
  return (
    <figure className="gallery-framed">
      <figcaption>{title}</figcaption>
      <div>{children}</div>
    </figure>
  );
}

function Page({ name }: { name: string }): ReactElement {
  if (name === 'states') return <States />;
  if (name === 'parts') return <Parts />;
  if (name === 'inspector') return <ResultsWithInspector name="rows" />;
  if (name === 'inspector-closed') return <ResultsWithInspector name="rows" closed />;
  if (name === 'inspector-cells') return <ResultsWithInspector name="cells" />;
  if (name === 'empty-canvas') return <EmptyCanvas />;
  const scene = windowScenes[name];
  return scene === undefined ? <Results name={name} /> : <WindowPage scene={scene} />;
}

/** The floor for the benchmark: a canvas of the same size over the same scrolled height, cleared in every frame. */
function EmptyCanvas(): ReactElement {
  const attach = (scroller: HTMLDivElement | null): void => {
    const canvas = scroller?.querySelector('canvas');
    const context = canvas?.getContext('2d', { alpha: false });
    if (!scroller || !canvas || !context) return;
    canvas.width = scroller.clientWidth;
    canvas.height = scroller.clientHeight;
    let frame = 0;
    const clear = (): void => {
      frame = 0;
      context.fillStyle = scroller.scrollTop % 2 < 1 ? 'white' : 'whitesmoke';
      context.fillRect(0, 0, canvas.width, canvas.height);
    };
    scroller.addEventListener('scroll', () => {
      if (frame === 0) frame = requestAnimationFrame(clear);
    });
    clear();
  };
  return (
    <div className="gallery-floor" ref={attach}>
      <div>
        <canvas />
      </div>
    </div>
  );
}

const asked = new URLSearchParams(location.search);
applyTheme((asked.get('theme') ?? 'system') as Theme);
const root = document.getElementById('root');
if (root === null) throw new Error('The page has no root.');
createRoot(root).render(
  <StrictMode>
    <Page name={asked.get('page') ?? 'rows'} />
  </StrictMode>,
);
