/** Builds the page into a folder; gives esbuild's metafile. */
export function buildWeb(out: string): Promise<import('esbuild').Metafile>;
/** Bytes of files as gzip sends them, in all. */
export function gzipBytes(paths: readonly string[]): number;
