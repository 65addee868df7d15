/** How long the daemon may take for a manifest of thousands of resources, milliseconds. */
export const PATIENCE = { deadline: 600_000, attemptTimeout: 300_000 } as const;
