/**
 * An apply that ends at any moment and is run again comes to the same end as one that was never interrupted: every sink holds the
 * secret that works, and none was rotated twice. Sinks to which is only added can have got that secret twice, and not more often.
 */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import fc from 'fast-check';
import { run } from '../../cli/main.ts';
import { TOKEN_PATTERN } from '../../terraform-provider-spec/token.ts';
import { cases, caseTime } from '../support/cases.ts';
import { fakeClock, startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { printedSeed } from '../support/seed.ts';
import { killedAt } from './killed.ts';
import { HOST } from './stage.ts';

const DAY = 86_400_000;
/** Steps that are tried at the same time. */
const AT_A_TIME = 4;

describe('an apply that is killed and run again', function () {
  this.timeout(caseTime(300_000));
  let daemon: TestDaemon;
  let root: string;
  const clock = fakeClock();
  /** How often a sink to which is only added got a secret. */
  let mostAdded = 0;

  before(async () => {
    daemon = await startTestDaemon({ clock });
    root = mkdtempSync(join(tmpdir(), 'accredit-killed-'));
  });
  after(async () => {
    await daemon.close();
    rmSync(root, { recursive: true });
  });

  const environment = (directory: string) => ({
    PATH: process.env.PATH as string,
    HOME: directory,
    ACCREDIT_STATE_DIR: join(directory, 'state'),
    ACCREDIT_ENDPOINT: daemon.url,
    ACCREDIT_TOKEN: daemon.adminToken,
    GITHUB_OUTPUT: join(directory, 'output'),
  });

  /** What was printed by applies is kept as if they had one reader. */
  const keep = (directory: string, lines: readonly string[]) =>
    appendFileSync(join(directory, 'printed'), lines.map((line) => `${line}\n`).join(''));

  /** Runs an apply as far as a step of it. */
  async function killed(step: number, directory: string): Promise<number | string> {
    const words = ['apply', '--yes', join(directory, 'manifest.yaml')];
    const { status, printed } = await killedAt(step, directory, words, environment(directory));
    keep(directory, printed);
    return status;
  }

  async function apply(directory: string, env: Readonly<Record<string, string>> = {}, verb = ['apply', '--yes']) {
    const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
    const words = [...verb, join(directory, 'manifest.yaml')];
    const status = await run(words, { ...environment(directory), ...env }, HOST, streams);
    const printed = String(streams.stdout.read() ?? '');
    if (verb.includes('apply') && printed !== '') keep(directory, printed.trimEnd().split('\n'));
    return { status, stderr: String(streams.stderr.read() ?? '') };
  }

  /** A manifest of its own with one token that is there and due, and one that is new. */
  async function prepared(name: string): Promise<string> {
    const directory = join(root, name);
    mkdirSync(directory);
    writeFileSync(join(directory, 'manifest.yaml'), manifestOf(name, false));
    const { status, stderr } = await apply(directory);
    expect(status, stderr).to.equal(0);
    writeFileSync(join(directory, 'manifest.yaml'), manifestOf(name, true));
    return directory;
  }

  function secretsIn(directory: string): { due: (string | undefined)[]; fresh: (string | undefined)[] } {
    const read = (name: string) => {
      const path = join(directory, name);
      return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
    };
    const entry = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(read('.env') ?? '')?.[1];
    const { outputs, printed } = addedIn(directory);
    return {
      due: [read('due')?.trim(), entry('DUE')],
      fresh: [read('fresh/token')?.trim(), entry('FRESH'), read('taken'), outputs.at(-1), printed.at(-1)],
    };
  }

  /** What the sinks of the new token have got to which is only added, in order; each as a whole. */
  function addedIn(directory: string): { outputs: string[]; printed: string[] } {
    const lines = (name: string) => {
      const path = join(directory, name);
      const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
      expect(text).to.match(/^$|\n$/);
      return text.split('\n').slice(0, -1);
    };
    return {
      outputs: lines('output').map((line) => /^fresh=(.*)$/.exec(line)?.[1] ?? line),
      printed: lines('printed').map((line) => {
        const { address, secret } = JSON.parse(line);
        expect(address).to.match(/\/tokens\/fresh$/);
        return secret;
      }),
    };
  }

  async function opens(secret: string | undefined): Promise<boolean> {
    return (await daemon.as(secret).get('/v1/self')).status === 200;
  }

  async function eventsOf(name: string, token: string): Promise<string[]> {
    const address = `organizations/default/accounts/${name}/tokens/${token}`;
    const { body } = await daemon.request.get(`/v1/organizations/default/audit-events?limit=1000&address=${address}`);
    const items = body.items as { address: string; outcome?: string; action: string }[];
    return items.filter((event) => event.address === address).map(({ action, outcome }) => `${action} ${outcome}`);
  }

  async function expectConverged(name: string, directory: string, before: string, isLost = false): Promise<void> {
    const { due, fresh } = secretsIn(directory);
    expect(new Set(due).size, 'sinks of one token agree').to.equal(1);
    expect(new Set(fresh).size, 'sinks of one token agree').to.equal(1);
    expect(due[0]).to.match(TOKEN_PATTERN).and.to.not.equal(before);
    expect([await opens(due[0]), await opens(fresh[0])]).to.deep.equal([true, true]);
    // The overlap of what was rotated goes on; nothing else works.
    expect(await opens(before)).to.equal(true);
    const planned = await apply(directory, {}, ['plan', '--detailed-exitcode']);
    expect(planned.status, planned.stderr).to.equal(0);
    const journal = readdirSync(join(directory, 'state'), { recursive: true, withFileTypes: true });
    expect(journal.filter((entry) => entry.isFile())).to.deep.equal([]);
    if (isLost) return;
    for (const added of Object.values(addedIn(directory))) {
      expect(new Set(added), 'a secret that is delivered again is the same').to.have.length(1);
      mostAdded = Math.max(mostAdded, added.length);
    }
    // A creation or rotation and its confirmation, each once.
    expect(await eventsOf(name, 'due'), 'rotated once').to.have.length(2 + 2);
    expect(await eventsOf(name, 'fresh'), 'made once').to.have.length(2);
  }

  it('at every step, ends with one working secret for each token, at every sink, and no second rotation', async () => {
    let kills = 0;
    mostAdded = 0;
    for (let first = 1, isDone = false; !isDone; first += AT_A_TIME) {
      const steps = Array.from({ length: AT_A_TIME }, (_, index) => first + index);
      const directories = await Promise.all(steps.map((step) => prepared(`k${step}`)));
      clock.advance(31 * DAY);
      const ends = await Promise.all(
        steps.map(async (step, index) => {
          const directory = directories[index] as string;
          const before = secretsIn(directory).due[0] as string;
          const status = await killed(step, directory);
          for (const secret of Object.values(secretsIn(directory)).flat()) {
            if (secret !== undefined) expect(secret, `step ${step}`).to.match(TOKEN_PATTERN);
          }
          const { status: again, stderr } = await apply(directory);
          expect(again, `step ${step}: ${stderr}`).to.equal(0);
          await expectConverged(`k${step}`, directory, before);
          return status;
        }),
      );
      kills += ends.filter((status) => status === 'SIGKILL').length;
      isDone = ends.includes(0);
    }
    console.log(`      killed at ${kills} steps`);
    expect(kills).to.be.above(40);
    // Between a delivery and its confirmation: nobody can know of the first that it was one.
    expect(mostAdded, 'deliveries of one secret').to.equal(2);
  });

  it('several times, at random steps, and even if its journal is lost on the way, ends the same', async () => {
    const seed = printedSeed('killed applies');
    const plot = fc.array(fc.record({ step: fc.integer({ min: 1, max: 40 }), isLost: fc.boolean() }), {
      minLength: 2,
      maxLength: 3,
    });
    const plots = fc.sample(plot, { seed, numRuns: cases(6) });
    const directories = await Promise.all(plots.map((_, index) => prepared(`r${index}`)));
    clock.advance(31 * DAY);
    for (const [index, kills] of plots.entries()) {
      const directory = directories[index] as string;
      const before = secretsIn(directory).due[0] as string;
      for (const { step, isLost } of kills) {
        await killed(step, directory);
        if (isLost) rmSync(join(directory, 'state'), { recursive: true, force: true });
      }
      const { status, stderr } = await apply(directory);
      expect(status, `${JSON.stringify(kills)}: ${stderr}`).to.equal(0);
      mkdirSync(join(directory, 'state'), { recursive: true });
      const isLost = kills.some((kill) => kill.isLost);
      await expectConverged(`r${index}`, directory, before, isLost);
    }
  });
});

function manifestOf(name: string, hasFresh: boolean): string {
  const fresh = `
      fresh:
        deliver:
          - file: ./fresh/token
          - dotenv: { file: .env, key: FRESH }
          - command: [sh, -c, "cat > taken.new && mv taken.new taken"]
          - github-output: { key: fresh }
          - stdout-json: true`;
  return `manifest: ${name}
accounts:
  ${name}:
    tokens:
      due:
        rotate_every: 30d
        overlap: 1d
        deliver:
          - file: ./due
          - dotenv: { file: .env, key: DUE }${hasFresh ? fresh : ''}
`;
}
