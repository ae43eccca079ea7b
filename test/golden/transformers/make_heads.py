"""Golden values of heads: transformers' own outputs on PyTorch for each family and head at small size, and input x gradient at the output of
the embeddings for one entry of each output. Weights are not stored: both sides make them of their names.

python make_heads.py heads.json.gz    (requirements-heads.txt)
"""

import gzip
import json
import struct
import sys
import tempfile

import numpy as np
import torch
import transformers

SIZES = dict(vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24)
SHARED = dict(**SIZES, max_position_embeddings=20, type_vocab_size=2, pad_token_id=0)
FAMILIES = {
    "Bert": dict(SHARED),
    "DistilBert": dict(
        vocab_size=50, dim=16, n_layers=2, n_heads=2, hidden_dim=24, max_position_embeddings=20, pad_token_id=0
    ),
    "Roberta": dict(SHARED, type_vocab_size=1, pad_token_id=1, bos_token_id=0, eos_token_id=2),
    "XLMRoberta": dict(SHARED, type_vocab_size=1, pad_token_id=1, bos_token_id=0, eos_token_id=2),
    "Camembert": dict(SHARED, type_vocab_size=1, pad_token_id=1, bos_token_id=0, eos_token_id=2),
    "Electra": dict(SHARED, embedding_size=8),
    "Albert": dict(SHARED, embedding_size=8, hidden_act="gelu_new"),
    "MPNet": dict(SHARED, pad_token_id=1, bos_token_id=0, eos_token_id=2),
}
HEADS = {
    "ForSequenceClassification": dict(num_labels=3),
    "ForTokenClassification": dict(num_labels=4),
    "ForQuestionAnswering": {},
    "ForMaskedLM": {},
}
VARIANTS = {
    "multi-label": dict(num_labels=3, problem_type="multi_label_classification"),
    "regression": dict(num_labels=1, problem_type="regression"),
}


def uniform(name, count):
    """mulberry32 seeded by the name's FNV-1a hash."""
    state = 0x811C9DC5
    for byte in name.encode():
        state = ((state ^ byte) * 0x01000193) & 0xFFFFFFFF
    out = np.empty(count)
    for i in range(count):
        state = (state + 0x6D2B79F5) & 0xFFFFFFFF
        t = ((state ^ (state >> 15)) * (1 | state)) & 0xFFFFFFFF
        t ^= (t + (((t ^ (t >> 7)) * (61 | t)) & 0xFFFFFFFF)) & 0xFFFFFFFF
        out[i] = ((t ^ (t >> 14)) & 0xFFFFFFFF) / 2**32
    return out


def values(name, shape):
    centre = 1.0 if name.lower().endswith("norm.weight") else 0.0
    numbers = centre + 0.8 * (uniform(name, int(np.prod(shape))) - 0.5)
    return torch.tensor(numbers.astype(np.float32)).reshape(shape)


def header(folder):
    with open(f"{folder}/model.safetensors", "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        table = json.loads(file.read(length))
    return {name: entry["shape"] for name, entry in table.items() if name != "__metadata__"}


def case(family, head, options):
    config = getattr(transformers, f"{family}Config")(**FAMILIES[family], **options, hidden_dropout_prob=0)
    model = getattr(transformers, f"{family}{head}")(config).eval()
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        shapes = header(folder)
        saved = json.load(open(f"{folder}/config.json"))
    with torch.no_grad():
        state = {name: values(name, shape) for name, shape in shapes.items()}
        model.load_state_dict(state, strict=False)
        model.tie_weights()
    ids = [[2, 7, 30, 12, 49, 5, 3], [2, 44, 8, 3, config.pad_token_id, config.pad_token_id, config.pad_token_id]]
    mask = [[1] * 7, [1] * 4 + [0] * 3]
    inputs = dict(input_ids=torch.tensor(ids), attention_mask=torch.tensor(mask))
    types = None
    if getattr(config, "type_vocab_size", 1) > 1 and family not in ("DistilBert", "MPNet"):
        types = [[0, 0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 0, 0, 0]]
        inputs["token_type_ids"] = torch.tensor(types)
    kept = []
    embeddings = getattr(model, model.base_model_prefix).embeddings

    def hook(module, args, result):
        result.retain_grad()
        kept.append(result)
        return result

    handle = embeddings.register_forward_hook(hook)
    out = model(**inputs)
    handle.remove()
    outputs = [out.start_logits, out.end_logits] if head == "ForQuestionAnswering" else [out.logits]
    width = outputs[0].shape
    # One entry for each row: not the last one, so that axes cannot be confused.
    target = {1: [0, 0], 2: [1, 2], 3: [[2, 1], [1, 3]]}[len(width) if width[-1] > 1 else 1]
    picked = sum(outputs[-1][row][tuple(t) if isinstance(t, list) else t] for row, t in enumerate(target))
    picked.backward()
    product = (kept[0] * kept[0].grad).detach()
    rounded = lambda t: [float(f"{v:.7g}") for v in t.detach().flatten().tolist()]
    return {
        "class": f"{family}{head}",
        "config": {key: saved[key] for key in saved if key not in ("transformers_version", "dtype", "torch_dtype")},
        "weights": shapes,
        "ids": ids,
        "mask": mask,
        "types": types,
        "outputs": [{"shape": list(t.shape), "data": rounded(t)} for t in outputs],
        "target": target,
        "product": rounded(product),
    }


def main(target):
    torch.manual_seed(0)
    rows = [case(family, head, options) for family in FAMILIES for head, options in HEADS.items()]
    for name, options in VARIANTS.items():
        rows.append({**case("Bert", "ForSequenceClassification", options), "variant": name})
    rows.append({**case("Bert", "ForMaskedLM", dict(tie_word_embeddings=False)), "variant": "untied"})
    with gzip.GzipFile(target, "wb", compresslevel=9, mtime=0) as file:
        file.write(json.dumps(rows, separators=(",", ":")).encode())


if __name__ == "__main__":
    main(sys.argv[1])
