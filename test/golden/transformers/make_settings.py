"""
Golden values of what transformers' AutoTokenizer makes of a folder whose files leave something out: ids of a few texts, with and without
tokenizer_config.json, with special tokens that the vocabulary lacks, and of vocab.txt alone.

    python make_settings.py        writes settings.json     (requirements.txt)
"""
import json
import tempfile
from pathlib import Path

import transformers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

WORDS = ['cafe', 'Cafe', 'café', 'new', 'New', 'a', 'b', '日', '本', '日本', '[', ']', 'mask', '<', '>', '##s', 'cls', 's', '/']
BERT = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']
ROBERTA = ['<s>', '<pad>', '</s>', '<unk>', '<mask>']
MPNET = ['<s>', '<pad>', '</s>', '[UNK]', '<mask>']
TEXTS = ['Cafe café New', 'a [MASK] b', 'a <mask> b', '日本 news', 'a[CLS]b', 'a <s> b', 'a <new> b', 'a NEW b']
PAIR = ('Cafe a', 'b New')


def json_of(special, lowercase, marked=True, prefix=None):
    """A tokenizer.json of whole words; `prefix`: of bytes."""
    cls, sep, unk = (special[2], special[3], special[1]) if special is BERT else (special[0], special[2], special[3])
    words = special + WORDS
    if prefix is None:
        tokenizer = Tokenizer(models.WordPiece({word: i for i, word in enumerate(words)}, unk_token=unk))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    else:
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
        words = special + alphabet + ['Ġa', 'Ġb']
        tokenizer = Tokenizer(models.BPE({word: i for i, word in enumerate(words)}, [('Ġ', 'a'), ('Ġ', 'b')], unk_token=unk))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    ids = {word: i for i, word in enumerate(words)}
    tokenizer.post_processor = processors.BertProcessing((sep, ids[sep]), (cls, ids[cls]))
    if marked:
        tokenizer.add_special_tokens(special)
    return json.loads(tokenizer.to_str())


BERT_CONFIG = {'model_type': 'bert'}
# name: (config.json, tokenizer.json or vocab.txt, tokenizer_config.json or None, special_tokens_map.json or None)
CASES = {
    'bert, cased, no settings': (BERT_CONFIG, json_of(BERT, False), None, None),
    'bert, cased, empty settings': (BERT_CONFIG, json_of(BERT, False), {}, None),
    'bert, cased, said so': (BERT_CONFIG, json_of(BERT, False), {'do_lower_case': False}, None),
    'bert, special tokens not marked': (BERT_CONFIG, json_of(BERT, True, False), None, None),
    'electra': ({'model_type': 'electra'}, json_of(BERT, False), None, None),
    'distilbert': ({'model_type': 'distilbert'}, json_of(BERT, False), None, None),
    'bert, plain class in its config': ({**BERT_CONFIG, 'tokenizer_class': 'PreTrainedTokenizerFast'}, json_of(BERT, False), None, None),
    'modernbert': ({'model_type': 'modernbert'}, json_of(BERT, False), {'pad_token': '[PAD]'}, None),
    'mpnet': ({'model_type': 'mpnet'}, json_of(MPNET, False), None, None),
    'mpnet, not marked': ({'model_type': 'mpnet'}, json_of(MPNET, False, False), None, None),
    'roberta, prefix': ({'model_type': 'roberta'}, json_of(ROBERTA, False, True, True), None, None),
    'roberta, not marked': ({'model_type': 'roberta'}, json_of(ROBERTA, False, False, False), None, None),
    'bert, lacks what it names': (BERT_CONFIG, json_of(BERT, True), {'mask_token': '<new>'}, None),
    'bert, lacks what the map names': (BERT_CONFIG, json_of(BERT, True), None, {'mask_token': '<new>', 'sep_token': '[SEP]'}),
    'bert, no mask': (BERT_CONFIG, json_of(BERT, True, False), {'mask_token': None}, None),
    'bert, added': (BERT_CONFIG, json_of(BERT, True), {'cls_token': {'content': '[CLS]', 'lstrip': True, 'rstrip': False,
                    'single_word': False, 'normalized': False, 'special': True, '__type': 'AddedToken'}}, None),
    'bert, vocab.txt': (BERT_CONFIG, BERT + WORDS, None, None),
    'bert, vocab.txt, cased': (BERT_CONFIG, BERT + WORDS, {'do_lower_case': False}, None),
    'bert, vocab.txt, other names': (BERT_CONFIG, ['<pad>', '[UNK]', '<s>', '</s>', '<mask>'] + WORDS,
                                     {'pad_token': '<pad>', 'cls_token': '<s>', 'sep_token': '</s>', 'mask_token': '<mask>'}, None),
    'mpnet, vocab.txt': ({'model_type': 'mpnet'}, MPNET + WORDS, None, None),
}


def main():
    found = {}
    for name, (config, definition, settings, special) in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            def put(file, value):
                (Path(folder) / file).write_text(value if isinstance(value, str) else json.dumps(value), encoding='utf-8')
            put('config.json', config)
            put('vocab.txt', '\n'.join(definition) + '\n') if isinstance(definition, list) else put('tokenizer.json', definition)
            if settings is not None:
                put('tokenizer_config.json', settings)
            if special is not None:
                put('special_tokens_map.json', special)
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
            pair = tokenizer(*PAIR)
            found[name] = {
                'config': config, 'definition': definition, 'settings': settings, 'special': special,
                'ids': [tokenizer(text)['input_ids'] for text in TEXTS],
                'pair': {'ids': pair['input_ids'], 'types': tokenizer(*PAIR, return_token_type_ids=True)['token_type_ids']},
                'mask': tokenizer.mask_token_id, 'class': type(tokenizer).__name__,
            }
    document = {'made_with': {'transformers': transformers.__version__}, 'texts': TEXTS, 'texts_of_pair': PAIR, 'cases': found}
    lines = json.dumps(document, ensure_ascii=False, separators=(',', ':')).replace('},"', '},\n"')
    (Path(__file__).parent / 'settings.json').write_text(lines + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()
