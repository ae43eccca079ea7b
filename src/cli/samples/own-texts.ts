/** Texts for a model that splits and looks them up itself (TextVectorization, StringLookup). A vocabulary that contradicts the model's is refused. */
import { parseVocabulary } from '../../inputs/index.ts';
import type { Lookup } from '../../model/definition.ts';
import type { Model } from '../../model/model.ts';
import { textRows, textsPerRow } from '../../open/own-texts.ts';
import { readText } from '../files.ts';
import { type Arguments, usage } from '../flags/flags.ts';
import type { Batch } from './batch.ts';
import { batchOf } from './join.ts';

/** What says how texts are cut and looked up, which the model knows. */
const needless = ['length', 'padding', 'truncating', 'index-from'] as const;

/** @throws UsageError for a vocabulary that says of an id what the model does not */
export function ownTexts(args: Arguments, model: Model, texts: readonly string[], flag: string): Batch {
  const [input] = model.rawInputs;
  const stray = needless.find((one) => args.has(one));
  if (stray) throw usage(`--${stray}`, `${model.name} splits and looks up texts itself`, 'leave it out');
  const width = textsPerRow(model);
  if (width !== 1) throw usage(flag, `${model.name} takes ${width} texts a row`, 'give a table: --csv FILE');
  const lookup = model.inputSources.find((source) => source.lookup)?.lookup ?? null;
  const notices = checkVocabulary(args, lookup);
  return batchOf(model, new Map([[input!.name, textRows(texts, input!.shape?.length === 1)]]), {
    titles: texts,
    notices,
  });
}

const special = (token: string): boolean => /^(|<pad>|\[PAD\]|<unk>|<unknown>|\[UNK\]|<OOV>|<UNK>)$/.test(token);

/** What to say of a vocabulary that the model holds, too. */
function checkVocabulary(args: Arguments, lookup: Lookup | null): string[] {
  const path = args.text('vocab') ?? args.text('word-index');
  if (path === undefined) return [];
  const flag = args.has('vocab') ? '--vocab' : '--word-index';
  if (!lookup || lookup.tokens.length === 0)
    throw usage(flag, 'is not for this model', 'it looks up texts itself: leave it out');
  const given = parseVocabulary(readText(path), path);
  const size = Math.max(given.size, lookup.tokens.length);
  for (let id = 0; id < size; id++) {
    const [theirs, own] = [id < given.size ? given.tokenOf(id) : '', String(lookup.tokens[id] ?? '')];
    if (theirs === own || (special(theirs) && special(own))) continue;
    const hint = `the model holds its vocabulary (layer '${lookup.layer}'): leave ${flag} out`;
    throw usage(
      flag,
      `${path} contradicts the model: id ${id} is '${own}' in the model, '${theirs}' in the file`,
      hint,
    );
  }
  return [`${path}: the model holds the same vocabulary (layer '${lookup.layer}'): ${flag} is not needed`];
}
