/** A manifest as tests apply it, and what somebody has made of it. */
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
