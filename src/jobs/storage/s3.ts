/**
 * Files in S3 and what speaks like it, through the optional package @aws-sdk/client-s3: credentials, regions and endpoints are found as AWS's tools find
 * them (AWS_ACCESS_KEY_ID, AWS_PROFILE, roles of machines and pods; AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL), and are never held here.
 */
import type { S3Client } from '@aws-sdk/client-s3';
import { failure } from '../../tensor/errors.ts';
import { checkStatus, connectionError, Passing, type Transport } from './remote.ts';

export interface BucketPlace {
  readonly name: string;
  readonly bucket: string;
  readonly key: string;
}

type Package = typeof import('@aws-sdk/client-s3');

async function loadPackage(): Promise<Package> {
  try {
    return await import('@aws-sdk/client-s3');
  } catch (error) {
    const hint = 'npm install @aws-sdk/client-s3';
    throw failure('s3://', 'needs the package @aws-sdk/client-s3, which is not installed', {}, hint, error);
  }
}

let made: { readonly package: Package; readonly client: S3Client } | null = null;

/** One client per thread: it keeps connections and credentials. */
async function clientOf(): Promise<{ readonly package: Package; readonly client: S3Client }> {
  if (made) return made;
  const found = await loadPackage();
  // Servers of one's own have no name per bucket, and no regions.
  const endpoint = process.env['AWS_ENDPOINT_URL_S3'] || process.env['AWS_ENDPOINT_URL'];
  const region = process.env['AWS_REGION'] || process.env['AWS_DEFAULT_REGION'];
  const client = new found.S3Client({
    ...(endpoint && { forcePathStyle: true }),
    ...(region ? { region } : endpoint ? { region: 'us-east-1' } : {}),
    // We try again ourselves, from where an answer broke off.
    maxAttempts: 1,
    // Of a part of a file there is no checksum.
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  made = { package: found, client };
  return made;
}

export function s3Transport({ name, bucket, key }: BucketPlace): Transport {
  return {
    name,
    get: async (from, to, identity, signal) => {
      const { package: sdk, client } = await clientOf();
      const range = `bytes=${from}-${to === null ? '' : to - 1}`;
      const input = { Bucket: bucket, Key: key, Range: range, ...(identity !== null && { IfMatch: identity }) };
      try {
        const answer = await client.send(new sdk.GetObjectCommand(input), { abortSignal: signal });
        const total = Number(/\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1] ?? Number.NaN);
        if (!Number.isFinite(total) || !answer.Body) throw failure(name, 'is sent whole, whatever is asked for');
        const body = bodyOf(name, answer.Body as unknown as AsyncIterable<Uint8Array>);
        return { size: total, identity: answer.ETag ?? answer.LastModified?.toISOString() ?? '', body };
      } catch (error) {
        throw storageError(name, error);
      }
    },
  };
}

/** Keys under a prefix, with their sizes; at most `limit`. */
export async function listBucket(
  { name, bucket, key }: BucketPlace,
  limit: number,
): Promise<{ readonly key: string; readonly size: number }[]> {
  const { package: sdk, client } = await clientOf();
  try {
    const command = new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: key, MaxKeys: limit });
    const { Contents = [] } = await client.send(command);
    return Contents.map(({ Key = '', Size = 0 }) => ({ key: Key, size: Size }));
  } catch (error) {
    const known = storageError(name, error);
    throw known instanceof Passing ? failure(name, `cannot be listed: ${known.message}`, {}, 'try again later') : known;
  }
}

async function* bodyOf(name: string, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw connectionError(name, error);
  }
}

/** What the package throws, in our words: its own may name keys of access. */
function storageError(name: string, error: unknown): Error {
  if (!(error instanceof Error) || error.name === 'PathgradError') return error as Error;
  const { $metadata, $retryable } = error as { $metadata?: { httpStatusCode?: number }; $retryable?: unknown };
  const status = $metadata?.httpStatusCode;
  if (
    /^(CredentialsProviderError|ExpiredToken|TokenRefreshRequired|NoAuthHandler)/.test(error.name) ||
    /credentials/i.test(error.message)
  ) {
    const hint = 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or the role of the machine';
    return failure(name, 'cannot be read: there are no valid credentials', {}, hint);
  }
  if (/^Region is missing/.test(error.message)) return failure(name, 'is in no known region', {}, 'set AWS_REGION');
  if (status === undefined || status < 300) return connectionError(name, error);
  if (status === 301 || status === 307) return failure(name, 'is in another region', {}, 'set AWS_REGION to it');
  try {
    checkStatus(name, status);
  } catch (known) {
    return known as Error;
  }
  return $retryable ? new Passing(error.name) : failure(name, `cannot be read: ${error.name}`, { status });
}
