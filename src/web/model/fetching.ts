/** The files of an example, from the folder beside the page. */
import type { TransformerParts } from '../protocol/index.ts';
import { CallEnded } from '../state/client.ts';
import type { Example } from './examples.ts';

export async function fetchBeside(
  files: NonNullable<Example['beside']>,
  signal: AbortSignal,
): Promise<TransformerParts> {
  const [config, tokenizer, tokenizerConfig] = await Promise.all(
    [files.config, files.tokenizer, files.tokenizerConfig].map((file) => fetchExample(file, signal)),
  );
  return { config: config!, tokenizer: tokenizer!, tokenizerConfig: tokenizerConfig! };
}

export async function fetchExample(file: string, signal: AbortSignal): Promise<Blob> {
  try {
    const response = await fetch(new URL(`examples/${file}`, document.baseURI), { signal });
    if (response.ok) return await response.blob();
    const hint = 'build the page anew: npm run web';
    throw new Error(`${file}: cannot be fetched (status ${response.status})\nhint: ${hint}`);
  } catch (error) {
    if (signal.aborted) throw new CallEnded({ kind: 'cancelled', message: 'stopped' });
    throw error instanceof TypeError ? new Error(`${file}: cannot be fetched (${String(error)})`) : error;
  }
}
