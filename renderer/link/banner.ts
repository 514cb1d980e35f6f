import './banner.css';
import { type LinkState } from './keep-connected.ts';

/** A page in place of the workbench: while it starts, and when it cannot. */
export function showNotice(root: HTMLElement, heading: string, text: string): void {
  const notice = document.createElement('main');
  notice.className = 'link-notice';
  notice.setAttribute('role', 'status');
  const title = document.createElement('h1');
  title.textContent = heading;
  const body = document.createElement('p');
  body.textContent = text;
  notice.append(title, body);
  root.replaceChildren(notice);
}

/** What to say of a state over a running workbench, and whether a reload helps; null: nothing. */
function bannerText(state: LinkState): { readonly text: string; readonly reload: boolean } | null {
  switch (state.kind) {
    case 'lost':
      return { text: 'The connection to Countersign was lost. Connecting again…', reload: false };
    case 'restored':
      return {
        text: 'Connected again. Your text is here; reload the window to go on with your session.',
        reload: true,
      };
    case 'refused':
      return { text: `${state.refusal.heading}. ${state.refusal.message}`, reload: false };
    default:
      return null;
  }
}

/** One line at the bottom of the window that a screen reader announces; nothing under it moves. */
export function createBanner(): (state: LinkState) => void {
  const banner = document.createElement('div');
  banner.className = 'link-banner';
  banner.setAttribute('role', 'status');
  banner.hidden = true;
  const text = document.createElement('span');
  const reload = document.createElement('button');
  reload.type = 'button';
  reload.textContent = 'Reload';
  reload.addEventListener('click', () => location.reload());
  banner.append(text, reload);
  document.body.append(banner);
  return (state) => {
    const shown = bannerText(state);
    banner.hidden = shown === null;
    text.textContent = shown?.text ?? '';
    reload.hidden = shown?.reload !== true;
  };
}
