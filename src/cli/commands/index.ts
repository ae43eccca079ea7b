/** What each command is called, which flags it takes and what its help says. The work is in the files named after them. */
import type { Command } from './command.ts';
import { compare } from './compare.ts';
import { explain } from './explain.ts';
import { job } from './job.ts';
import { inspect, methods, predict } from './others.ts';
import { evaluate, train } from './training.ts';

export type { Command, CommandName } from './command.ts';

export const commands: readonly Command[] = [explain, compare, predict, train, evaluate, job, inspect, methods];
