import { expect } from 'chai';
import fc from 'fast-check';
import { inOrder } from '../../daemon/domain/manifest/order.ts';
import { printedSeed } from '../support/seed.ts';

const item = (address: string, ...dependsOn: string[]) => ({ address, dependsOn });
const addresses = (items: readonly { address: string }[]) => items.map(({ address }) => address);

describe('the order of what a manifest declares', () => {
  it('has everything behind what it depends on, and is the same for every order of the input', () => {
    const seed = printedSeed('order');
    // Each depends on some with a smaller number, and its name says nothing about that.
    const graphs = fc.array(fc.array(fc.nat(), { maxLength: 3 }), { maxLength: 30 }).map((edges) =>
      edges.map((to, index) => {
        const needs = index === 0 ? [] : to.map((each) => `n${((each % index) * 17) % 31}`);
        return item(`n${(index * 17) % 31}`, ...needs, 'not/there');
      }),
    );
    const property = fc.property(
      graphs.chain((graph) => fc.tuple(fc.constant(graph), fc.shuffledSubarray(graph, { minLength: graph.length }))),
      ([graph, shuffled]) => {
        const ordered = inOrder(graph);
        expect(inOrder(shuffled)).to.deep.equal(ordered);
        expect(addresses(ordered).sort()).to.deep.equal(addresses(graph).sort());
        const place = new Map(ordered.map(({ address }, index) => [address, index]));
        for (const [index, { dependsOn }] of ordered.entries()) {
          for (const needed of dependsOn) expect(place.get(needed) ?? -1).to.be.below(index);
        }
      },
    );
    fc.assert(property, { seed });
  });

  it('takes a chain as long as a manifest can be, and a circle, without an end of the stack', () => {
    const chain = Array.from({ length: 50_000 }, (_, index) => item(`n${index}`, `n${index + 1}`));
    expect(addresses(inOrder(chain)).slice(0, 2)).to.deep.equal(['n49999', 'n49998']);
    const circle = [item('a', 'b'), item('b', 'c'), item('c', 'a')];
    expect(addresses(inOrder(circle))).to.deep.equal(['c', 'b', 'a']);
  });
});
