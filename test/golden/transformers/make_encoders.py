"""
Golden values of transformers' PyTorch encoders and heads, with gradients and captum's integrated gradients at the embeddings.

    python make_encoders.py [NAME ...]        writes encoders/NAME.json.gz for each family of encoder_cases.py

Weights are not stored. Both sides make them from the name of the array by the same small generator (`made`), in steps that float32,
float16 and bfloat16 all hold exactly, so that a file of any of the three has these golden values. The model is loaded by
from_pretrained from a folder with those weights, then computed in float64. Versions: requirements.txt.
"""
import gzip
import json
import sys
import tempfile
from pathlib import Path

import captum
import numpy as np
import torch
import transformers
from captum.attr import LayerIntegratedGradients
from safetensors.numpy import load_file, save_file

from encoder_cases import COLUMN, FAMILIES, LENGTHS, PLACE, STEPS

HEADS = {
    'base': (transformers.AutoModel, {}),
    'single': (transformers.AutoModelForSequenceClassification, dict(num_labels=3)),
    'multi': (transformers.AutoModelForSequenceClassification,
              dict(num_labels=3, problem_type='multi_label_classification')),
    'regression': (transformers.AutoModelForSequenceClassification, dict(num_labels=1, problem_type='regression')),
    'token': (transformers.AutoModelForTokenClassification, dict(num_labels=5)),
    'question': (transformers.AutoModelForQuestionAnswering, {}),
    'masked': (transformers.AutoModelForMaskedLM, {}),
}


def made(name, shape):
    """FNV-1a of the name seeds a linear congruential generator, whose top 8 bits become the value."""
    state = 2166136261
    for byte in name.encode():
        state = ((state ^ byte) * 16777619) & 0xFFFFFFFF
    values = np.empty(int(np.prod(shape)), np.float32)
    for i in range(values.size):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        values[i] = (state >> 24) - 128
    if len(shape) == 1:
        # Scales lie around 1, biases around 0.
        values = 1 + np.floor(values / 2) / 128 if name.endswith('weight') else values / 512
    else:
        values = values / (128 if 'embeddings' in name else 256)
    return values.reshape(shape).astype(np.float32)


def load(auto, config):
    """The model from a folder as save_pretrained makes it, and the names and shapes of its arrays."""
    # ModernBERT's eager attention takes its softmax in float32, whatever the model computes in.
    attention = 'sdpa' if config.model_type == 'modernbert' else 'eager'
    with tempfile.TemporaryDirectory() as folder:
        fresh = auto.from_config(config, attn_implementation=attention)
        fresh.save_pretrained(folder)
        file = Path(folder) / 'model.safetensors'
        shapes = {name: list(array.shape) for name, array in load_file(file).items()}
        prefix = fresh.base_model_prefix + '.'
        arrays = {name: made(name.removeprefix(prefix), shape) for name, shape in shapes.items()}
        save_file(arrays, file, metadata={'format': 'pt'})
        model = auto.from_pretrained(folder, attn_implementation=attention, dtype=torch.float32)
        stored = json.loads((Path(folder) / 'config.json').read_text())
    stored.pop('transformers_version', None)
    return model.double().eval(), stored, shapes, fresh.base_model_prefix


def inputs(config, lengths=LENGTHS, baseline=4):
    """
    Rows of different lengths, ids from 5 up between special tokens 2 and 3; the pad id where a row has ended. The baseline keeps the
    special tokens and has [MASK], 4, between them, or another id.
    """
    rows, longest = len(lengths), max(lengths)
    ids = torch.full((rows, longest), config.pad_token_id)
    types = torch.zeros_like(ids)
    mask = torch.zeros_like(ids)
    for row, length in enumerate(lengths):
        ids[row, :length] = torch.tensor([2] + [5 + (7 * row + 5 * p) % 19 for p in range(1, length - 1)] + [3])
        types[row, length // 2:length] = 1
        mask[row, :length] = 1
    given = {'input_ids': ids, 'attention_mask': mask}
    if getattr(config, 'type_vocab_size', 0) > 1:
        given['token_type_ids'] = types
    return given, torch.where((ids > 4) & (mask == 1), baseline, ids)


def outputs(head, result):
    if head == 'base':
        hidden = {'hidden': result.last_hidden_state}
        pooled = getattr(result, 'pooler_output', None)
        return hidden if pooled is None else dict(hidden, pooled=pooled)
    if head == 'question':
        return {'start': result.start_logits, 'end': result.end_logits}
    return {'logits': result.logits}


def target(head, result):
    """The score of each row that is explained, and its index behind the row's."""
    values = next(iter(outputs(head, result).values()))
    index = {'single': [COLUMN], 'multi': [COLUMN], 'regression': [0], 'question': [PLACE]}.get(head, [PLACE, COLUMN])
    return values[(slice(None), *index)], index


def digits(tensor, visible=None):
    array = tensor.detach().numpy()
    if visible is not None and array.shape[:2] == visible.shape:
        array = np.where(visible.reshape(visible.shape + (1,) * (array.ndim - 2)) == 1, array, 0)
    return {'shape': list(array.shape), 'data': [float(f'{value:.8g}') for value in array.ravel()]}


def case(head, model_type, settings, rows):
    auto, extra = HEADS[head]
    config = transformers.AutoConfig.for_model(model_type, **settings, **extra)
    model, stored, shapes, prefix = load(auto, config)
    given, baseline = inputs(config, **rows)
    base = model if head == 'base' else getattr(model, prefix)
    layer = base.embeddings
    visible = given['attention_mask'].numpy()
    kept = {}
    handle = layer.register_forward_hook(lambda _, __, output: kept.update(at=output))
    result = model(**given)
    handle.remove()
    score, index = target(head, result)
    gradient, = torch.autograd.grad(score.sum(), kept['at'])
    names = [name for name in given if name != 'input_ids']
    forward = lambda ids, *rest: target(head, model(input_ids=ids, **dict(zip(names, rest))))[0]
    explain = LayerIntegratedGradients(forward, layer)
    attributed = explain.attribute(given['input_ids'], baseline, n_steps=STEPS, method='gausslegendre',
                                   additional_forward_args=tuple(given[name] for name in names))
    return {
        'head': head, 'config': stored, 'tensors': shapes,
        'outputs': {name: digits(value, visible) for name, value in outputs(head, result).items()},
        'target': index, 'gradient': digits(gradient), 'attributions': digits(attributed),
    }, prefix, given, baseline


def main(names):
    here = Path(__file__).parent
    for name in names or FAMILIES:
        model_type, settings, heads, *rows = FAMILIES[name]
        cases = []
        for head in heads:
            values, prefix, given, baseline = case(head, model_type, settings, rows[0] if rows else {})
            cases.append(values)
        document = {
            'family': model_type, 'prefix': prefix, 'method': 'gausslegendre', 'steps': STEPS,
            'versions': {p.__name__: p.__version__ for p in (transformers, torch, captum)},
            'inputs': {key: value.tolist() for key, value in given.items()}, 'baseline': baseline.tolist(),
            'cases': cases,
        }
        text = json.dumps(document, separators=(',', ':')).encode()
        data = gzip.compress(text, 9, mtime=0)
        (here / 'encoders' / f'{name}.json.gz').write_bytes(data)
        print(name, len(data), [list(c['outputs']) for c in cases][:1])


if __name__ == '__main__':
    main(sys.argv[1:])
