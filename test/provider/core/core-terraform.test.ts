/** Terraform itself refuses the same, and asks a provider the same: what core is, as the tests play it, is held to the real one. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect } from 'chai';
import type { Value, ValueRecord } from '../../../terraform-provider/values/value.ts';
import { hasTerraform } from '../../support/terraform.ts';
import { BROKEN_RULES, type Stage } from './broken-rules.ts';
import { breachesAt, buildRuleBreaker, isUnknownAtPlan, THING, thing } from './rule-bench.ts';
import { DiagnosticsError, TerraformCore } from './terraform-core.ts';
import { type Declared, Workspace } from './workspace.ts';

const SOURCE = 'accredit.test/test/rules';
const HEAD = `terraform {\n  required_providers {\n    rules = { source = "${SOURCE}" }\n  }\n}\nresource "terraform_data" "late" {\n  input = "a"\n}\n`;

interface Said {
  readonly severity: string;
  readonly summary: string;
  readonly detail: string;
}

interface Run {
  readonly status: number;
  /** Without decoration, in one line. */
  readonly output: string;
  readonly said: Said[];
}

describe('Terraform, beside core as the tests play it,', function () {
  this.timeout(120_000);
  let breaker: Awaited<ReturnType<typeof buildRuleBreaker>>;

  before(async function () {
    if (!hasTerraform()) this.skip();
    breaker = await buildRuleBreaker();
    const overrides = `dev_overrides {\n    "${SOURCE}" = "${breaker.directory}"\n  }`;
    writeFileSync(
      join(breaker.directory, 'terraform.rc'),
      `disable_checkpoint = true\nprovider_installation {\n  ${overrides}\n  direct {}\n}\n`,
    );
  });
  after(() => breaker?.dispose());

  /** A directory of its own for each story. */
  function work(name: string) {
    const directory = join(breaker.directory, name.replaceAll(/\W/g, '-'));
    mkdirSync(directory);
    const record = join(directory, 'record');
    const environment = {
      PATH: process.env.PATH,
      HOME: directory,
      TF_CLI_CONFIG_FILE: join(breaker.directory, 'terraform.rc'),
      RULES_RECORD: record,
    };
    const terraform = (...args: string[]): Promise<Run> =>
      new Promise((resolve) => {
        execFile('terraform', args, { cwd: directory, env: environment }, (error, stdout, stderr) => {
          const output = stripVTControlCharacters(stdout + stderr).replace(/[│╷╵\s]+/gu, ' ');
          resolve({ status: error === null ? 0 : Number(error.code), output, said: diagnosticsIn(stdout) });
        });
      });
    const configure = (text: string) => writeFileSync(join(directory, 'main.tf'), HEAD + text);
    return { terraform, configure, record };
  }

  /** Asserts that each breach is refused, in the words that belong to it. */
  function expectRefused(said: readonly Said[], breaches: readonly string[]): void {
    const errors = said.filter(({ severity }) => severity === 'error').map((one) => `${one.summary}: ${one.detail}`);
    for (const breach of breaches) {
      const expected = BROKEN_RULES[breach]?.said[1];
      const about = errors.filter((text) => new RegExp(`\\b${THING}\\.${labelOf(breach)}\\b`).test(text));
      // Of what it cannot decode Terraform does not say where it was.
      const texts = about.length > 0 ? about : errors.filter((text) => !text.includes(`${THING}.`));
      if (expected !== undefined) expect(texts.join('\n'), `${breach}, of:\n${errors.join('\n')}`).to.match(expected);
      else expect(about, breach).to.deep.equal([]);
    }
  }

  const stages: Record<
    Exclude<Stage, 'import' | 'change'>,
    (at: ReturnType<typeof work>, breaches: string[]) => void
  > = {
    async plan({ terraform, configure }, breaches) {
      configure(blocks(breaches));
      const { said } = await terraform('plan', '-json');
      expectRefused(said, breaches);
    },
    async apply({ terraform, configure }, breaches) {
      configure(blocks(breaches));
      expect((await terraform('plan', '-json')).status).to.equal(0);
      const { said } = await terraform('apply', '-json', '-auto-approve');
      expectRefused(said, breaches);
    },
    async refresh({ terraform, configure }, breaches) {
      configure(blocks(breaches));
      const applied = await terraform('apply', '-auto-approve');
      expect(applied.status, applied.output).to.equal(0);
      for (const breach of breaches) {
        const plan = await terraform('plan', `-target=${THING}.${labelOf(breach)}`);
        expect(plan.output, breach).to.match(BROKEN_RULES[breach]?.said[1] as RegExp);
      }
    },
    async 'change-apply'({ terraform, configure }, breaches) {
      configure(blocks(breaches));
      expect((await terraform('apply', '-auto-approve')).status).to.equal(0);
      configure(blocks(breaches, 'b'));
      expect((await terraform('plan', '-json')).status).to.equal(0);
      const { said } = await terraform('apply', '-json', '-auto-approve');
      expectRefused(said, breaches);
    },
  };
  for (const [stage, check] of Object.entries(stages)) {
    it(`refuses at the same stage what breaks a rule: ${stage}`, async () => {
      await check(work(`stage ${stage}`), breachesAt(stage as Stage));
    });
  }

  it('refuses at the same stage what breaks a rule: import', async () => {
    const { terraform, configure } = work('stage import');
    for (const breach of breachesAt('import')) {
      configure(block(labelOf(breach), thing(breach, breach)));
      const { output, status } = await terraform('import', `${THING}.${labelOf(breach)}`, breach);
      expect(status).to.equal(1);
      expect(output).to.match(BROKEN_RULES[breach]?.said[1] as RegExp);
    }
  });

  it('asks a provider the same questions, with the same private data, in the whole life of a resource', async () => {
    const { terraform, configure, record } = work('life');
    const own = join(breaker.directory, 'own-record');
    const played = new Workspace(() => TerraformCore.launch({ command: breaker.command, env: { RULES_RECORD: own } }));
    const declared = (config: ValueRecord | null, createBeforeDestroy = false): Record<string, Declared> =>
      config === null ? {} : { a: { type: THING, config, createBeforeDestroy } };

    const steps: [string, ValueRecord | null, { replace?: boolean; taint?: boolean; createBeforeDestroy?: boolean }][] =
      [
        ['a creation', thing('one'), {}],
        ['nothing', thing('one'), {}],
        ['a change', thing('one', null, 'b'), {}],
        ['a replacement on demand', thing('one', null, 'b'), { replace: true }],
        ['a taint', thing('one', null, 'b'), { taint: true }],
        ['a replacement for another name', thing('two', null, 'b'), {}],
        ['a replacement that creates first', thing('three', null, 'b'), { createBeforeDestroy: true }],
        ['a taint that creates first', thing('three', null, 'b'), { createBeforeDestroy: true, taint: true }],
        ['a creation that fails in part', thing('four', 'an apply that fails in part', 'b'), {}],
        ['another attempt', thing('four', null, 'b'), {}],
        [
          'a successor that fails in part',
          thing('five', 'an apply that fails in part', 'b'),
          { createBeforeDestroy: true },
        ],
        ['another successor', thing('five', null, 'b'), { createBeforeDestroy: true }],
        ['a change that fails', thing('five', 'an apply that fails', 'c'), {}],
        ['a deletion', null, {}],
      ];
    for (const [what, config, { replace = false, taint = false, createBeforeDestroy = false }] of steps) {
      for (const file of [record, own]) rmSync(file, { force: true });
      configure(config === null ? '' : block('a', config, createBeforeDestroy));
      if (taint) {
        expect((await terraform('taint', `${THING}.a`)).status).to.equal(0);
        played.taint('a');
      }
      rmSync(record, { force: true });
      // Beside each other: they share nothing but the program.
      const real = async () => {
        await terraform('plan', '-out=plan.bin', ...(replace ? [`-replace=${THING}.a`] : []));
        await terraform('apply', 'plan.bin');
      };
      const likewise = async () => {
        const plan = await played.plan(declared(config, createBeforeDestroy), replace ? ['a'] : []);
        // What fails on purpose fails in both.
        await played.apply(plan).catch((error: Error) => {
          if (!(error instanceof DiagnosticsError)) throw error;
        });
      };
      await Promise.all([real(), likewise()]);
      expect(questions(own), what).to.deep.equal(questions(record));
    }
  });
});

/** What a provider was asked that decides anything; what nothing orders in Terraform comes in any order. */
function questions(record: string): unknown[] {
  const lines = readFileSync(record, 'utf8').trimEnd().split('\n');
  return lines.sort().flatMap((line) => (line.includes('"rpc":"Upgrade"') ? [] : [JSON.parse(line)]));
}

function diagnosticsIn(output: string): Said[] {
  return output.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return [];
    const { diagnostic } = JSON.parse(line);
    return diagnostic === undefined ? [] : [diagnostic];
  });
}

function labelOf(breach: string): string {
  return breach.replaceAll(/\W/g, '_');
}

function blocks(breaches: readonly string[], note = 'a'): string {
  return breaches.map((breach) => block(labelOf(breach), thing(labelOf(breach), breach, note))).join('\n');
}

function block(label: string, config: ValueRecord, createBeforeDestroy = false): string {
  const lines = Object.entries(config).map(([name, value]) => `  ${name} = ${hcl(value)}`);
  const late = isUnknownAtPlan(config.breaks as string | null);
  const noted = lines.map((line) =>
    late && line.startsWith('  note =') ? '  note = terraform_data.late.output' : line,
  );
  const lifecycle = createBeforeDestroy ? '  lifecycle {\n    create_before_destroy = true\n  }\n' : '';
  return `resource "${THING}" "${label}" {\n${noted.join('\n')}\n${lifecycle}}\n`;
}

function hcl(value: Value): string {
  return JSON.stringify(value);
}
