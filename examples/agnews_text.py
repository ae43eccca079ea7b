"""How AG News texts become the token ids of agnews-bilstm.h5: the rule that the TypeScript tokenizer must repeat bit for bit.

A text is the title, a space and the description. Words, special ids and the order of the vocabulary are those of imdb_text.py;
the vocabulary holds 1,000 tokens. A text is [1, ids of its words...]; of more than 60 ids the first 60 are kept (the title comes
first), fewer are padded with 0 in front. In TypeScript: `encodeText(text, vocabulary, { length: 60, truncating: 'post' })`.
"""

import csv
from pathlib import Path

import numpy as np

from imdb_text import PAD, SPECIAL_TOKENS, START, UNKNOWN, words_of

CLASSES = ["World", "Sports", "Business", "Sci/Tech"]
VOCABULARY_SIZE = 1_000  # with the three special tokens
SEQUENCE_LENGTH = 60


def encode(texts: list[str], vocabulary: list[str]) -> np.ndarray:
    """Token ids of texts, int32 of shape [len(texts), SEQUENCE_LENGTH]."""
    ids_by_word = {word: id for id, word in enumerate(vocabulary) if id >= len(SPECIAL_TOKENS)}
    rows = np.full((len(texts), SEQUENCE_LENGTH), PAD, dtype=np.int32)
    for row, text in zip(rows, texts):
        ids = [START] + [ids_by_word.get(word, UNKNOWN) for word in words_of(text)]
        kept = ids[:SEQUENCE_LENGTH]
        row[SEQUENCE_LENGTH - len(kept) :] = kept
    return rows


def load_news(data: Path, split: str) -> tuple[list[str], np.ndarray]:
    """Texts and labels (0 to 3, see CLASSES) in file order: 'train' is the subset of 19,865 texts, 'test' the official 7,600.

    The test file has columns label (1 to 4), title, description; the training file label, both joined, source.
    """
    name = {"train": "train_subset.csv", "test": "test.csv"}[split]
    with open(data / "ag_news" / name, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    texts = [f"{row[1]} {row[2]}" if split == "test" else row[1] for row in rows]
    return texts, np.array([int(row[0]) - 1 for row in rows], dtype=np.int32)
