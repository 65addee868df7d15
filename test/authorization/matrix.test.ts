/** Every operation of the API against every kind of caller. */
import { expect } from 'chai';
import type { Answer } from '../contract/api.ts';
import { operations } from '../spec/document.ts';
import { CALLERS, type CallerKind, MATRIX } from './matrix.ts';
import { type Case, caseOf, type Demands, openStage, type Stage } from './stage.ts';

const BY_ID = new Map(operations.map((described) => [described.operation.operationId, described]));

const CASES: readonly Case[] = Object.entries(MATRIX).flatMap(([name, row]) => {
  const described = BY_ID.get(operationOf(name));
  return described === undefined ? [] : [caseOf(name, row, described)];
});

/** Everything that any operation needs, and what the rows need besides. */
const EVERYTHING = [
  ...new Set([
    ...operations.flatMap(({ operation }) => {
      const demands: Demands = operation;
      return [demands['x-accredit-permission'], demands['x-accredit-permission-to-create']];
    }),
    ...Object.values(MATRIX).flatMap(({ needs = [], also = [] }) => [...needs, ...also]),
    'owners.read',
    'owners.write',
  ]),
].filter((permission) => permission !== undefined);

const PROBLEM = 'application/problem+json';

describe('authorization', () => {
  let stage: Stage;
  let checks = 0;
  before(async function () {
    this.timeout(60_000);
    stage = await openStage(CASES, EVERYTHING);
  });
  after(() => stage.close());

  it('has a row for every operation of the document, and no row for none', () => {
    const covered = new Set(Object.keys(MATRIX).map(operationOf));
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(
      ids.filter((id) => !covered.has(id)),
      'operations without a row',
    ).to.deep.equal([]);
    expect(
      [...covered].filter((id) => !BY_ID.has(id)),
      'rows without an operation',
    ).to.deep.equal([]);
  });

  for (const one of CASES) {
    it(`of ${one.name}: whoever has enough is let through, and nobody else`, async () => {
      const { answers } = one.row;
      const found: Record<string, number> = {};
      const ask = async (caller: CallerKind) => {
        const answer = await stage.ask(one, caller);
        found[caller] = answer.status;
        checks += 1;
        if (answer.status >= 400) expectRefusal(answer, one, caller);
      };
      const before = await stage.traceOf(one);
      await Promise.all(CALLERS.filter((caller) => answers[caller] >= 400).map(ask));
      // A revision only grows: unchanged after all of them is unchanged after each.
      expect(await stage.traceOf(one), 'the target after the refusals').to.deep.equal(before);
      for (const caller of CALLERS) if (answers[caller] < 400) await ask(caller);
      expect(found).to.deep.equal(answers);
    });
  }

  it('leaves no operation and no caller out', () => {
    const uncovered = CASES.length * CALLERS.length - checks;
    console.log(
      `    ${operations.length} operations in ${CASES.length} cases x ${CALLERS.length} callers = ${checks} checks, ` +
        `${uncovered} uncovered`,
    );
    expect(uncovered).to.equal(0);
  });
});

function expectRefusal({ status, headers, text }: Answer, { purpose, described }: Case, caller: CallerKind): void {
  const usual = purpose === 'scim' ? 'application/scim+json' : PROBLEM;
  expect(headers['content-type'], caller).to.equal(
    described.path.startsWith('/v1/oauth/') ? 'application/json' : usual,
  );
  expect(text, caller).to.not.match(/acr_/);
  if (status === 401) expect(headers['www-authenticate'], caller).to.match(/Bearer/);
}

function operationOf(name: string): string {
  return name.split(':', 1)[0] as string;
}
