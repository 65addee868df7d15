/** What the README and docs/ tell people to paste is pasted by a test, each block of it. */
import { expect } from 'chai';
import { allClaims, claimsOn, commandBlocks, NOT_RUN, RUNNERS } from '../support/command-blocks.ts';
import { readText } from './sources.ts';

describe('the command blocks of the README and docs/', () => {
  it('are each run by one test, or are named with the reason why none can', () => {
    expect(commandBlocks().length).to.be.above(30);
    for (const block of commandBlocks()) {
      expect(claimsOn(block), `${block.document}:${block.line}`).to.have.length(1);
    }
  });

  it('are there, as far as they are said to be run or not to be', () => {
    for (const { claim, blocks } of allClaims()) expect(blocks, claim).to.not.be.empty;
    for (const [, words, reason] of NOT_RUN) expect(reason, words).to.match(/\w+ \w+/);
  });

  it('are asked for by the tests that are to run them', () => {
    for (const path of RUNNERS) expect(readText(path), path).to.include(`ownBlocks('${path}')`);
  });

  it('that nobody runs would be found', () => {
    const [block] = commandBlocks();
    expect(claimsOn({ document: 'docs/cli.md.md', line: 1, text: block?.text ?? '' })).to.deep.equal([]);
    expect(claimsOn({ document: 'README.md', line: 1, text: 'accredit serve\n' })).to.deep.equal([]);
  });
});
