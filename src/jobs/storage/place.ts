/**
 * Where a model or an input lies, from what was typed: a path, an address of HTTP(S), a bucket and key, the standard input. Invariant: what is kept of it
 * (`name`, which goes to manifest, logs and errors) holds no credentials, since places that hold some are refused.
 */
import { extname, resolve } from 'node:path';
import { usage } from '../../cli/flags/flags.ts';

export type StoragePlace =
  | { readonly kind: 'disk'; readonly name: string }
  | { readonly kind: 'http'; readonly name: string; readonly url: URL }
  | { readonly kind: 's3'; readonly name: string; readonly bucket: string; readonly key: string }
  | { readonly kind: 'standard'; readonly name: '-' };

/** Parts of a query that give access: signed addresses of S3, Google, Azure and CloudFront, tokens. */
const GIVES_ACCESS =
  /sig(nature)?$|token|secret|passw|credential|^(api|access)?[-_.]?key|key[-_.]?pair|^auth|^policy$/i;

/** @param flag which one it was given to @throws UsageError for an address that holds a password, a token or a signature */
export function placeFrom(given: string, flag: string): StoragePlace {
  if (given === '-') return { kind: 'standard', name: '-' };
  if (/^s3:\/\//i.test(given)) return bucketFrom(given, flag);
  if (!/^https?:\/\//i.test(given)) return { kind: 'disk', name: resolve(given) };
  if (!URL.canParse(given)) throw usage(flag, 'is no address', 'https://HOST/PATH');
  const url = new URL(given);
  const shown = `${url.origin}${url.pathname}`;
  const why = 'the manifest keeps it for workers and for job resume';
  if (url.username !== '' || url.password !== '')
    throw usage(flag, `${shown} is given with a user or a password, and ${why}`, 'put them into ~/.netrc (or NETRC)');
  const secret = [...url.searchParams.keys()].find((name) => GIVES_ACCESS.test(name));
  if (secret !== undefined) {
    const hint = 'give s3://BUCKET/KEY with AWS_* in the environment; or a user for this machine in ~/.netrc';
    throw usage(flag, `${shown} is given with '${secret}', which gives access, and ${why}`, hint);
  }
  url.hash = '';
  return { kind: 'http', name: url.href, url };
}

function bucketFrom(given: string, flag: string): StoragePlace {
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]*)\/?(.*)$/is.exec(given) ?? [];
  if (!/^[a-z0-9][a-z0-9._-]+$/i.test(bucket) || key === '')
    throw usage(flag, `'${given.slice(0, 80)}' is no place in a bucket`, 's3://BUCKET/KEY');
  return { kind: 's3', name: `s3://${bucket}/${key}`, bucket, key };
}

/** How the file's name ends, in small letters and without a `.gz`: `.csv` of `https://host/rows.csv.gz?v=2`. */
export function endingOf(place: StoragePlace): string {
  return extname(baseOf(place).replace(/\.gz$/i, '')).toLowerCase();
}

/** The file's name alone. */
export function baseOf(place: StoragePlace): string {
  const path = place.kind === 'http' ? decoded(place.url.pathname) : place.kind === 's3' ? place.key : place.name;
  return path.split(/[\\/]/).at(-1)!;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
