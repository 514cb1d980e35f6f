/**
 * The activity of a profile as doors ask for it. A reviewer sees everybody's, everybody else their own, an agent
 * nothing; what a reviewer looks at is itself recorded, before it is shown. Translates between contract, index and record.
 */
import { type ActivityEventView, type ActivityProgressView, type ActivityQuery } from '../../../shared/views.ts';
import { type Anchors } from '../../audit/anchors/index.ts';
import { type Actor, type AuditLog } from '../../audit/index.ts';
import {
  type ActivityChart,
  type ActivityFacets,
  type ActivityFilter,
  type ActivityPage,
  type ActivityStore,
  type Feed,
  type Viewer,
} from '../../audit/search/index.ts';
import { parseVerifierKey, SIGNATURE_TYPE, type VerifierKey } from '../../audit/witness/index.ts';
import { CountersignError } from '../../errors.ts';
import { type Session } from '../../identity/principal.ts';
import { newest } from '../newest.ts';
import { requireNoAgent } from '../standing.ts';
import { eventView, type TextRight } from './event-view.ts';
import { exportEvents, type ExportFormat } from './export.ts';
import { recordedEvent, type RecordedEvent } from './recorded-event.ts';
import { createReviews } from './reviews.ts';

export interface ActivityPorts {
  readonly store: ActivityStore;
  /** Absent for a command that has caught up before it asks. */
  readonly feed?: Pick<Feed, 'progress' | 'onProgress'>;
  /** Holds all logs of the profile. */
  readonly directory: string;
  /** Opens what is sealed in them. */
  readonly blobKey: Uint8Array;
  readonly audit: AuditLog;
  readonly anchors: Pick<Anchors, 'state'>;
  /** Verifier keys of the witnesses that are configured (C2SP vkey). */
  readonly witnesses: readonly { readonly key: string }[];
  /** Who a login is in the record, with the proof of it there. */
  readonly actorOf: (session: Session) => Promise<Actor>;
  readonly isReviewer: (session: Session) => boolean;
  /** Groups whose members see everything. */
  readonly reviewers: () => readonly string[];
}

export interface Activity {
  events(
    session: Session,
    input: { readonly query: ActivityQuery; readonly before: string | null; readonly limit: number },
  ): Promise<ActivityPage>;
  chart(
    session: Session,
    input: {
      readonly query: ActivityQuery;
      readonly from: number;
      readonly to: number;
      readonly bucket: 'hour' | 'day';
    },
  ): Promise<ActivityChart>;
  facets(session: Session, input: { readonly query: ActivityQuery }): Promise<ActivityFacets>;
  /** @throws CountersignError `no-such-event`, the same where there is none and where this person may not see it */
  event(session: Session, input: { readonly log: string; readonly index: number }): Promise<ActivityEventView>;
  /** Now and after changes; a slow reader gets the newest only. */
  progress(session: Session, signal: AbortSignal): AsyncGenerator<ActivityProgressView>;
  /** At most 100,000 events, newest first; recorded before the first piece. */
  export(
    session: Session,
    input: { readonly query: ActivityQuery; readonly format: ExportFormat; readonly limit?: number },
    signal: AbortSignal,
  ): AsyncGenerator<string>;
}

export function createActivity(ports: ActivityPorts): Activity {
  const { store, feed, directory, blobKey, audit, anchors } = ports;
  const reviews = createReviews(audit, ports.actorOf);
  const witnesses: readonly VerifierKey[] = ports.witnesses
    .map(({ key }) => parseVerifierKey(key, SIGNATURE_TYPE.cosignature))
    .filter((key) => key !== null);

  /** @throws CountersignError `agent-may-not` */
  function viewerOf(session: Session): Viewer {
    requireNoAgent(session, 'read the record');
    return ports.isReviewer(session) ? { everything: true } : { everything: false, person: personOf(session) };
  }

  /** Who looks, after it was recorded that they look at what others did. */
  async function searching(session: Session, query: ActivityQuery): Promise<Viewer> {
    const viewer = viewerOf(session);
    if (viewer.everything && query.person !== personOf(session)) await reviews.searched(session, query);
    return viewer;
  }

  function rightTo(session: Session, recorded: RecordedEvent | null): TextRight {
    const user = recorded?.parts.actor?.user;
    if (user !== undefined && `${user.iss} ${user.sub}` === personOf(session)) return 'own';
    return ports.isReviewer(session) ? 'reviewer' : 'none';
  }

  function progressNow(session: Session): ActivityProgressView {
    const { log, recorded } = audit.state();
    const { indexed, trouble } = feed?.progress() ?? { indexed: new Map<string, number>(), trouble: null };
    const all = [...indexed.values()].reduce((sum, size) => sum + size, 0);
    const own = indexed.get(log) ?? 0;
    return {
      indexed: all,
      // Other processes record into logs of their own; what they have recorded is known when it is taken in.
      recorded: all - own + Math.max(own, recorded),
      everything: ports.isReviewer(session),
      reviewers: ports.reviewers(),
      trouble,
    };
  }

  return {
    async events(session, { query, before, limit }) {
      const viewer = await searching(session, query);
      return store.events(filterOf(query), viewer, { limit, ...(before === null ? {} : { before }) });
    },
    async chart(session, { query, ...span }) {
      return store.chart(filterOf(query), await searching(session, query), span);
    },
    async facets(session, { query }) {
      return store.facets(filterOf(query), await searching(session, query));
    },
    async event(session, { log, index }) {
      const viewer = viewerOf(session);
      const found = await store.event(log, index, viewer);
      const recorded = found === null ? null : recordedEvent(directory, blobKey, log, index);
      const right = rightTo(session, recorded);
      // The index is derived and may have been changed: where the leaf names somebody else, the leaf is right.
      const others = !viewer.everything && recorded?.parts.actor !== undefined && right !== 'own';
      if (found === null || others) {
        throw new CountersignError(
          'no-such-event',
          `There is no event ${String(index)} of the log ${log} that you may see.`,
          { next: 'Search for it: the index may not have taken it in yet.' },
        );
      }
      const sealed = recorded?.parts.op?.text ?? recorded?.parts.op?.params;
      if (right === 'reviewer' && sealed !== undefined) await reviews.read(session, log, index);
      return eventView({
        ...found,
        recorded,
        right,
        witnesses,
        anchors: { ...anchors.state(), log: audit.state().log },
      });
    },
    progress(session, signal) {
      return newest(
        () => progressNow(session),
        [(changed) => audit.onState(changed), (changed) => feed?.onProgress(changed) ?? (() => undefined)],
        signal,
      );
    },
    async *export(session, { query, format, limit }, signal) {
      const viewer = viewerOf(session);
      await reviews.exported(session, query, format);
      yield* exportEvents(store, filterOf(query), viewer, {
        format,
        signal,
        ...(limit === undefined ? {} : { limit }),
      });
    },
  };
}

/** `iss` and `sub`, as the index has a person. */
const personOf = ({ principal }: Session): string => `${principal.issuer} ${principal.subject}`;

/** The index knows absent fields only. */
const filterOf = (query: ActivityQuery): ActivityFilter =>
  Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
