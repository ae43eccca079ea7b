"""How review texts become the token ids of imdb-cnn.h5: the rule that the TypeScript tokenizer must repeat bit for bit.

Words: 1. lower-case the text (full Unicode mapping: Python `str.lower`, JavaScript `toLowerCase`); 2. the space and the
33 characters of SEPARATORS split words and belong to none; 3. empty pieces are dropped. All other characters stay inside
words: the apostrophe ("it's" is one word), letters with accents, other white space such as U+0085 or U+00A0. No mark-up is
parsed, so `<br />` gives the word "br". This is the default rule of Keras's `Tokenizer`.

Ids: 0 pads, 1 starts every text, 2 stands for a word that the vocabulary lacks; word k of the vocabulary, most frequent
first, has id 2 + k. A text is [1, ids of its words...]; of more than 100 ids the last 100 are kept (so the 1 goes first),
fewer are padded with 0 in front.
"""

import csv
import gzip
from collections import Counter
from pathlib import Path

import numpy as np

SEPARATORS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
TO_SPACES = str.maketrans(SEPARATORS, " " * len(SEPARATORS))
SPECIAL_TOKENS = ["<pad>", "<start>", "<unknown>"]  # no text yields these: < and > are separators
PAD, START, UNKNOWN = 0, 1, 2
VOCABULARY_SIZE = 10_000  # with the three special tokens
SEQUENCE_LENGTH = 100


def words_of(text: str) -> list[str]:
    """The words of a text, in order, by the rule in the head of this file."""
    return [word for word in text.lower().translate(TO_SPACES).split(" ") if word]


def build_vocabulary(texts: list[str], size: int = VOCABULARY_SIZE) -> list[str]:
    """`size` tokens in id order: the special ones, then words by falling count, ties by code point."""
    counts = Counter(word for text in texts for word in words_of(text))
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return SPECIAL_TOKENS + [word for word, _ in ranked[: size - len(SPECIAL_TOKENS)]]


def save_vocabulary(vocabulary: list[str], path: Path) -> None:
    """One token per line, UTF-8: the line's number, counted from 0, is the token's id."""
    path.write_text("\n".join(vocabulary) + "\n", encoding="utf-8", newline="\n")


def load_vocabulary(path: Path) -> list[str]:
    """What save_vocabulary wrote. Split at line feeds only: a word may hold U+0085, which `splitlines` would split at."""
    with open(path, encoding="utf-8", newline="\n") as file:
        return file.read().removesuffix("\n").split("\n")


def encode(texts: list[str], vocabulary: list[str]) -> np.ndarray:
    """Token ids of texts, int32 of shape [len(texts), SEQUENCE_LENGTH]."""
    ids_by_word = {word: id for id, word in enumerate(vocabulary) if id >= len(SPECIAL_TOKENS)}
    rows = np.full((len(texts), SEQUENCE_LENGTH), PAD, dtype=np.int32)
    for row, text in zip(rows, texts):
        ids = [START] + [ids_by_word.get(word, UNKNOWN) for word in words_of(text)]
        kept = ids[-SEQUENCE_LENGTH:]
        row[SEQUENCE_LENGTH - len(kept) :] = kept
    return rows


def load_reviews(data: Path, split: str) -> tuple[list[str], np.ndarray]:
    """Texts and labels (0 negative, 1 positive) of the split 'train' or 'test', in file order: all 0s, then all 1s."""
    with gzip.open(data / "imdb" / f"imdb_{split}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["text"] for row in rows], np.array([int(row["label"]) for row in rows], dtype=np.int32)
