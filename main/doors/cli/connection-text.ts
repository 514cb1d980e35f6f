import { type ConnectionDetail, type ExaminationView, type WeaknessView } from '../../../shared/views.ts';

/** Marks that are told apart without colour. */
const MARKS: Readonly<Record<ExaminationView['findings'][number]['level'], string>> = {
  good: 'ok    ',
  weak: 'weak  ',
  refuses: 'REFUSE',
};
const INDENT = ' '.repeat(MARKS.good.length + 2);

/** A checklist for a person at a terminal; the same facts as `--json`. */
export function examinationText({ title, findings }: ExaminationView): string {
  const lines = findings.flatMap(({ level, sentence, mend }) => [
    `${MARKS[level]}  ${sentence}`,
    ...mend.flatMap((statement) => statement.split('\n').map((line) => `${INDENT}  ${line}`)),
  ]);
  const count = (level: string): number => findings.filter((finding) => finding.level === level).length;
  const [refusing, weak] = [count('refuses'), count('weak')];
  const end =
    refusing > 0
      ? `Nobody can work through ${title}: ${counted(refusing, 'thing refuses', 'things refuse')} every session.`
      : weak > 0
        ? `${title} works, with ${counted(weak, 'weakness', 'weaknesses')}.`
        : `${title} is as it should be.`;
  return `${lines.join('\n')}\n\n${end}\n`;
}

export function connectionText(detail: ConnectionDetail): string {
  const { connection, weaknesses, secondLineage } = detail;
  const lines = [
    `${connection.name}  ${connection.title}`,
    `  ${connection.engine} ${connection.database} on ${detail.host}:${String(detail.port)} as ${detail.role}`,
    `  ${connection.environment}, ${connection.access}${connection.team === null ? '' : `, team ${connection.team}`}`,
    `  strength: ${connection.strength}`,
    `  search path: ${detail.searchPath.join(', ')}`,
    `  second lineage: ${secondLineage.sentence}`,
    ...(detail.because === null ? [] : [`  accepted: ${detail.because}`]),
    ...(weaknesses.length === 0 ? ['  no weakness'] : ['  weaknesses:', ...weaknesses.map(weaknessLine)]),
  ];
  return `${lines.join('\n')}\n`;
}

const weaknessLine = ({ sentence, code, severity, accepted }: WeaknessView): string => {
  const how = accepted ? ' (accepted)' : severity === 'refused' ? ' (refuses every session)' : '';
  return `    ${sentence} [${code}]${how}`;
};

const counted = (count: number, one: string, many: string): string => `${String(count)} ${count === 1 ? one : many}`;
