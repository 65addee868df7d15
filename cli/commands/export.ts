import { requireName } from '../../terraform-provider-spec/address.ts';
import type { JsonObject } from '../../terraform-provider-spec/kind.ts';
import { kindNamed } from '../../terraform-provider-spec/kinds/index.ts';
import type { Options, Verb } from '../command.ts';
import { readResources, treeOf } from '../manifest/export.ts';
import { PATIENCE } from '../manifest/patience.ts';
import { written } from '../manifest/variables.ts';

export const exportVerb: Verb = {
  name: 'export',
  summary: 'writes a manifest of what exists',
  description:
    'Writes what the manifest of that name manages as a manifest, which applies without a difference; with --unmanaged also ' +
    'what nobody manages, which apply --adopt takes over as it is. Secrets are not in it: tokens keep theirs.',
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
          const isWanted = (resource: JsonObject) =>
            resource.managed_by === `manifest/${name}` ||
            (options.unmanaged === true && resource.managed_by === null && !isPersonal(resource));
          const client = session.client();
          const resources = await readResources(client, `organizations/${organization}`, isWanted, {
            ...PATIENCE,
            signal: session.signal,
          });
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

/** Tokens that only the user may make to whom they belong are for no manifest of somebody else. */
function isPersonal({ kind }: JsonObject): boolean {
  return kindNamed(String(kind)).token?.selfService === true;
}
