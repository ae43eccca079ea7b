/**
 * Peers in Python: alibi and tf.function on TensorFlow, Keras, captum and plain PyTorch, each in a process that keeps its model warm
 * (serve.py). Times are taken there, around the explanation or the epoch alone. PATHGRAD_PYTHON names the interpreter of an environment
 * that has them; PATHGRAD_PYTHON_TORCH (_KERAS, _ALIBI, _CAPTUM, _TF_FUNCTION) another one for one of them.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { failure } from '../../src/tensor/errors.ts';
import type { Prepared } from '../harness.ts';
import type { ExplainTask, FileTask, NetLayer, Weight } from '../nets.ts';
import { type Peer, peersFolder, type TrainTask } from './peer.ts';

interface Answer {
  readonly error?: string;
  readonly versions?: Record<string, string>;
  readonly backend?: string;
  readonly threads?: number;
  readonly ms?: number;
  readonly data?: string;
}

export type PythonLibrary = 'alibi' | 'tf-function' | 'captum' | 'torch' | 'keras';

export async function pythonPeer(library: PythonLibrary, threads: number, notices: string[]): Promise<Peer | null> {
  const python =
    process.env[`PATHGRAD_PYTHON_${library.toUpperCase().replace('-', '_')}`] ?? process.env['PATHGRAD_PYTHON'];
  if (!python) {
    notices.push(
      `${library} is left out: set PATHGRAD_PYTHON to the python of an environment with bench/peers/requirements.txt`,
    );
    return null;
  }
  const server = new Server(python, library, threads);
  // transformers' TensorFlow classes need Keras 2, and a process has one Keras.
  let second: Promise<Server> | undefined;
  const forTransformers = (): Promise<Server> => (second ??= started(python, `${library}-transformers`, threads));
  try {
    const hello = await server.answer();
    return {
      name: library,
      backend: hello.backend!,
      threads,
      versions: hello.versions!,
      ...(library !== 'keras' &&
        library !== 'tf-function' && { explain: (task: ExplainTask) => explainer(server, netMessage(task)) }),
      ...((library === 'torch' || library === 'keras') && { train: (task: TrainTask) => trainer(server, task) }),
      ...(library !== 'torch' &&
        library !== 'keras' && {
          explainFile: async (task: FileTask) => {
            const apart = task.kind === 'transformer' && library !== 'captum';
            return explainer(apart ? await forTransformers() : server, fileMessage(task));
          },
        }),
      close: async () => {
        server.end();
        (await second?.catch(() => null))?.end();
      },
    };
  } catch (error) {
    server.end();
    notices.push(`${library} is left out: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

async function started(python: string, library: string, threads: number): Promise<Server> {
  const server = new Server(python, library, threads);
  await server.answer();
  return server;
}

function netMessage({ net, inputs, from, to, ...rest }: ExplainTask): object {
  const arrays = { inputs: encode(inputs), from: encode(from), to: encode(to) };
  return { ...rest, ...arrays, netShape: net.inputShape, layers: net.layers.map(encodeLayer) };
}

function fileMessage({ inputs, from, mask, ...rest }: FileTask): object {
  return { ...rest, inputs: encode(inputs), from: encode(from), ...(mask && { mask: encode(mask) }) };
}

/** The two losses of the first batch: before all training, and after the epoch. */
async function trainer(server: Server, task: TrainTask): Promise<Prepared> {
  const { run, ...rest } = await explainer(server, { ...task, train: true });
  const losses = async () => {
    const { outputs, ...timed } = await run();
    return { ...timed, outputs: Array.from(outputs[0]!, (loss) => [loss]) };
  };
  return { ...rest, run: losses };
}

async function explainer(server: Server, task: object): Promise<Prepared> {
  const prepare = { do: 'prepare', ...task };
  const turn = server.owner();
  // Cases come one after the other, but contenders of one case may share a process: who runs last was prepared last.
  const ready = async (): Promise<Answer> => {
    if (server.current === turn) return {};
    const answer = await server.ask(prepare);
    server.current = turn;
    return answer;
  };
  const { backend, threads } = await ready();
  return {
    ...(backend !== undefined && { backend }),
    ...(threads !== undefined && { threads }),
    run: async () => {
      await ready();
      const { ms, data } = await server.ask({ do: 'run' });
      return { outputs: [decode(data!)], ms: ms! };
    },
  };
}

/** A Python process that answers line by line, in order. */
class Server {
  /** The task that the process holds. */
  current = 0;
  private owners = 0;
  private readonly child: ChildProcess;
  private readonly lines: Interface;
  private readonly waiting: { resolve(answer: Answer): void; reject(error: Error): void }[] = [];
  private readonly name: string;
  private errors = '';

  constructor(python: string, library: string, threads: number) {
    this.name = library;
    const limits = { OMP_NUM_THREADS: String(threads), MKL_NUM_THREADS: String(threads) };
    const env = { ...process.env, ...limits };
    this.child = spawn(python, [`${peersFolder}serve.py`, library, String(threads)], { env });
    this.lines = createInterface({ input: this.child.stdout! });
    this.lines.on('line', (line) => this.receive(line));
    this.child.stderr!.on('data', (chunk: Buffer) => {
      this.errors = (this.errors + chunk).slice(-2000);
    });
    this.child.on('error', (error) => this.fail(error.message));
    this.child.on('close', () => this.fail(`python ended: ${this.errors.trim().split('\n').at(-1) ?? ''}`));
  }

  owner(): number {
    return ++this.owners;
  }

  answer(): Promise<Answer> {
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  ask(message: object): Promise<Answer> {
    const answer = this.answer();
    this.child.stdin!.write(`${JSON.stringify(message)}\n`);
    return answer;
  }

  end(): void {
    this.child.stdin?.end();
  }

  private receive(line: string): void {
    const answer = JSON.parse(line) as Answer;
    const first = this.waiting.shift();
    if (answer.error) first?.reject(failure(this.name, answer.error.split('\n')[0]!));
    else first?.resolve(answer);
  }

  private fail(reason: string): void {
    for (const { reject } of this.waiting.splice(0)) reject(failure(this.name, reason));
  }
}

const encode = (data: Float32Array): string =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
const encodeWeight = ({ data, shape }: Weight): object => ({ data: encode(data), shape });

function encodeLayer(layer: NetLayer): object {
  return 'kernel' in layer ? { ...layer, kernel: encodeWeight(layer.kernel), bias: encodeWeight(layer.bias) } : layer;
}

function decode(text: string): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
  return new Float32Array(bytes.buffer);
}
