/** A plan as people read it. */

import { organizationOf } from '../../terraform-provider-spec/address.ts';
import type { Json, JsonObject } from '../../terraform-provider-spec/kind.ts';
import { kindNamed } from '../../terraform-provider-spec/kinds/index.ts';
import { managerOf, splitMember } from '../../terraform-provider-spec/manifest.ts';
import { masked } from '../masking.ts';
import { type Output, printable } from '../output.ts';
import type { Delivery } from './check.ts';
import { notesOn } from './notes.ts';
import { bodyAt, type Change, isEmpty, isReplaced, isTakenOver, type Plan, type Summary, summaryOf } from './plan.ts';
import { describeSink } from './sinks.ts';

/** Not shown: that there is a new secret is said by the mark, and its hash is nobody's business. */
const HIDDEN = new Set(['secret_hash', 'secret']);

/** Writes what the plan would do, what that cuts off, and a line that sums it up. */
export function showPlan(plan: Plan, deliveries: readonly Delivery[], out: Output): void {
  const [, organization, , name] = plan.manifest.split('/');
  if (isEmpty(plan)) {
    const everything = `No changes: everything is as the manifest ${name} declares it.`;
    const nothing = plan.before.due.length === 0 ? 'Nothing is due.' : 'Nothing that is due can be rotated from here.';
    out.line(plan.onlyDue === undefined ? everything : nothing);
    showLeftAlone(plan, out);
    showNotes(plan, deliveries, out);
    return;
  }
  out.line(`Manifest ${name} in the organization ${organization}`);
  for (const change of plan.answer.changes) showChange(change, plan, deliveries, out);
  if (plan.pending.size > 0) {
    out.line('');
    out.line('To be delivered, from an apply that did not come to its end:');
    for (const address of plan.pending.keys()) {
      out.line(`  ${out.style('cyan', '>')} ${shortOf(address)}`);
      showSinks(address, deliveries, out);
    }
  }
  showLeftAlone(plan, out);
  showNotes(plan, deliveries, out);
  out.line('');
  out.line(`${out.style('bold', 'Plan:')} ${summaryText(summaryOf(plan, plan.answer), true)}.`);
}

/** `3 to create, 1 to delete, 12 unchanged`, or without `to` what was done. */
export function summaryText(summary: Summary, isPlanned: boolean): string {
  const words = isPlanned
    ? { created: 'to create', updated: 'to update', rotated: 'to rotate', deleted: 'to delete' }
    : { created: 'created', updated: 'updated', rotated: 'rotated', deleted: 'deleted' };
  const parts = Object.entries(words).map(([outcome, word]) => `${summary[outcome as keyof Summary]} ${word}`);
  const taken =
    summary.taken_over === 0 ? '' : `; ${summary.taken_over} of them ${isPlanned ? 'to be ' : ''}taken over`;
  return `${parts.join(', ')}, ${summary.unchanged} unchanged${taken}`;
}

function showChange(change: Change, plan: Plan, deliveries: readonly Delivery[], out: Output): void {
  const { address, outcome, changed, before = {}, effects, warnings } = change;
  out.line('');
  out.line(`  ${markOf(change, plan, out)} ${shortOf(address)}${reasonOf(change, plan)}`);
  if (isTakenOver(change)) out.line(`      managed_by: ${takeover(change, plan)}`);
  const body = bodyAt(plan.tree, address) ?? {};
  if (outcome !== 'deleted') {
    const given = splitMember(kindNamed(change.kind), body).body as JsonObject;
    const names = outcome === 'created' ? Object.keys(given) : changed;
    for (const name of names) {
      if (HIDDEN.has(name)) continue;
      const former = Object.hasOwn(before, name) ? `${valueText(before[name])} -> ` : '';
      out.line(`      ${name}: ${former}${valueText(body[name])}`);
    }
  }
  if (plan.secrets.has(address)) showSinks(address, deliveries, out);
  for (const effect of effects) out.line(`      ${out.style('yellow', '!')} ${masked(printable(effect))}`);
  for (const warning of warnings) out.line(`      ${out.style('yellow', 'warning:')} ${masked(printable(warning))}`);
}

function takeover({ taken_over_from: former }: Change, { manifest }: Plan): string {
  return `${printable(former ?? 'nobody')} -> ${managerOf(manifest)}`;
}

function markOf(change: Change, plan: Plan, out: Output): string {
  const renewed = `${out.style('red', '-')}/${out.style('green', '+')}`;
  switch (change.outcome) {
    case 'created':
      if (isReplaced(change, plan)) return renewed;
      return `  ${out.style('green', '+')}`;
    case 'updated':
      return `  ${out.style('yellow', '~')}`;
    case 'deleted':
      return `  ${out.style('red', '-')}`;
    case 'rotated':
      return renewed;
  }
}

function reasonOf(change: Change, plan: Plan): string {
  const [{ address, outcome }, { before }] = [change, plan];
  if (isReplaced(change, plan)) return ': a new token, as nobody has confirmed the secret, and it can have no other';
  if (outcome !== 'rotated') return '';
  if (before.undelivered.includes(address)) return ': a new secret, as nobody has confirmed the last one';
  return before.due.includes(address) ? ': a new secret, as it is due' : ': a new secret';
}

function showSinks(address: string, deliveries: readonly Delivery[], out: Output): void {
  for (const sink of deliveries.find((one) => one.address === address)?.sinks ?? []) {
    out.line(`      ${out.style('dim', `the secret goes to ${printable(describeSink(sink))}`)}`);
  }
}

/** What `--only-due` does not do, of which nobody should believe that it is done. */
function showLeftAlone({ onlyDue }: Plan, out: Output): void {
  if (onlyDue === undefined) return;
  const { leftAlone } = onlyDue;
  const note = (text: string) => out.line(`${out.style('yellow', 'note:')} ${text}`);
  if (leftAlone === undefined) {
    note('whether anything else differs is not known, since the daemon refuses the manifest: "accredit plan" says why');
  } else if (leftAlone.differing.length > 0) {
    const [first, ...others] = leftAlone.differing;
    const what = others.length === 0 ? `${shortOf(first as string)} differs` : `${others.length + 1} resources differ`;
    note(`${what} from the manifest, which is left alone: "accredit plan" shows how`);
  }
}

function showNotes(plan: Plan, deliveries: readonly Delivery[], out: Output): void {
  for (const { address, text } of notesOn(plan, deliveries)) {
    out.line(`${out.style('yellow', 'note:')} ${shortOf(address)} ${text}`);
  }
}

/** The address below its organization. */
export function shortOf(address: string): string {
  return address.slice(organizationOf(address).length + 1);
}

function valueText(value: Json | undefined): string {
  if (value === undefined || value === null) return '(as by default)';
  return masked(printable(JSON.stringify(value)));
}
