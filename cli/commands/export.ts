import { requireName } from '../../terraform-provider-spec/address.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { kindNamed } from '../../terraform-provider-spec/kinds/index.ts';
import { manifestAddress } from '../../terraform-provider-spec/manifest.ts';
import type { Options, Verb } from '../command.ts';
import { CliError, EXIT } from '../exit.ts';
import { declaredBy, readResources, treeOf } from '../manifest/export.ts';
import { PATIENCE } from '../manifest/patience.ts';
import { written } from '../manifest/variables.ts';
import type { Session } from '../session.ts';

export const exportVerb: Verb = {
  name: 'export',
  summary: 'writes a manifest of what exists',
  description:
    'Writes what the manifest of that name manages as a manifest, which applies without a difference; with --unmanaged also ' +
    'what nobody manages, which apply --adopt takes over as it is. Secrets are not in it: tokens keep theirs. Nor is "deliver", which ' +
    'the daemon does not know.',
  examples: [
    ['export shop > shop.yaml', 'what the manifest shop has made'],
    ['export shop --unmanaged > shop.yaml', 'with all that was made by hand; to be applied with --adopt'],
    ['export shop --json', 'as JSON'],
  ],
  declare(command, act) {
    command
      .argument('<manifest>', 'the name of the manifest')
      .option('--unmanaged', 'also what nobody manages')
      .action(
        act(async (session, name: string, options: Options<{ unmanaged?: boolean }>) => {
          requireName('manifest', name);
          const { organization } = session.connection;
          const client = session.client();
          const own = options.unmanaged === true ? (await client.self({ signal: session.signal })).address : undefined;
          let hasOwn = false;
          const isWanted = (resource: JsonObject) => {
            if (resource.managed_by === `manifest/${name}`) return true;
            if (own === undefined || resource.managed_by !== null || isPersonal(resource)) return false;
            if (resource.address !== own) return true;
            hasOwn = true;
            return false;
          };
          const resources = await readResources(client, `organizations/${organization}`, isWanted, {
            ...PATIENCE,
            signal: session.signal,
          });
          if (resources.length === 0 && options.unmanaged !== true) await requireApplied(session, name);
          if (hasOwn) session.err.line(`${session.err.style('yellow', 'note:')} ${ownLeftOut(own as string)}`);
          // What nobody manages never had one.
          if (
            resources.some(({ kind, managed_by }) => managed_by !== null && kindNamed(String(kind)).token !== undefined)
          ) {
            session.err.line(`${session.err.style('yellow', 'note:')} ${UNKNOWN_SINKS}`);
          }
          const manifest = { manifest: name, organization, ...(written(treeOf(resources)) as JsonObject) };
          if (session.json) {
            session.out.json(manifest);
            return;
          }
          const { stringify } = await import('yaml');
          session.out.write(stringify(manifest, { lineWidth: 0 }));
        }),
      );
  },
};

/** Rejects with `CliError` where there is no such manifest; one that declares nothing is written as it is. */
async function requireApplied(session: Session, name: string): Promise<void> {
  const { organization } = session.connection;
  const address = manifestAddress(`organizations/${organization}`, name);
  if ((await declaredBy(session.client(), address, { signal: session.signal })) !== undefined) return;
  throw new CliError(
    `there is no ${address}, or none that this token may see: "accredit list manifests" shows them, and with --unmanaged what ` +
      'nobody manages is exported under a new name',
    { status: EXIT.notFound, code: 'not-found' },
  );
}

const UNKNOWN_SINKS =
  'where secrets go is not known to the daemon: a token that had "deliver" in its file needs it here again, or its next secret is ' +
  'delivered nowhere';

/** Whoever takes an account out of a manifest deletes it, and nobody may delete the one that they do it with. */
function ownLeftOut(address: string): string {
  return `${address} is left out: its token asks for this, and a manifest that declares it could never be without it again`;
}

/** Tokens that only the user may make to whom they belong are for no manifest of somebody else. */
function isPersonal({ kind }: JsonObject): boolean {
  return kindNamed(String(kind)).token?.selfService === true;
}
