/** A promise, or what makes one, that must fail with a message like this. */
import * as assert from 'uvu/assert';

export async function rejects(made: Promise<unknown> | (() => unknown), text: RegExp): Promise<void> {
  let message: string | null = null;
  try {
    await (typeof made === 'function' ? made() : made);
  } catch (error) {
    message = (error as Error).message;
  }
  if (message === null) assert.unreachable(`should have failed: ${text}`);
  assert.match(message!, text);
}
