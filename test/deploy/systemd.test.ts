/** The units of deploy/systemd: that they say what they promise, that systemd takes them, and that they do it. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { mintToken, secretHash } from '../../terraform-provider-spec/token.ts';
import { readText } from '../architecture/sources.ts';
import { freeAddress } from '../proxies/proxies.ts';
import { Machine, parseUnit, type Unit, valuesOf } from './units.ts';

const ROOT = join(import.meta.dirname, '../..');
const UNITS = join(ROOT, 'deploy/systemd');
const SERVICES = ['accredit.service', 'accredit-apply.service'];

/** What keeps a service that was broken into from the rest of the machine. */
const RESTRICTIONS: Readonly<Record<string, string>> = {
  AmbientCapabilities: '',
  CapabilityBoundingSet: '',
  DevicePolicy: 'closed',
  KeyringMode: 'private',
  LimitCORE: '0',
  LockPersonality: 'yes',
  NoNewPrivileges: 'yes',
  PrivateDevices: 'yes',
  PrivateMounts: 'yes',
  PrivateTmp: 'yes',
  PrivateUsers: 'yes',
  ProcSubset: 'pid',
  ProtectClock: 'yes',
  ProtectControlGroups: 'yes',
  ProtectHome: 'yes',
  ProtectHostname: 'yes',
  ProtectKernelLogs: 'yes',
  ProtectKernelModules: 'yes',
  ProtectKernelTunables: 'yes',
  ProtectProc: 'invisible',
  ProtectSystem: 'strict',
  RemoveIPC: 'yes',
  RestrictAddressFamilies: 'AF_INET AF_INET6 AF_UNIX AF_NETLINK',
  RestrictNamespaces: 'yes',
  RestrictRealtime: 'yes',
  RestrictSUIDSGID: 'yes',
  StateDirectoryMode: '0700',
  SystemCallArchitectures: 'native',
  SystemCallErrorNumber: 'EPERM',
  UMask: '0077',
};

describe('the units for systemd', () => {
  for (const name of SERVICES) {
    it(`${name} has every restriction, once, and none that Node cannot run under`, () => {
      const unit = read(name);
      for (const [directive, value] of Object.entries(RESTRICTIONS)) {
        expect(valuesOf(unit, 'Service', directive), directive).to.deep.equal([value]);
      }
      expect(valuesOf(unit, 'Service', 'SystemCallFilter')).to.deep.equal([
        '@system-service',
        '~@privileged @resources',
      ]);
      expect(valuesOf(unit, 'Service', 'MemoryDenyWriteExecute')).to.deep.equal([]);
      const [user = ''] = valuesOf(unit, 'Service', 'User');
      expect(readText('deploy/systemd/accredit.sysusers')).to.match(new RegExp(`^u ${user} `, 'm'));
    });

    it(`${name} gets secrets as credentials, and has none in its environment or command line`, () => {
      const unit = read(name);
      expect(valuesOf(unit, 'Service', 'LoadCredential')).to.have.length(1);
      const given = [...valuesOf(unit, 'Service', 'Environment'), ...valuesOf(unit, 'Service', 'ExecStart')].join(' ');
      expect(given).to.match(/_FILE=%d\//);
      expect(given).to.not.match(/ACCREDIT_(TOKEN|MASTER_KEY|DATABASE_URL)=/);
    });
  }

  it('wait for no word from a daemon that says none', () => {
    const unit = read('accredit.service');
    expect(valuesOf(unit, 'Service', 'Type')).to.deep.equal(['exec']);
    expect(valuesOf(unit, 'Service', 'WatchdogSec')).to.deep.equal([]);
    expect(valuesOf(unit, 'Service', 'Restart')).to.deep.equal(['on-failure']);
    expect(valuesOf(unit, 'Service', 'RestartPreventExitStatus')).to.deep.equal(['2']);
  });

  it('rotate every hour, and what was missed when the machine is back', () => {
    const unit = read('accredit-apply.timer');
    expect(valuesOf(unit, 'Timer', 'OnCalendar')).to.deep.equal(['hourly']);
    expect(valuesOf(unit, 'Timer', 'Persistent')).to.deep.equal(['true']);
    expect(valuesOf(read('accredit-apply.service'), 'Service', 'Type')).to.deep.equal(['oneshot']);
  });

  it('run the same command from cron, one at a time', () => {
    const line = readText('deploy/cron/accredit-apply')
      .split('\n')
      .find((one) => /^\d+ /.test(one));
    const [command] = valuesOf(read('accredit-apply.service'), 'Service', 'ExecStart');
    expect(line).to.match(/^17 \* \* \* \* accredit-apply flock -n /);
    expect(line?.endsWith(` ${command}`)).to.equal(true);
  });

  describe('by the word of systemd itself', function () {
    this.timeout(30_000);
    let directory: string;
    before(function () {
      // .ci/run installs it; on a machine without it there is nobody to ask.
      const isThere = spawnSync('systemd-analyze', ['--version']).status === 0;
      if (!isThere && process.env.CI !== 'true') this.skip();
      directory = mkdtempSync(join(tmpdir(), 'accredit-units-'));
      for (const name of [...SERVICES, 'accredit-apply.timer']) {
        writeFileSync(join(directory, name), readText(`deploy/systemd/${name}`).replaceAll('/opt/accredit', ROOT));
      }
    });
    after(() => directory && rmSync(directory, { recursive: true, force: true }));

    it('are well-formed', () => {
      const files = [...SERVICES, 'accredit-apply.timer'].map((name) => join(directory, name));
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...files], { encoding: 'utf8' });
      const about = stderr.split('\n').filter((line) => line.includes('accredit'));
      expect(about.join('\n')).to.equal('');
      expect(status, stderr).to.equal(0);
    });

    it('expose next to nothing', () => {
      for (const name of SERVICES) {
        const words = ['security', '--offline=true', '--threshold=15', '--no-pager', join(directory, name)];
        const { status, stdout, stderr } = spawnSync('systemd-analyze', words, { encoding: 'utf8' });
        expect(status, `${stderr}${stdout.split('\n').slice(-3).join('\n')}`).to.equal(0);
      }
    });
  });

  describe('carried out', function () {
    this.timeout(60_000);
    let directory: string;
    let machine: Machine;
    let listen: string;

    before(async () => {
      directory = mkdtempSync(join(tmpdir(), 'accredit-machine-'));
      listen = await freeAddress();
      machine = new Machine(directory, ROOT);
      for (const name of SERVICES) copyFileSync(join(UNITS, name), machine.at(`/etc/systemd/system/${name}`));
      writeFileSync(machine.at('/etc/accredit/master-key'), `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
      writeFileSync(machine.at('/etc/accredit/accredit.env'), `ACCREDIT_LISTEN=${listen}\n`);
      writeFileSync(machine.at('/etc/accredit/apply.env'), `ACCREDIT_ENDPOINT=http://${listen}\n`);
    });
    after(async () => {
      await machine.stopAll();
      rmSync(directory, { recursive: true, force: true });
    });

    it('start a daemon on the state directory with the key that is its credential, and end it in order', async () => {
      await machine.start('accredit.service');
      expect((await fetch(`http://${listen}/readyz`)).status).to.equal(200);
      const written = machine.at('/var/lib/accredit');
      expect(statSync(join(written, 'accredit.db')).mode & 0o777).to.equal(0o600);
      // The key stays where it was.
      expect(() => statSync(join(written, 'master-key'))).to.throw();
      expect(await machine.stop('accredit.service')).to.equal(0);
    });

    it('rotate what is due, deliver it below the state directory, and leave what is new to somebody who looks', async () => {
      await machine.start('accredit.service');
      const admin = readFileSync(machine.at('/var/lib/accredit/admin-token'), 'utf8').trim();
      const headers = { Authorization: `Bearer ${admin}`, 'Content-Type': 'application/json' };
      const api = `http://${listen}/v1/organizations/default`;
      writeFileSync(machine.at('/etc/accredit/apply-token'), `${admin}\n`, { mode: 0o400 });
      mkdirSync(machine.at('/etc/accredit/manifests'));
      const secret = machine.at('/var/lib/accredit-apply/deploy');
      const manifest = (more: string) =>
        writeFileSync(
          machine.at('/etc/accredit/manifests/shop.yaml'),
          `manifest: shop\naccounts:\n  ci:\n    tokens:\n      deploy: { rotate_every: 30d, overlap: 1h, deliver: [file: ${secret}] }\n${more}`,
        );
      manifest('');
      // What an apply elsewhere made, whose runner was lost before it delivered: it is due.
      const made = await fetch(`${api}/manifests/shop`, {
        method: 'PUT',
        headers: { ...headers, 'Accredit-Manager': 'manifest/shop' },
        body: JSON.stringify({
          accounts: {
            ci: {
              tokens: { deploy: { rotate_every: '30d', overlap: '1h', secret_hash: secretHash(mintToken('sa')) } },
            },
          },
        }),
      });
      expect(made.status, await made.text()).to.equal(201);
      manifest('  later: {}\n');

      await machine.start('accredit-apply.service');
      const works = async () => {
        const authorization = `Bearer ${readFileSync(secret, 'utf8').trim()}`;
        return (await fetch(`http://${listen}/v1/self`, { headers: { Authorization: authorization } })).status;
      };
      expect(await works()).to.equal(200);
      expect(statSync(secret).mode & 0o777).to.equal(0o600);
      expect((await fetch(`${api}/accounts/later`, { headers })).status).to.equal(404);

      const before = readFileSync(secret, 'utf8');
      await machine.start('accredit-apply.service');
      expect(readFileSync(secret, 'utf8')).to.equal(before);
    });
  });
});

function read(name: string): Unit {
  return parseUnit(readText(`deploy/systemd/${name}`));
}
