"""Trains imdb-distilbert/: a small DistilBERT classifier of film reviews, made by Hugging Face's TensorFlow classes alone.

    python train_imdb_distilbert.py DATA_FOLDER [OUT_FOLDER]

DATA_FOLDER holds imdb/imdb_train.csv.gz and imdb_test.csv.gz. First 6,000 WordPieces are learnt from the training reviews; then a
DistilBERT of 2 layers, 128 wide, with 4 heads, is trained from random weights: two epochs on the first 128 tokens of each review,
one on the first 256. A short last stage teaches it that a text of nothing but [PAD], which explanations start from, is neither
positive nor negative. `save_pretrained` writes config.json, tf_model.h5, tokenizer.json and vocab.txt. Prints the test accuracy.

Needs transformers below 5, the last with TensorFlow classes, and tf-keras (requirements-transformers.txt).
"""

import os
import sys
from pathlib import Path

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf
import tf_keras
from tokenizers import BertWordPieceTokenizer
from transformers import DistilBertConfig, DistilBertTokenizerFast, TFDistilBertForSequenceClassification

from imdb_text import load_reviews

HERE = Path(__file__).resolve().parent
SEED = 7
PIECES = 6_000
POSITIONS = 256
BATCH = 64
EPOCHS = [(128, 1e-3), (128, 5e-4), (256, 2.5e-4)]  # tokens, learning rate
EMPTY_STEPS, EMPTY_LENGTH = 100, 128
LABELS = ["negative", "positive"]


def plain(text: str) -> str:
    """The reviews hold line breaks as mark-up."""
    return text.replace("<br />", " ")


def learn_tokenizer(texts: list[str], folder: Path) -> DistilBertTokenizerFast:
    """Lower-cased WordPieces; writes tokenizer.json, tokenizer_config.json, special_tokens_map.json and vocab.txt."""
    pieces = BertWordPieceTokenizer(lowercase=True)
    pieces.train_from_iterator(texts, vocab_size=PIECES, min_frequency=5, limit_alphabet=200, show_progress=False)
    folder.mkdir(exist_ok=True)
    pieces.save_model(str(folder))
    tokenizer = DistilBertTokenizerFast(str(folder / "vocab.txt"), do_lower_case=True, model_max_length=POSITIONS)
    tokenizer.save_pretrained(str(folder))
    return tokenizer


def encode(tokenizer: DistilBertTokenizerFast, texts: list[str], length: int) -> dict[str, np.ndarray]:
    """Ids and attention mask, int32 of shape [len(texts), length]: [CLS] pieces [SEP] [PAD]..., the start of long texts."""
    encoded = tokenizer(texts, padding="max_length", truncation=True, max_length=length, return_tensors="np")
    return {name: encoded[name].astype(np.int32) for name in ("input_ids", "attention_mask")}


def build_model() -> TFDistilBertForSequenceClassification:
    config = DistilBertConfig(
        vocab_size=PIECES,
        max_position_embeddings=POSITIONS,
        n_layers=2,
        n_heads=4,
        dim=128,
        hidden_dim=512,
        seq_classif_dropout=0.2,
        id2label=dict(enumerate(LABELS)),
        label2id={label: id for id, label in enumerate(LABELS)},
    )
    return TFDistilBertForSequenceClassification(config)


def teach_empty(model, tokenizer: DistilBertTokenizerFast, texts: list[str], labels: np.ndarray, order) -> None:
    """Batches of 48 reviews and 16 texts [CLS] [PAD]... [SEP] of any length, all of it visible, half of each label."""
    rows = order.permutation(len(texts))[: 48 * EMPTY_STEPS]
    reviews = encode(tokenizer, [texts[row] for row in rows], EMPTY_LENGTH)
    ends = order.integers(2, EMPTY_LENGTH, 16 * EMPTY_STEPS)
    place = np.arange(EMPTY_LENGTH)
    empty = np.where(place == 0, tokenizer.cls_token_id, tokenizer.pad_token_id) + np.zeros((len(ends), 1), np.int64)
    empty[np.arange(len(ends)), ends] = tokenizer.sep_token_id
    ids = mixed(reviews["input_ids"], empty)
    mask = mixed(reviews["attention_mask"], place <= ends[:, None])
    wanted = mixed(np.eye(2)[labels[rows]], np.full((len(ends), 2), 0.5))
    loss = tf_keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=tf_keras.optimizers.Adam(2e-4), loss=loss)
    inputs = {"input_ids": ids.astype(np.int32), "attention_mask": mask.astype(np.int32)}
    model.fit(inputs, wanted.astype(np.float32), batch_size=64, epochs=1, shuffle=False, verbose=2)


def mixed(reviews: np.ndarray, empty: np.ndarray) -> np.ndarray:
    """48 rows of the first and 16 of the second, over and over."""
    parts = [np.reshape(values, (EMPTY_STEPS, -1, values.shape[-1])) for values in (reviews, empty)]
    return np.concatenate(parts, axis=1).reshape(-1, reviews.shape[-1])


def predict(model, inputs: dict[str, np.ndarray]) -> np.ndarray:
    return model.predict(inputs, batch_size=128, verbose=0).logits


def main(data: Path, folder: Path) -> None:
    tf_keras.utils.set_random_seed(SEED)
    train_texts, train_labels = load_reviews(data, "train")
    test_texts, test_labels = load_reviews(data, "test")
    train_texts, test_texts = [list(map(plain, texts)) for texts in (train_texts, test_texts)]
    tokenizer = learn_tokenizer(train_texts, folder)
    model = build_model()
    loss = tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=tf_keras.optimizers.Adam(), loss=loss, metrics=["accuracy"])
    order = np.random.default_rng(SEED)
    test_inputs = encode(tokenizer, test_texts, POSITIONS)
    for length, rate in EPOCHS:
        rows = order.permutation(len(train_texts))
        inputs = {name: values[rows] for name, values in encode(tokenizer, train_texts, length).items()}
        model.optimizer.learning_rate = rate
        model.fit(inputs, train_labels[rows], batch_size=BATCH, epochs=1, verbose=2)

    teach_empty(model, tokenizer, train_texts, train_labels, order)

    model.save_pretrained(str(folder))
    reloaded = TFDistilBertForSequenceClassification.from_pretrained(str(folder))
    some = {name: values[:256] for name, values in test_inputs.items()}
    if not np.allclose(predict(model, some), predict(reloaded, some), atol=1e-5):
        raise SystemExit(f"{folder.name} read back predicts otherwise than the trained model")
    classes = predict(reloaded, test_inputs).argmax(1)
    print(f"test accuracy {np.mean(classes == test_labels):.4f} on {len(test_labels)} reviews")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        raise SystemExit("usage: python train_imdb_distilbert.py DATA_FOLDER [OUT_FOLDER]")
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) == 3 else HERE / "imdb-distilbert")
