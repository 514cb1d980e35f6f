import { instantOf, type LocalClock } from './local-clock.ts';
import { type NameChecks } from './name-checks.ts';
import { type PolicyFile, type TestSource } from './policy-file.ts';
import { type Path } from './yaml-file.ts';

/** Whether the tests of a policy file speak of what there is. `clock`: of the policy's time zone, where that is one. */
export function checkTests({ tests, rules }: PolicyFile, clock: LocalClock | undefined, checks: NameChecks): void {
  const ids = rules.map((rule) => rule.id);
  tests.forEach((test, index) => {
    const path = ['tests', index];
    checkAskers(test, path, checks);
    checks.grants([...path, 'grants'], test.grants ?? []);
    if (test.on.connection !== undefined) checks.connection([...path, 'on', 'connection'], [test.on.connection]);
    if (test.by !== undefined) checks.known([...path, 'by'], 'rule', [test.by], ids);
    for (const name of Object.keys(test.uses ?? {})) {
      const { classes } = checks;
      if (!classes.includes(name)) checks.problem([...path, 'uses', name], `no class is called "${name}"`, classes);
    }
    for (const name of Object.keys(test.mask ?? {})) {
      const { maskable } = checks;
      if (!maskable.includes(name))
        checks.problem([...path, 'mask', name], `no class or group of classes is called "${name}"`, maskable);
    }
    test.approvers?.forEach((approver, at) => {
      const [from = '', within] = approver.split(' within ');
      checks.approval([...path, 'approvers', at], { from: [from], within });
    });
    if (test.at !== undefined && clock !== undefined && instantOf(test.at, clock) === undefined)
      checks.problem([...path, 'at'], `"${test.at}" is not a time such as 2026-03-02T10:00 or 2026-03-02T10:00:00Z`);
  });
}

/** One asker: a person with their groups, an agent and its person, or a service. */
function checkAskers({ as }: TestSource, path: Path, checks: NameChecks): void {
  checks.selectors([...path, 'as'], as);
  const are = (kind: string): number => as.filter((word) => word === kind || word.startsWith(`${kind}:`)).length;
  for (const kind of ['agent', 'service', 'person'])
    if (are(kind) > 1) checks.problem([...path, 'as'], `the test is of more than one ${kind}: write one test for each`);
  if (are('service') > 0 && as.length > 1)
    checks.problem([...path, 'as'], 'a service is nobody else: its groups are those that "services" gives it');
}
