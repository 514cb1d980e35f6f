import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Hub, type HubEvent, idOf, MAX_BODY } from '../hub.ts';

/** A place for one test, and hubs that share it as several processes would. */
export interface HubPlace {
  /** Another hub on the same events; closed with the place. */
  open(): Hub;
  remove(): Promise<void>;
}

export const eventOf = (body: string, topic = 'grant'): HubEvent => ({ id: idOf(body), topic, body });

/** What every hub does, wherever it keeps its events. */
export function hubConformance(name: string, make: () => Promise<HubPlace>): void {
  describe(`a hub of approvals (${name})`, () => {
    let place: HubPlace;
    let hub: Hub;
    beforeEach(async () => {
      place = await make();
      hub = place.open();
    });
    afterEach(() => place.remove());

    const bodies = async (of: Hub, position = 0, limit = 1_000): Promise<readonly string[]> =>
      (await of.since(position, limit)).map(({ body }) => body);

    it('gives nothing where nothing was appended', async () => {
      expect(await hub.since(0, 10)).toEqual([]);
    });

    it('gives back what was appended, byte for byte and in order', async () => {
      const events = ['one', 'two ünïcode 🙂', '{"three":"\\u0000"}'].map((body, i) =>
        eventOf(body, `topic-${String(i)}`),
      );
      for (const event of events) await hub.append(event);
      const found = await hub.since(0, 10);
      expect(found.map(({ position: _position, ...event }) => event)).toEqual(events);
      expect(found.map(({ position }) => position)).toEqual(
        found.map(({ position }) => position).toSorted((a, b) => a - b),
      );
    });

    it('goes on from a position, a few at a time', async () => {
      for (let i = 0; i < 7; i++) await hub.append(eventOf(String(i)));
      const first = await hub.since(0, 3);
      expect(first).toHaveLength(3);
      const second = await hub.since(first.at(-1)?.position ?? 0, 3);
      const third = await hub.since(second.at(-1)?.position ?? 0, 3);
      expect([...first, ...second, ...third].map(({ body }) => body)).toEqual(['0', '1', '2', '3', '4', '5', '6']);
      expect(await hub.since(third.at(-1)?.position ?? 0, 3)).toEqual([]);
    });

    it('takes the same event twice as one', async () => {
      const { position } = await hub.append(eventOf('one'));
      await hub.append(eventOf('two'));
      expect(await hub.append(eventOf('one'))).toEqual({ position });
      expect(await bodies(hub)).toEqual(['one', 'two']);
    });

    it.each([
      ['another body under a known id', { ...eventOf('one'), body: 'other' }],
      ['the same body under another topic', eventOf('one', 'grant-end')],
      ['an id that is no hash', { ...eventOf('two'), id: '' }],
      ['an id in capitals', { ...eventOf('two'), id: idOf('two').toUpperCase() }],
      ['a topic that is no word', eventOf('two', "grant'; --")],
      ['no topic', eventOf('two', '')],
      ['a body beyond its bound', eventOf('x'.repeat(MAX_BODY + 1))],
      ['a body whose bytes are beyond its bound', eventOf('ü'.repeat(MAX_BODY / 2 + 1))],
      ['half a character', eventOf('\ud800')],
      ['a character that not every store can keep', eventOf('\0')],
    ])('refuses %s', async (_, event) => {
      await hub.append(eventOf('one'));
      await expect(hub.append(event)).rejects.toMatchObject({ code: 'hub-event-refused' });
      expect(await bodies(hub)).toEqual(['one']);
    });

    it('keeps a body of the greatest length', async () => {
      const body = 'x'.repeat(MAX_BODY);
      await hub.append(eventOf(body));
      expect((await bodies(hub))[0] === body).toBe(true);
    });

    it('shows others what it has acknowledged', async () => {
      const other = place.open();
      expect(await bodies(other)).toEqual([]);
      await hub.append(eventOf('one'));
      expect(await bodies(other)).toEqual(['one']);
      await other.append(eventOf('two'));
      expect(await bodies(hub)).toEqual(['one', 'two']);
    });

    it('loses nothing that several append at once, and a reader misses none of it', async () => {
      const writers = [place.open(), place.open(), place.open()];
      const read: string[] = [];
      let position = 0;
      let writing = true;
      const follow = async (): Promise<void> => {
        for (;;) {
          const last = !writing;
          const next = await hub.since(position, 4);
          read.push(...next.map(({ body }) => body));
          position = next.at(-1)?.position ?? position;
          if (last && next.length === 0) return;
          await new Promise((resolve) => setImmediate(resolve));
        }
      };
      const following = follow();
      await Promise.all(
        writers.map(async (writer, w) => {
          for (let i = 0; i < 15; i++) await writer.append(eventOf(`${String(w)} ${String(i)}`));
        }),
      );
      writing = false;
      await following;
      expect(new Set(read).size).toBe(45);
      expect(read).toHaveLength(45);
      expect(read).toEqual(await bodies(hub));
    });

    it('takes one event that several append at once as one', async () => {
      const positions = await Promise.all(
        [hub, place.open(), place.open()].map(async (one) => (await one.append(eventOf('one'))).position),
      );
      expect(new Set(positions).size).toBe(1);
      expect(await bodies(hub)).toEqual(['one']);
    });

    it('tells of what it appends itself, and of what others append', async () => {
      const other = place.open();
      const told = (): Promise<void> =>
        new Promise((resolve) => {
          const end = hub.subscribe(() => {
            end();
            resolve();
          });
        });
      const own = told();
      await hub.append(eventOf('one'));
      await own;
      const others = told();
      await other.append(eventOf('two'));
      await others;
      expect(await bodies(hub)).toEqual(['one', 'two']);
    });

    it('says so when it is asked after it was closed', async () => {
      await hub.append(eventOf('one'));
      await hub.close();
      await expect(hub.since(0, 1)).rejects.toMatchObject({ code: 'hub-closed' });
      await expect(hub.append(eventOf('two'))).rejects.toMatchObject({ code: 'hub-closed' });
      await hub.close();
      expect(await bodies(place.open())).toEqual(['one']);
    });
  });
}
