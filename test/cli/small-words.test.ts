/** What the command makes of words and variables that are nearly right. */
import { expect } from 'chai';
import { VERSION } from '../../client/version.ts';
import { freshStage } from './stage.ts';

const TOKEN = '/v1/organizations/default/accounts/ci/tokens/deploy';

describe('what is nearly right', () => {
  const { stage, place } = freshStage();

  it('as --version and -v is version', async () => {
    for (const words of [['--version'], ['-v']]) {
      expect(await place().cli(words)).to.deep.equal({ status: 0, stdout: `accredit ${VERSION}\n`, stderr: '' });
      const json = await place().cli([...words, '--json']);
      expect(JSON.parse(json.stdout)).to.deep.equal({ version: VERSION });
    }
    expect((await place().cli(['--json', '--version'])).status).to.equal(0);
  });

  it('of a flag is told in one sentence', async () => {
    const { stderr } = await place().cli(['whoami', '--jsn']);
    expect(stderr).to.equal("accredit: unknown option '--jsn'; did you mean --json?\n");
  });

  it('of a duration or a time for a rotation is refused before anything is sent', async () => {
    const { request } = stage().daemon;
    await request.put('/v1/organizations/default/accounts/ci').send({}).expect(201);
    await request.put(TOKEN).send({}).expect(201);
    const before = (await request.get(TOKEN)).body.rotated_at;
    for (const more of [
      ['--overlap', '1week'],
      ['--overlap', '60'],
      ['--if-rotated-at', 'yesterday'],
    ]) {
      const env = { ACCREDIT_ENDPOINT: 'http://127.0.0.1:1' };
      const ran = await place().cli(['rotate', 'accounts/ci/tokens/deploy', ...more], env);
      expect(ran, more.join(' ')).to.include({ status: 2, stdout: '' });
      expect(ran.stderr)
        .to.include(more[0])
        .and.to.match(/90d|RFC 3339|2027/);
    }
    expect((await place().cli(['rotate', 'accounts/ci/tokens/deploy', '--overlap', '0s'])).status).to.equal(0);
    expect((await request.get(TOKEN)).body.rotated_at).to.equal(before);
  });

  it('of a variable is warned of, with the one that was meant, and others are left alone', async () => {
    const env = {
      ACCREDIT_ENDPONT: 'http://127.0.0.1:1',
      ACCREDIT_TOKEN_FIL: 'x',
      ACCREDIT_LISTEN: 'x',
      ACCREDIT_MINE: 'x',
    };
    const { status, stderr } = await place().cli(['whoami'], env);
    expect(status).to.equal(0);
    expect(stderr).to.equal(
      'warning: unknown variable ACCREDIT_ENDPONT; did you mean ACCREDIT_ENDPOINT?\n' +
        'warning: unknown variable ACCREDIT_TOKEN_FIL; did you mean ACCREDIT_TOKEN_FILE?\n',
    );
  });

  it('of a manifest on standard input says how it is read', async () => {
    for (const verb of ['plan', 'validate', 'fmt', 'apply']) {
      const { stderr } = await place().cli([verb], {}, 'manifest: m\n');
      expect(stderr, verb).to.include('- for standard input');
    }
  });

  it('of a manifest is told in words that are the same everywhere', async () => {
    const file = place().write(
      'm.yaml',
      'manifest: Shop!\naccounts:\n  ci:\n    grants: x\n    tokens: { t: { deliver: x } }\nvariables: [a b]\n',
    );
    const { stderr } = await place().cli(['validate', file]);
    expect(stderr).to.not.match(/must match|\^\[|a list/);
    expect(stderr).to.include('"deliver" must be an array').and.to.include('"grants" must be an array');
    expect(stderr).to.include('"manifest" must be a name: 1 to 63 characters');
  });
});
