/** Inputs that misbehave on purpose, by which the campaign itself is tested: it must see a hang, memory, an error and a dead process. */
export async function selfTest(what: Uint8Array): Promise<void> {
  switch (new TextDecoder().decode(what)) {
    case 'hang':
      for (;;);
    case 'wait':
      return new Promise(() => {});
    case 'memory': {
      const kept: Uint8Array[] = [];
      for (let i = 0; i < 700; i++) kept.push(new Uint8Array(2 ** 20).fill(i));
      return void kept.length;
    }
    case 'error':
      return void (undefined as unknown as { length: number }).length;
    case 'die':
      process.abort();
  }
}
