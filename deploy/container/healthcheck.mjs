/**
 * Asks the daemon in this container whether its process answers, with exit status 0 if it does. It reads the settings that say
 * where that is. Plain JavaScript without dependencies, since an image has nothing else to ask with.
 */
import { request as plain } from 'node:http';
import { request as overTls } from 'node:https';

const PATIENCE = 4000;

const { ACCREDIT_LISTEN = '127.0.0.1:7345', ACCREDIT_TLS_CERTIFICATE, ACCREDIT_TLS_CERTIFICATE_FILE } = process.env;
const isTls = Boolean(ACCREDIT_TLS_CERTIFICATE || ACCREDIT_TLS_CERTIFICATE_FILE);
const { hostname, port } = new URL(`http://${ACCREDIT_LISTEN}`);
// What listens everywhere listens on loopback.
const host = { '0.0.0.0': '127.0.0.1', '[::]': '[::1]' }[hostname] ?? hostname;

// The certificate is made out to the name that others use. Nothing is sent, and nothing depends on who answers.
const options = { host: host.replace(/[[\]]/g, ''), port: port || 80, path: '/healthz', timeout: PATIENCE };
const asked = (isTls ? overTls : plain)({ ...options, rejectUnauthorized: false }, (answer) => {
  answer.resume();
  if (answer.statusCode !== 200) fail(`HTTP ${answer.statusCode}`);
});
asked.on('timeout', () => asked.destroy(new Error('no answer')));
asked.on('error', ({ message }) => fail(message));
asked.end();

/** @param {string} why */
function fail(why) {
  process.stderr.write(`accredit does not answer on ${ACCREDIT_LISTEN}: ${why}\n`);
  process.exitCode = 1;
}
