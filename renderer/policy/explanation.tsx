import { type ReactElement } from 'react';
import { VERDICT_WORDS } from '../../shared/explain.ts';
import { type ExplainedQuestionView, type PolicyExplanationView } from '../../shared/views.ts';
import { Icon, MeaningIcon } from '../design/index.ts';
import { DecisionTab } from '../results/inspector/decision-tab.tsx';
import { Shown } from '../results/shown.tsx';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { type Question } from './explain-question.ts';
import { rulesInOrder } from './explanation-model.ts';
import { RuleLink } from './rule-link.tsx';

const MEANINGS = { allow: 'approved', refuse: 'refused', ask: 'waiting' } as const;

/** What came of the question: the verdict, then each thing that the statement asks of the policy with every rule about it. */
export function Explanation({
  explained,
  question,
  text,
}: {
  explained: PolicyExplanationView;
  /** What was asked, and of which text; null: of the policy in force. */
  question: Question;
  text: string | null;
}): ReactElement {
  const { policy } = useWorkbench();
  const now = useStore(policy.question);
  const draft = useStore(policy.draft);
  const { verdict, questions, as } = explained;
  const old = question !== now || (text !== null && text !== draft?.text);
  return (
    <div className="explained selectable">
      <p className="explained-verdict" role="status">
        <MeaningIcon meaning={MEANINGS[verdict.verdict]} />
        <b>{VERDICT_WORDS[verdict.verdict]}</b>
        <span>
          <Shown text={verdict.title} />
        </span>
        <span className="policy-quiet">
          as <Shown text={as} />
          {text === null ? ', by the policy in force' : ''}
          {old ? '; asked before the last change' : ''}
        </span>
      </p>
      {verdict.reasons.map((reason, index) => (
        <p key={index} className="explained-reason">
          <Shown text={reason.sentence} /> {reason.next !== null && <Shown text={reason.next} />}
        </p>
      ))}
      {questions.map((one, index) => (
        <Asked key={index} question={one} exact={text !== null && text === draft?.text} />
      ))}
      <details className="explained-whole">
        <summary>Everything about the verdict</summary>
        <DecisionTab verdict={verdict} />
      </details>
    </div>
  );
}

/** One question to the policy. `exact`: the lines that the gate names are those of the editor. */
function Asked({ question, exact }: { question: ExplainedQuestionView; exact: boolean }): ReactElement {
  const rules = rulesInOrder(question.rules);
  return (
    <section className="explained-question">
      <h3>
        <Icon
          name={question.effect === 'allow' ? 'check' : 'circle-slash'}
          className={question.effect === 'allow' ? 'meaning-approved' : 'meaning-refused'}
          label={question.effect === 'allow' ? 'Allowed' : 'Denied'}
        />{' '}
        {question.action} {question.on !== 'nothing' && <Shown text={question.on} />}
      </h3>
      {rules.length === 0 ? (
        <p className="policy-quiet">No rule is about it: what no rule allows is denied.</p>
      ) : (
        <table className="explained-rules">
          <thead>
            <tr>
              {['Applies', 'Effect', 'Rule', 'Why'].map((heading) => (
                <th key={heading} scope="col">
                  <span className="visually-hidden">{heading}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rules.map((rule, index) => (
              <tr key={index} className={rule.applies ? '' : 'explained-aside'}>
                <td>
                  <Icon
                    name={rule.applies ? 'pass-filled' : 'circle-large'}
                    label={rule.applies ? 'Applies' : 'Does not apply'}
                  />
                </td>
                <td>{rule.effect}</td>
                <td>
                  <RuleLink id={rule.id} {...(exact ? { line: rule.line } : {})} />
                </td>
                <td>
                  <Shown text={rule.why} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
