"""
Reads folders that pathgrad wrote with transformers, and compares what the models say.

    python check_saved.py FOLDER        prints a line of JSON per model: its largest difference, and weights that were missing or left over

FOLDER has a folder per model, and in `expected.json` by the name of each: its class, the inputs, and the outputs in order. Where a folder has
a tokenizer, `texts` are encoded by it and `input_ids` are what it must give. With PyTorch (requirements.txt) its classes read all of them;
without it (../training/requirements.txt) those of TensorFlow do, and a class that there is not is reported as `unchecked`.
"""
import importlib.util
import inspect
import json
import os
import sys
from pathlib import Path

TORCH = importlib.util.find_spec('torch') is not None
os.environ |= {'TF_USE_LEGACY_KERAS': '1', 'TF_CPP_MIN_LOG_LEVEL': '3', 'CUDA_VISIBLE_DEVICES': ''}

import numpy as np
import transformers

OUTPUTS = ('logits', 'start_logits', 'end_logits', 'last_hidden_state')


def by_torch(folder, wanted):
    import torch

    # ModernBERT's eager attention takes its softmax in float32, whatever the model computes in.
    attention = 'sdpa' if wanted['class'].startswith('ModernBert') else 'eager'
    model, info = getattr(transformers, wanted['class']).from_pretrained(
        folder, dtype=torch.float32, output_loading_info=True, attn_implementation=attention)
    inputs = {key: torch.tensor(rows) for key, rows in wanted['inputs'].items()}
    with torch.no_grad():
        result = model.double().eval()(**inputs)
    return model, info, {key: result[key].numpy() for key in OUTPUTS if key in result}


def by_tensorflow(folder, wanted):
    import tensorflow as tf
    import tf_keras
    from safetensors.numpy import load_file
    from transformers.modeling_tf_pytorch_utils import load_pytorch_state_dict_in_tf2_model

    kind = getattr(transformers, f"TF{wanted['class']}", None)
    if kind is None:
        return f"TF{wanted['class']} is no class of transformers"
    tf_keras.backend.clear_session()
    tf_keras.backend.set_floatx('float64')
    # What from_pretrained does; but it walks over an open file, which today's safetensors does not let it.
    config = transformers.AutoConfig.from_pretrained(folder)
    if config.model_type == 'electra' and 'classifhidden_dropout_probier_dropout' in inspect.getsource(sys.modules[kind.__module__]):
        config.classifhidden_dropout_probier_dropout = 0.0  # a word of transformers 4.57's code
    model = kind(config)
    model.build_in_name_scope()
    rename = getattr(model, 'tf_to_pt_weight_rename', None)
    stored = load_file(folder / 'model.safetensors')
    if 'predictions.bias' in stored:  # ALBERT's, which PyTorch writes once and TensorFlow's class reads as two
        stored['predictions.decoder.bias'] = stored['predictions.bias']
    model, info = load_pytorch_state_dict_in_tf2_model(
        model, stored, tf_inputs=False, allow_missing_keys=True, output_loading_info=True, tf_to_pt_weight_rename=rename)
    if any('attention.self.pos_proj' in key for key in info['missing_keys']):
        return f"TF{wanted['class']} has pos_proj where PyTorch's class has pos_key_proj (share_att_key: false)"
    result = model({key: tf.constant(rows) for key, rows in wanted['inputs'].items()})
    return model, info, {key: result[key].numpy() for key in OUTPUTS if result.get(key) is not None}


def main(top):
    expected = json.loads((top / 'expected.json').read_text())
    for name, wanted in expected.items():
        folder = top / name
        read = (by_torch if TORCH else by_tensorflow)(folder, wanted)
        if isinstance(read, str):
            print(json.dumps({'name': name, 'unchecked': read}))
            continue
        model, info, found = read
        differences = []
        for got, own in zip(found.values(), wanted['outputs'], strict=True):
            differences.append(float(np.abs(got - np.array(own['data']).reshape(own['shape'])).max()))
        line = {'name': name, 'difference': max(differences), 'missing': list(info['missing_keys']),
                'unexpected': list(info['unexpected_keys']), 'labels': list(model.config.id2label.values())}
        if 'texts' in wanted:
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
            line['ids'] = tokenizer(wanted['texts'], padding=True)['input_ids']
        print(json.dumps(line))


if __name__ == '__main__':
    main(Path(sys.argv[1]))
