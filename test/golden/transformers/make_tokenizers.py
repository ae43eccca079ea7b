"""Golden values of tokenizers: ids, token types, offsets and word ids of Hugging Face's fast tokenizers, trained here on a few sentences and
built by transformers' own classes, so that each has the real pipeline of its family.

python make_tokenizers.py tokenizers.json.gz    (requirements-tokenizers.txt)
"""

import base64
import gzip
import io
import json
import sys
import tempfile

import sentencepiece
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AlbertTokenizerFast,
    BertTokenizerFast,
    CamembertTokenizerFast,
    DebertaV2TokenizerFast,
    MPNetTokenizerFast,
    PreTrainedTokenizerFast,
    RobertaTokenizerFast,
    XLMRobertaTokenizerFast,
)

CORPUS = """The film was wonderful and the actors were believable, but the ending is too long.
An unbelievable story about a lighthouse keeper and his daughter; I could not stop reading.
Don't buy this: it broke after 3 days, and they didn't answer my 2 letters!
She said that it's the best coffee in town, isn't it? We'll see what they've got.
Running, runner, runs; play, playing, played; happy, unhappy, happiness, unhappiness.
Prices rose by 12.5% in 2019 and fell by $1,200 in 2020 (see table 4).
Der Käse schmeckt größer als die Straße, über München fliegen Vögel.
Le café est fermé à Noël, où est la forêt? Ça va très bien, garçon.
El niño comió una manzana mañana por la tarde en España.
Tiếng Việt có nhiều dấu, và chúng tôi học mỗi ngày.
Москва большой город, погода сегодня хорошая и тёплая.
我 喜 欢 看 电 影 今 天 天 气 很 好 東 京 は 日 本 の 首 都 で す
שלום עולם, מה שלומך היום? זה סרט טוב מאוד.
مرحبا بالعالم، هذا فيلم جيد جدا والطقس جميل.
नमस्ते दुनिया, यह फिल्म बहुत अच्छी है।
I love 😀 and 🎬 and the 👍 of my friends, fine ﬁles and ½ cups.
""".strip().split("\n")

TEXTS = [
    "The film was wonderful!",
    "UNBELIEVABLE, isn't it?",
    "  two  spaces,\ttabs\nand\r\nnew lines  ",
    "don't stop: we'll see they've played",
    "Le café est fermé à Noël; ÇA VA TRÈS BIEN",
    "Cafe\u0301 with combining: nin\u0303o, o\u0308ber, A\u030a",
    "Käse, Straße, GRÖSSE, über",
    "Tiếng Việt: chu\u0301ng to\u0302\u0301i",
    "我喜欢看电影。今天天气很好",
    "東京は日本の首都です ｶﾞｷﾞ ﾊﾟ",
    "שלום עולם, זה סרט",
    "שָׁלוֹם with points",
    "مرحبا بالعالم، فيلم",
    "مَرْحَبًا",
    "नमस्ते दुनिया",
    "I love 😀😀 and 👍🏽 👨\u200d👩\u200d👧 🏳️\u200d🌈 🇩🇪",
    "ﬁne ½ cups ™ № Ⅷ ① ℃ ㌀",
    "ｆｕｌｌ　ｗｉｄｔｈ １２３",
    "zero\u200bwidth soft\u00adhyphen nbsp\u00a0here \ufeffbom",
    "İstanbul ΟΔΥΣΣΕΥΣ ǅ ß",
    "price: $1,200.50 (12.5%) in 2019/20",
    "quotes “curly” ‘single’ ``latex'' — dash… e-mail@x.org",
    "the <mask> film [MASK] was </s> and [SEP] it",
    "a<mask>b  [MASK]  c",
    "word" * 40,
    "x",
    "",
    "   ",
    "\n",
    "\u0301start with a mark",
    "𝒳 math 𝟘 and 𠀀 rare",
    "한국어 한국어 좋아",
    "a\u0000b\u0001c\u0085d\u2028e",
    "ends with space ",
    "ﷺ and ﬀ",
    "\u1e9b\u0323 and q\u0307\u0323 and \u0344",
    "¿Qué? ¡No! naïve coöperate",
    "A.B.C. U.S.A. 3.14 1e-5 x²",
    "~!@#$%^&*()_+`-={}|[]\\:\";'<>?,./",
    "▁underscore ▁ mark Ġ byte",
]

PAIRS = [
    ("The film was wonderful!", "Is the ending too long?"),
    ("café", "The actors were believable, but the ending is too long and they didn't answer my 2 letters!"),
    ("The actors were believable, but the ending is too long and they didn't answer my 2 letters!", "我喜欢看电影"),
    ("An unbelievable story about a lighthouse keeper and his daughter", "I could not stop reading it until the end 😀"),
    ("", "second"),
    (" lead", " lead"),
]


def units(text, span):
    """Code points as UTF-16 units."""
    return [len(text[:at].encode("utf-16-le", "surrogatepass")) // 2 for at in span]


def encoded(tokenizer, texts, **options):
    out = tokenizer(*texts, return_offsets_mapping=True, return_token_type_ids=True, return_special_tokens_mask=True, **options)
    sequences = out.sequence_ids()
    offsets = [
        None if sequence is None else units(texts[sequence], span)
        for sequence, span in zip(sequences, out["offset_mapping"])
    ]
    row = {"texts": list(texts), "ids": out["input_ids"], "types": out["token_type_ids"], "offsets": offsets}
    return {**row, "words": out.word_ids(), "sequences": sequences}


def cases(tokenizer):
    rows = [encoded(tokenizer, [text]) for text in TEXTS]
    rows += [encoded(tokenizer, list(pair)) for pair in PAIRS]
    for length in (8, 9, 13, 20):
        rows.append({**encoded(tokenizer, [TEXTS[20]], truncation=True, max_length=length), "maxLength": length})
        for pair in PAIRS[:4]:
            row = encoded(tokenizer, list(pair), truncation="longest_first", max_length=length)
            rows.append({**row, "maxLength": length})
    for which, pair in (("only_second", PAIRS[1]), ("only_first", PAIRS[2])):
        row = encoded(tokenizer, list(pair), truncation=which, max_length=28)
        rows.append({**row, "maxLength": 28, "truncation": which[5:]})
    return rows


def word_piece(lowercase):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase, strip_accents=None)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=420, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    vocab = tokenizer.get_vocab()
    path = tempfile.mktemp(suffix=".txt")
    with open(path, "w") as file:
        file.write("\n".join(sorted(vocab, key=vocab.get)) + "\n")
    return path


def byte_level(special, size=420):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=special, initial_alphabet=sorted(alphabet), show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def roberta():
    model = json.loads(byte_level(["<s>", "<pad>", "</s>", "<unk>", "<mask>"]).to_str())["model"]
    vocab, merges = tempfile.mktemp(suffix=".json"), tempfile.mktemp(suffix=".txt")
    with open(vocab, "w") as file:
        json.dump(model["vocab"], file)
    with open(merges, "w") as file:
        file.write("#version: 0.2\n" + "\n".join(" ".join(pair) for pair in model["merges"]) + "\n")
    return RobertaTokenizerFast(vocab, merges)


def modernbert():
    special = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]
    tokenizer = byte_level(special)
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.add_tokens([AddedToken(" " * n, normalized=True, special=False) for n in (2, 3, 4)])
    tokenizer.add_special_tokens([AddedToken("[MASK]", lstrip=True, normalized=False, special=True)])
    ids = {token: tokenizer.token_to_id(token) for token in special}
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])],
    )
    tokenizer.decoder = decoders.ByteLevel()
    names = {"unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "pad": "[PAD]", "mask": "[MASK]"}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **{f"{key}_token": value for key, value in names.items()})


def spm(rule, **options):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS * 3),
        model_writer=model,
        vocab_size=360,
        hard_vocab_limit=False,
        model_type="unigram",
        normalization_rule_name=rule,
        character_coverage=1.0,
        minloglevel=2,
        **options,
    )
    path = tempfile.mktemp(suffix=".model")
    with open(path, "wb") as file:
        file.write(model.getvalue())
    return path


def main(target):
    ids = dict(unk_id=0, bos_id=1, eos_id=2, pad_id=-1)
    common = spm("nmt_nfkc", **ids)
    lower = spm("nmt_nfkc", unk_id=1, bos_id=2, eos_id=3, pad_id=0, pad_piece="<pad>", user_defined_symbols=["[CLS]", "[SEP]", "[MASK]"])
    deberta = spm(
        "nmt_nfkc", pad_id=0, pad_piece="[PAD]", bos_id=1, bos_piece="[CLS]", eos_id=2, eos_piece="[SEP]", unk_id=3, unk_piece="[UNK]"
    )
    uncased, cased = word_piece(True), word_piece(False)
    made = {
        "bert uncased": BertTokenizerFast(uncased),
        "bert cased": BertTokenizerFast(cased, do_lower_case=False),
        "bert cased, accents stripped": BertTokenizerFast(cased, do_lower_case=False, strip_accents=True, tokenize_chinese_chars=False),
        "mpnet": MPNetTokenizerFast(mpnet(uncased)),
        "roberta": roberta(),
        "modernbert": modernbert(),
        "xlm-roberta": XLMRobertaTokenizerFast(common),
        "camembert": CamembertTokenizerFast(common),
        "albert": AlbertTokenizerFast(lower),
        "albert with accents": AlbertTokenizerFast(lower, do_lower_case=False, keep_accents=True),
        "deberta-v3": DebertaV2TokenizerFast(deberta),
        "deberta-v3 split by punctuation": DebertaV2TokenizerFast(deberta, do_lower_case=True, split_by_punct=True),
    }
    maps, out = [], {}
    for name, tokenizer in made.items():
        definition = json.loads(tokenizer.backend_tokenizer.to_str())
        definition["truncation"] = definition["padding"] = None
        share(definition, maps)
        config = {key: str(value) for key, value in tokenizer.special_tokens_map.items() if isinstance(value, str)}
        rows = cases(tokenizer)
        special = {key: tokenizer.convert_tokens_to_ids(value) for key, value in config.items()}
        out[name] = {"json": definition, "config": config, "special": special, "rows": rows}
    with gzip.GzipFile(target, "wb", compresslevel=9, mtime=0) as file:
        text = json.dumps({"charsmaps": maps, "tokenizers": out}, ensure_ascii=False, separators=(",", ":"))
        file.write(text.encode("utf-8", "surrogatepass"))


def mpnet(path):
    """MPNet's vocabulary is BERT's with RoBERTa's names around it."""
    names = {"[PAD]": "<pad>", "[CLS]": "<s>", "[SEP]": "</s>", "[MASK]": "<mask>"}
    lines = open(path).read().split("\n")
    other = tempfile.mktemp(suffix=".txt")
    with open(other, "w") as file:
        file.write("\n".join(names.get(line, line) for line in lines))
    return other


def share(value, maps):
    """Character maps are large and the same: each is kept once."""
    for key, item in list(value.items()) if isinstance(value, dict) else list(enumerate(value)):
        if key == "precompiled_charsmap" and item:
            if item not in maps:
                maps.append(item)
            value[key] = f"@{maps.index(item)}"
        elif isinstance(item, (dict, list)) and key not in ("vocab", "merges"):
            share(item, maps)


if __name__ == "__main__":
    main(sys.argv[1])
