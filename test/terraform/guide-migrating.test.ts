/** The way over in the guide "Migrating from five products"; its configurations are those of compatibility.test.ts. */
import { expect } from 'chai';
import { readText } from '../architecture/sources.ts';
import { useTerraform } from './bench.ts';
import { guideFiles } from './guides.ts';

const file = guideFiles('migrating-from-five-products');

describe('the guide to migrating from five products', () => {
  const bench = useTerraform();

  it('hands out the new tokens, and says who does not use theirs yet until they do', async () => {
    const { authorize, workspace } = bench();
    const terraform = await workspace(`${readText('examples/compatibility/static/main.tf')}\n${file('moved.tf')}`);
    await terraform.apply();
    const tokens = JSON.parse((await terraform.script(file('deliver.sh'))).stdout);
    expect(tokens).to.have.all.keys(['ci-pipeline', 'device-cloud']);
    const waiting = await terraform.plan();
    expect(waiting.warnings.join()).to.include('ci-pipeline does not use its new token yet.');
    expect(await authorize(tokens['ci-pipeline'])).to.equal(200);
    await bench().daemon.maintain();
    const { changes, warnings } = await terraform.plan();
    expect([changes, warnings]).to.deep.equal([[], []]);
  });
});
