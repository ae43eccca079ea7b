"""
Golden values of transformers' PyTorch classes in training mode: outputs with dropout, and what becomes of the gradient of every weight.

    python make_training.py        writes training.json.gz

What is dropped follows from a generator that both sides have: the k-th call of dropout keeps an entry i where `uniform(k, i)` is at least
the probability. Weights are made of their names, as in make_encoders.py. Of each weight's gradient one number is kept: its product with
another array made of the name. Versions: requirements.txt.
"""
import gzip
import json
from pathlib import Path

import numpy as np
import torch
import transformers

from encoder_cases import DEBERTA, LENGTHS, MODERN, ROBERTA, SIZES
from make_encoders import HEADS, digits, inputs, load, made, outputs

BERT = dict(hidden_dropout_prob=0.3, attention_probs_dropout_prob=0.2)
OWN = dict(BERT, classifier_dropout=0.4)
DISTILBERT = dict(vocab_size=24, dim=16, n_layers=2, n_heads=2, hidden_dim=20, max_position_embeddings=20, pad_token_id=0,
                  dropout=0.3, attention_dropout=0.2, seq_classif_dropout=0.4, qa_dropout=0.5)
MPNET = dict({k: v for k, v in SIZES.items() if k != 'type_vocab_size'}, pad_token_id=1, bos_token_id=0, eos_token_id=2,
             max_position_embeddings=24, **BERT)
MODERN = dict(MODERN, attention_dropout=0.2, embedding_dropout=0.3, mlp_dropout=0.4, classifier_dropout=0.5)
FEW = ['single', 'token', 'question', 'masked']

# model_type, settings, heads
CASES = [
    ('bert', dict(SIZES, **BERT), FEW),
    ('bert', dict(SIZES, **OWN), ['single', 'token']),
    ('distilbert', DISTILBERT, FEW),
    ('roberta', dict(ROBERTA, **BERT), ['token', 'question', 'masked']),
    ('roberta', dict(ROBERTA, **OWN), ['single', 'token']),
    ('xlm-roberta', dict(ROBERTA, **OWN), ['single']),
    ('camembert', dict(ROBERTA, **OWN), ['single']),
    ('electra', dict(SIZES, embedding_size=10, **OWN), FEW),
    ('albert', dict(SIZES, embedding_size=10, num_hidden_layers=3, classifier_dropout_prob=0.4, **BERT), FEW),
    ('mpnet', MPNET, FEW),
    ('deberta-v2', dict(DEBERTA, position_buckets=4, conv_kernel_size=3, conv_act='gelu', pooler_dropout=0.25, cls_dropout=0.4,
                        **BERT), FEW),
    ('deberta-v2', dict(DEBERTA, position_buckets=-1, share_att_key=False, norm_rel_ebd='none', pooler_dropout=0.0, **BERT),
     ['single']),
    ('modernbert', MODERN, FEW),
]


def uniform(call, size):
    """A hash of the number of the call and of the entry, from 0 up to 1, in steps of 2^-24."""
    i = np.arange(size, dtype=np.uint64)
    h = (i * np.uint64(2654435761) + np.uint64(call * 40503 + 12345)) & np.uint64(0xFFFFFFFF)
    for shift, factor in ((16, 0x45D9F3B), (15, 0x2C1B3C6D)):
        h = ((h ^ (h >> np.uint64(shift))) * np.uint64(factor)) & np.uint64(0xFFFFFFFF)
    return ((h ^ (h >> np.uint64(16))) >> np.uint64(8)).astype(np.float64) / 2**24


class Dropping:
    calls = 0

    def __call__(self, x, p=0.5, training=True, inplace=False):
        if not training or p == 0:
            return x
        kept = torch.tensor(uniform(self.calls, x.numel()).reshape(x.shape) >= p)
        self.calls += 1
        return x * kept.to(x.dtype) / (1 - p)


def case(model_type, settings, head):
    auto, extra = HEADS[head]
    config = transformers.AutoConfig.for_model(model_type, **settings, **extra)
    model, stored, shapes, prefix = load(auto, config)
    if model_type == 'modernbert':
        model.config._attn_implementation = 'eager'  # Others drop within a kernel.
    model.train()
    # ModernBERT's eager attention makes NaN of hidden positions.
    given, _ = inputs(config, [9, 9, 9] if model_type == 'modernbert' else LENGTHS)
    dropping = Dropping()
    torch.nn.functional.dropout = dropping
    found = outputs(head, model(**given))
    visible = given['attention_mask'].numpy()
    loss = 0
    for name, value in found.items():
        by = torch.tensor(made(f'loss {name}', list(value.shape)).astype(np.float64))
        if value.shape[:2] == visible.shape:
            by = by * given['attention_mask'].reshape(visible.shape + (1,) * (value.dim() - 2))
        loss = loss + (value * by).sum()
    loss.backward()
    named = dict(model.named_parameters())
    gradients = {}
    for name in shapes:
        gradient = named[name].grad if name in named else None
        if gradient is None:
            continue
        bare = name.removeprefix(prefix + '.')
        by = torch.tensor(made(f'gradient {bare}', list(gradient.shape)).astype(np.float64))
        gradients[name] = [float(f'{v:.8g}') for v in ((gradient * by).sum().item(), gradient.abs().sum().item())]
    return {
        'head': head, 'config': stored, 'tensors': shapes, 'prefix': prefix, 'calls': dropping.calls,
        'inputs': {name: value.tolist() for name, value in given.items()},
        'outputs': {name: digits(value, visible) for name, value in found.items()},
        'gradients': gradients,
    }


def main():
    cases = [case(model_type, settings, head) for model_type, settings, heads in CASES for head in heads]
    document = {'made_with': {'transformers': transformers.__version__, 'torch': torch.__version__}, 'cases': cases}
    text = json.dumps(document, separators=(',', ':'), allow_nan=False)
    with open(Path(__file__).parent / 'training.json.gz', 'wb') as file:
        file.write(gzip.compress(text.encode(), 9, mtime=0))


if __name__ == '__main__':
    main()
