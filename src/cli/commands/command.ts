/** What a command is to main.ts and to the help. */
import type { FlagGroup } from '../flags/flags.ts';

export type CommandName = 'explain' | 'compare' | 'predict' | 'train' | 'evaluate' | 'job' | 'inspect' | 'methods';

export interface Command {
  readonly name: CommandName;
  readonly summary: string;
  readonly about: string;
  readonly usage: string;
  /** Whether a model comes first. */
  readonly model: boolean;
  /** Whether what else is typed is its own to read. */
  readonly positionals?: true;
  readonly groups: readonly FlagGroup[];
  /** Lines that the help has below the flags. */
  readonly lists?: () => readonly string[];
  readonly examples: readonly (readonly [command: string, what: string])[];
}
