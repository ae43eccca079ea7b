/** Builds the page into a folder; gives esbuild's metafile. */
export function buildWeb(out: string): Promise<import('esbuild').Metafile>;
/** Bytes of files as gzip sends them, in all. */
export function gzipBytes(paths: readonly string[]): number;
/** What a visitor fetches of a built page: before any sign of use, with the engine, with a GPU; each without the one before. */
export function fetchedFiles(
  out: string,
  metafile: import('esbuild').Metafile,
): { readonly page: readonly string[]; readonly engine: readonly string[]; readonly gpu: readonly string[] };
