/** A token that was given where something else belongs is not repeated by whatever says so. */
import { expect } from 'chai';
import { mintToken } from '../../terraform-provider-spec/token.ts';
import { freshPlace } from './stage.ts';

describe('a token in the wrong place', () => {
  const place = freshPlace();
  const token = mintToken('sa');
  const cut = token.slice(0, 30);
  const mistyped = `${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`;

  const cases: [string, (given: string) => string[], (given: string) => Record<string, string>][] = [
    ['as the file of the flag', (given) => ['whoami', '--token-file', given], () => ({})],
    ['as the file of the variable', () => ['whoami'], (given) => ({ ACCREDIT_TOKEN_FILE: given })],
    ['as the authority', (given) => ['whoami', '--ca-certificate-file', given], () => ({})],
    ['as the configuration file', () => ['whoami'], (given) => ({ ACCREDIT_CLI_CONFIG: given })],
    ['as the profile', (given) => ['whoami', '--profile', given], () => ({})],
    ['as the endpoint', (given) => ['whoami', '--endpoint', given], () => ({})],
    ['as the host', (given) => ['whoami', '--endpoint', `http://127.0.0.1:1/${given}`], () => ({})],
    ['as the organization', (given) => ['whoami', '--organization', given], () => ({})],
    ['as a collection', (given) => ['list', given], () => ({})],
    ['as the name of an account', (given) => ['get', `accounts/${given}`], () => ({})],
    ['as the address of a token', (given) => ['rotate', given], () => ({})],
    ['as the verb', (given) => [given], () => ({})],
    ['as a flag', (given) => ['whoami', `--${given}`], () => ({})],
    ['as a word too many', (given) => ['whoami', given], () => ({})],
    ['as a manifest', (given) => ['plan', given], () => ({})],
    ['as the directory of the journal', () => ['plan', '-'], (given) => ({ ACCREDIT_STATE_DIR_FILE: given })],
    ['to doctor, as the file of the variable', () => ['doctor'], (given) => ({ ACCREDIT_TOKEN_FILE: given })],
    ['to doctor, as the endpoint', (given) => ['doctor', '--endpoint', `http://127.0.0.1:1/${given}`], () => ({})],
    ['to doctor, as the data directory', (given) => ['doctor', '--data-dir', given], () => ({})],
  ];

  for (const [where, words, env] of cases) {
    it(`is not shown ${where}, in text or in JSON`, async () => {
      for (const given of [token, cut, mistyped]) {
        for (const more of [[], ['--json']]) {
          const { status, stdout, stderr } = await place().cli([...words(given), ...more], env(given));
          expect(status).to.not.equal(0);
          const said = `${stdout}${stderr}`;
          expect(said.length).to.be.above(10);
          expect(said).to.not.include(given.slice(7, 20));
          if (more.length > 0 && stderr !== '') JSON.parse(stderr.slice(stderr.indexOf('{')));
        }
      }
    });
  }

  it('is recognised where a file or an address was expected, and the right place is named', async () => {
    for (const [words, env, expected] of [
      [['whoami', '--token-file', token], {}, '--token-file: that is a token, not a file: use ACCREDIT_TOKEN'],
      [
        ['whoami'],
        { ACCREDIT_TOKEN_FILE: token },
        'ACCREDIT_TOKEN_FILE: that is a token, not a file: use ACCREDIT_TOKEN',
      ],
      [['get', token], {}, 'that is a token, not an address'],
      [['get', `accounts/${token}`], {}, 'that is a token, not an address'],
      [['list', token], {}, 'that is a token, not an address'],
    ] as const) {
      const { status, stderr } = await place().cli(words, env);
      expect(stderr, words.join(' ').replace(token, 'TOKEN')).to.include(expected);
      expect(status).to.equal(2);
    }
    place().write('.config/accredit/config.json', JSON.stringify({ profiles: { a: { token_file: token } } }));
    const { stderr } = await place().cli(['whoami', '--profile', 'a']);
    expect(stderr).to.include('token_file of the profile a: that is a token, not a file: its key is token');
  });

  it('is not shown by the verbs of the daemon', async () => {
    for (const words of [
      ['backup', token, '--data-dir', place().file('none')],
      ['restore-backup', token, '--json'],
      ['init', `--${token}`],
    ]) {
      const { status, stdout, stderr } = await place().start(words).ended;
      expect(status).to.not.equal(0);
      expect(`${stdout}${stderr}`).to.not.include(token.slice(7, 20));
    }
  });
});
