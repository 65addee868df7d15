import type { Options, Verb } from '../command.ts';

export const whoami: Verb = {
  name: 'whoami',
  summary: 'shows whose token is used, and what it may do',
  examples: [
    ['whoami', 'the account or user, the token, and its permissions by scope'],
    ['whoami --profile production --json', 'the same of another endpoint, as the API has it'],
  ],
  declare(command, act) {
    command.action(
      act(async ({ client, json, out, signal, connection }, _options: Options<object>) => {
        const self = await client().self({ signal });
        if (json) {
          out.json(self.answer);
          return;
        }
        const rows: [string, string][] = [
          ['identifier', self.identifier],
          ['address', self.address],
          ['token', self.token],
          ['valid until', self.validUntil ?? 'no end'],
          ['confined to', self.confinedTo],
          ['endpoint', connection.endpoint],
          ...self.permissionsByScope.map(({ scope, permissions }): [string, string] => [
            `may, at ${scope}`,
            permissions.join(', '),
          ]),
        ];
        const width = Math.max(...rows.map(([name]) => name.length));
        for (const [name, value] of rows) out.line(`${out.style('bold', name.padEnd(width))}  ${value}`);
      }),
    );
  },
};
