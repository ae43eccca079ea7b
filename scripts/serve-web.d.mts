/** The Content-Security-Policy that the page is served under. */
export const policy: string;
/** Serves a folder on this machine. See serve-web.mjs. */
export function serve(
  folder: string,
  options?: { readonly port?: number; readonly isolated?: boolean; readonly csp?: string | null },
): Promise<{ readonly url: string; readonly close: () => Promise<void> }>;
