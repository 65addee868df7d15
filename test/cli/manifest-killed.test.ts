/**
 * An apply that ends at any moment and is run again comes to the same end as one that was never interrupted: every sink holds the
 * secret that works, and none was rotated twice.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  });

  async function apply(directory: string, env: Readonly<Record<string, string>> = {}, verb = ['apply', '--yes']) {
    const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
    const words = [...verb, join(directory, 'manifest.yaml')];
    const status = await run(words, { ...environment(directory), ...env }, HOST, streams);
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
    return {
      due: [read('due')?.trim(), entry('DUE')],
      fresh: [read('fresh/token')?.trim(), entry('FRESH'), read('taken')],
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
    // A creation or rotation and its confirmation, each once.
    expect(await eventsOf(name, 'due'), 'rotated once').to.have.length(2 + 2);
    expect(await eventsOf(name, 'fresh'), 'made once').to.have.length(2);
  }

  it('at every step, ends with one working secret for each token, at every sink, and no second rotation', async () => {
    let killed = 0;
    for (let first = 1, isDone = false; !isDone; first += AT_A_TIME) {
      const steps = Array.from({ length: AT_A_TIME }, (_, index) => first + index);
      const directories = await Promise.all(steps.map((step) => prepared(`k${step}`)));
      clock.advance(31 * DAY);
      const ends = await Promise.all(
        steps.map(async (step, index) => {
          const directory = directories[index] as string;
          const before = secretsIn(directory).due[0] as string;
          const words = ['apply', '--yes', join(directory, 'manifest.yaml')];
          const status = await killedAt(step, directory, words, environment(directory));
          for (const secret of Object.values(secretsIn(directory)).flat()) {
            if (secret !== undefined) expect(secret, `step ${step}`).to.match(TOKEN_PATTERN);
          }
          const { status: again, stderr } = await apply(directory);
          expect(again, `step ${step}: ${stderr}`).to.equal(0);
          await expectConverged(`k${step}`, directory, before);
          return status;
        }),
      );
      killed += ends.filter((status) => status === 'SIGKILL').length;
      isDone = ends.includes(0);
    }
    console.log(`      killed at ${killed} steps`);
    expect(killed).to.be.above(30);
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
        const words = ['apply', '--yes', join(directory, 'manifest.yaml')];
        await killedAt(step, directory, words, environment(directory));
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
          - command: [sh, -c, "cat > taken.new && mv taken.new taken"]`;
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
