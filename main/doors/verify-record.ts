import { type Report, type VerifyOptions, verifyInThread } from '../../verify/index.ts';
import { type VerifyView } from '../../shared/views.ts';
import { logsBelow } from '../audit/journal/reader.ts';
import { CountersignError } from '../errors.ts';
import { type Session } from '../identity/principal.ts';
import { type Installation } from '../installation.ts';
import { resolveSecret } from '../credentials/index.ts';
import { auditDirectory } from '../recording.ts';

/** The logs of this profile, or their copies in the profile's store. */
export type VerifiedPlace = 'here' | 'store';

/** Has the independent verifier judge the record, with what this profile knows of keys and witnesses; recorded. */
export async function verifyRecord(
  installation: Installation,
  session: Session,
  where: VerifiedPlace,
): Promise<VerifyView> {
  const { source, options } = await askedOf(installation, where);
  const report = await verifyInThread(source, options);
  const { good, logs, findings } = report;
  const own = logs.find((log) => log.id === installation.audit.id);
  await installation.audit.append({
    k: 'verify.report',
    actor: await installation.actorOf(session),
    report: {
      good,
      size: own?.size ?? 0,
      ...(own === undefined ? {} : { root: own.root }),
      events: logs.reduce((sum, log) => sum + log.size, 0),
      findings: findings.map(({ code }) => code),
    },
  });
  return viewOf(report);
}

async function askedOf(
  installation: Installation,
  where: VerifiedPlace,
): Promise<{ readonly source: string; readonly options: VerifyOptions }> {
  const { home, recording, secrets } = installation;
  const { store, witnesses, quorum } = installation.profile().organisation.record;
  const options: VerifyOptions = {
    blobKey: recording.blobKey,
    // A store may hold the logs of other profiles, too: theirs stay sealed.
    blobKeyOf: logsBelow(auditDirectory(home)).map(({ id }) => id),
    // What was recorded before there was a witness, or out of its reach, is said and no finding.
    ...(witnesses.length === 0
      ? {}
      : { witnesses: witnesses.map(({ key }) => key), quorum, unwitnessed: 'said' as const }),
  };
  if (where === 'here') return { source: auditDirectory(home), options };
  if (store === undefined) {
    throw new CountersignError('no-record-store', 'The record of this profile is kept on this machine only.', {
      next: 'organisation.yaml says where copies go (record.store).',
    });
  }
  if (store.kind === 'directory') return { source: store.path, options };
  const secret = async (reference: string): Promise<string> =>
    resolveSecret(reference, { store: secrets, profileDirectory: home });
  const { credentials, endpoint, pathStyle, region } = store;
  return {
    source: `s3://${store.bucket}${store.prefix === '' ? '' : `/${store.prefix}`}`,
    options: {
      ...options,
      bucket: {
        region,
        pathStyle,
        ...(endpoint === undefined ? {} : { endpoint }),
        ...(credentials === 'environment'
          ? {}
          : {
              credentials: {
                accessKeyId: await secret(credentials.accessKeyId),
                secretAccessKey: await secret(credentials.secretAccessKey),
              },
            }),
      },
    },
  };
}

function viewOf({ good, source, logs, checked, findings, notChecked }: Report): VerifyView {
  return {
    good,
    source,
    logs: logs.map(({ id, size, signed, root, key }) => ({ id, size, signed, root, key })),
    checked,
    findings,
    notChecked,
  };
}
