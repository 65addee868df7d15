/** A refusal is told in what the command has: its flags, and not the headers and queries of the API. */
import { expect } from 'chai';
import { freshStage } from './stage.ts';

const ORGANIZATION = '/v1/organizations/default';
/** What only a client of the API can send. */
const OF_THE_API = /Accredit-[A-Z]|"\?[a-z]/;

describe('a refusal, as the command tells it', () => {
  const { stage, place } = freshStage();

  async function refused(words: readonly string[]): Promise<{ text: string; status: number | string }> {
    const { status, stderr } = await place().cli(words);
    expect(stderr).to.not.match(OF_THE_API);
    const json = await place().cli([...words, '--json']);
    expect(json.stderr).to.not.match(OF_THE_API);
    return { status, text: stderr };
  }

  it('because somebody else manages it names --adopt', async () => {
    const { request } = stage().daemon;
    await request.put(`${ORGANIZATION}/accounts/theirs`).set('Accredit-Manager', 'terraform').send({}).expect(201);
    const manifest = place().write('m.yaml', 'manifest: m\naccounts:\n  theirs: { display_name: X }\n  mine: {}\n');
    for (const words of [
      ['delete', 'accounts/theirs', '--yes'],
      ['apply', '--yes', manifest],
      ['plan', manifest],
    ]) {
      const { text } = await refused(words);
      expect(text, words.join(' ')).to.include('managed by "terraform"').and.include('--adopt');
    }
  });

  it('because it would end the own credential names --allow-self', async () => {
    for (const words of [
      ['rotate', 'accounts/root/tokens/bootstrap'],
      ['delete', 'accounts/root/tokens/bootstrap', '--yes'],
    ]) {
      const { text } = await refused(words);
      expect(text, words.join(' ')).to.include('--allow-self');
    }
  });

  it('because it has to be revoked first names --revoke', async () => {
    const { request } = stage().daemon;
    await request.put(`${ORGANIZATION}/accounts/ci`).send({}).expect(201);
    await request.put(`${ORGANIZATION}/accounts/ci/tokens/t`).send({ profile: 'revocable' }).expect(201);
    expect((await refused(['delete', 'accounts/ci/tokens/t', '--yes'])).text).to.include('--revoke');
  });

  it('because an attribute cannot be changed says what to do in a manifest', async () => {
    const before = 'manifest: m\nteams: { red: {} }\naccounts:\n  ci: {}\n';
    const manifest = place().write('m.yaml', before);
    const first = await place().cli(['apply', '--yes', manifest]);
    expect(first.status, first.stderr).to.equal(0);
    place().write('m.yaml', before.replace('ci: {}', 'ci: { scope: teams/red }'));
    const { text } = await refused(['plan', manifest]);
    expect(text).to.include('m.yaml:4:').and.include('"scope" cannot be changed');
    expect(text).to.include('under another name').and.include('apply without it');
    // What is said works.
    place().write('m.yaml', before.replace('ci: {}', 'ci2: { scope: teams/red }'));
    const renamed = await place().cli(['apply', '--yes', manifest]);
    expect(renamed.status, renamed.stderr).to.equal(0);
  });
});
