/** A manifest as tests apply it, what somebody has made of it, and a daemon to apply it to. */
import { expect } from 'chai';
import { freshStage } from './manifest-stage.ts';

export const SHOP = `manifest: shop
projects:
  shop: { display_name: Shop }
roles:
  publisher: { permissions: [builds.*] }
apps:
  web: { project: shop }
accounts:
  ci:
    grants: [{ role: publisher, scope: projects/shop }]
    tokens:
      deploy:
        expires_in: 90d
        rotate_every: 30d
        overlap: 1d
        deliver:
          - file: ./secrets/ci-deploy
`;

export const CHANGED = `manifest: shop
projects:
  shop: { display_name: The shop }
roles:
  publisher: { permissions: [builds.*, artifacts.read] }
teams:
  web: {}
accounts:
  ci:
    grants: [{ role: publisher, scope: projects/shop }]
    tokens:
      deploy:
        expires_in: 90d
        rotate_every: 30d
        overlap: 1h
        deliver:
          - file: ./secrets/ci-deploy
      other:
        deliver:
          - dotenv: { file: .env, key: OTHER }
          - command: [cat]
          - stdout-json: true
`;

/** Declares a stage of its own for each test, with what is done there time and again. */
export function freshShop() {
  const { stage, workshop } = freshStage();
  return {
    stage,
    workshop,
    /** Applies the manifest, and answers its file. */
    async applied(text = SHOP): Promise<string> {
      const file = workshop().write('shop.yaml', text);
      const { status, stderr } = await workshop().accredit(['apply', '--yes', file]);
      expect(status, stderr).to.equal(0);
      return file;
    },
    /** Whether a secret works, as it is in a file or without the end of its line. */
    async opens(secret: string): Promise<boolean> {
      return (await stage().daemon.as(secret.trim()).get('/v1/self')).status === 200;
    },
    /** What the daemon has at an address in the organization `default`. */
    async resource(address: string) {
      return (await stage().daemon.request.get(`/v1/organizations/default/${address}?view=full`)).body;
    },
  };
}
