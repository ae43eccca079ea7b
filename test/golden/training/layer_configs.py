"""What real Keras writes as the config of each layer class that can be written in TypeScript (src/training/builder/layers).

    pip install keras==3.15.1 tensorflow-cpu==2.21.0
    python test/golden/training/layer_configs.py > test/golden/training/layer-configs.json

Per class the arguments in Keras's words and the config that `get_config` gives for them. Names, dtypes, and entries that only newer releases
have and that change nothing at their default are left out.
"""
import json
import os
import re

os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras

L = keras.layers
NEW = {
    "quantization_config", "input_axes", "output_axes", "use_gate", "sliding_window", "renorm", "renorm_clipping", "renorm_momentum",
    "synchronized", "flash_attention", "rms_scaling", "gptq_unpacked_column_size", "lora_rank", "lora_alpha",
}
CASES = {
    "Dense": [dict(units=3), dict(units=3, activation="relu", use_bias=False, kernel_initializer="he_normal", kernel_regularizer="l2",
                                  bias_constraint="non_neg", activity_regularizer=keras.regularizers.L1L2(0.1, 0.2))],
    "EinsumDense": [dict(equation="abc,cd->abd", output_shape=[None, 3], bias_axes="d")],
    "Embedding": [dict(input_dim=10, output_dim=4), dict(input_dim=10, output_dim=4, mask_zero=True, embeddings_initializer="normal")],
    "Masking": [dict(), dict(mask_value=2.0)],
    "Identity": [dict()],
    "Activation": [dict(activation="gelu")],
    "ReLU": [dict(), dict(max_value=6.0, negative_slope=0.1, threshold=0.5)],
    "LeakyReLU": [dict()],
    "ELU": [dict()],
    "PReLU": [dict(), dict(shared_axes=[1, 2])],
    "Softmax": [dict()],
    **{f"Conv{n}D": [dict(filters=4, kernel_size=3), dict(filters=4, kernel_size=[3] * n, strides=2, padding="same", groups=2)] for n in (1, 2, 3)},
    **{f"Conv{n}DTranspose": [dict(filters=4, kernel_size=3), dict(filters=4, kernel_size=3, strides=2, padding="same")] for n in (1, 2, 3)},
    **{f"{k}Conv{n}D": [dict(kernel_size=3, **({"filters": 4} if k == "Separable" else {}))] for k in ("Depthwise", "Separable") for n in (1, 2)},
    **{f"{k}Pooling{n}D": [dict(pool_size=2), dict(pool_size=3, strides=1, padding="same")] for k in ("Max", "Average") for n in (1, 2, 3)},
    **{f"Global{k}Pooling{n}D": [dict(), dict(keepdims=True)] for k in ("Max", "Average") for n in (1, 2, 3)},
    "BatchNormalization": [dict(), dict(momentum=0.9, epsilon=1e-5, scale=False)],
    "LayerNormalization": [dict()],
    "GroupNormalization": [dict(), dict(groups=-1)],
    "RMSNormalization": [dict()],
    "UnitNormalization": [dict()],
    **{k: [dict()] for k in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate")},
    "Dot": [dict(axes=1), dict(axes=[1, 2], normalize=True)],
    "Dropout": [dict(rate=0.5), dict(rate=0.5, noise_shape=[None, 1, 3], seed=7)],
    **{f"SpatialDropout{n}D": [dict(rate=0.5)] for n in (1, 2, 3)},
    "AlphaDropout": [dict(rate=0.5)],
    "GaussianDropout": [dict(rate=0.5)],
    "GaussianNoise": [dict(stddev=0.1)],
    "ActivityRegularization": [dict(l1=0.1, l2=0.2)],
    "Flatten": [dict()],
    "Reshape": [dict(target_shape=[2, 3])],
    "Permute": [dict(dims=[2, 1])],
    "RepeatVector": [dict(n=3)],
    **{f"ZeroPadding{n}D": [dict(), dict(padding=2)] for n in (1, 2, 3)},
    **{f"Cropping{n}D": [dict(), dict(cropping=2)] for n in (1, 2, 3)},
    **{f"UpSampling{n}D": [dict()] for n in (1, 2, 3)},
    "LSTM": [dict(units=3), dict(units=3, return_sequences=True, dropout=0.1, recurrent_dropout=0.2, unit_forget_bias=False)],
    "GRU": [dict(units=3), dict(units=3, reset_after=False)],
    "SimpleRNN": [dict(units=3)],
    "LSTMCell": [dict(units=3)],
    "GRUCell": [dict(units=3)],
    "SimpleRNNCell": [dict(units=3)],
    **{f"ConvLSTM{n}D": [dict(filters=4, kernel_size=3)] for n in (1, 2, 3)},
    "Attention": [dict(), dict(use_scale=True, score_mode="concat")],
    "AdditiveAttention": [dict()],
    "MultiHeadAttention": [dict(num_heads=2, key_dim=4), dict(num_heads=2, key_dim=4, value_dim=3, output_shape=5, attention_axes=[1])],
    "GroupQueryAttention": [dict(head_dim=4, num_query_heads=4, num_key_value_heads=2)],
    "Rescaling": [dict(scale=2.0)],
    "Normalization": [dict(mean=[1.0, 2.0], variance=[1.0, 4.0]), dict(axis=None)],
    "CategoryEncoding": [dict(num_tokens=5)],
    "Discretization": [dict(bin_boundaries=[0.0, 1.0])],
    "Resizing": [dict(height=4, width=5)],
    "CenterCrop": [dict(height=4, width=5)],
    "RandomFlip": [dict(), dict(mode="horizontal", seed=3)],
    "RandomRotation": [dict(factor=0.2), dict(factor=[-0.1, 0.3], fill_mode="constant", fill_value=1.0, interpolation="nearest")],
    "RandomZoom": [dict(height_factor=0.2), dict(height_factor=[-0.1, 0.3], width_factor=0.1)],
    "RandomTranslation": [dict(height_factor=0.2, width_factor=[-0.1, 0.3])],
    "RandomCrop": [dict(height=4, width=5, seed=5)],
    "RandomContrast": [dict(factor=0.2), dict(factor=[0.1, 0.3], value_range=[0.0, 1.0])],
    "RandomHue": [dict(factor=0.2), dict(factor=[0.1, 0.3], value_range=[0.0, 1.0], seed=3)],
    "RandomErasing": [dict(), dict(factor=0.5, scale=[0.1, 0.4], fill_value=3.0), dict(fill_value=[1.0, 2.0, 3.0], value_range=[0.0, 1.0])],
    "RandomPerspective": [dict(), dict(factor=[0.1, 0.3], scale=0.5, interpolation="nearest", fill_value=1.0)],
    "RandomBrightness": [dict(factor=0.2), dict(factor=[-0.1, 0.3], value_range=[0.0, 1.0])],
}


def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if k not in NEW}
    return [plain(v) for v in value] if isinstance(value, (list, tuple)) else value


def words(value):
    """Arguments as JSON: a regularizer as its name and arguments."""
    if isinstance(value, keras.regularizers.Regularizer):
        return {"className": type(value).__name__, **value.get_config()}
    return value


def entry(name, arguments):
    layer = getattr(L, name)(name="x", **arguments)
    config = plain(keras.saving.serialize_keras_object(layer)["config"])
    for key in ("name", "trainable", "dtype"):
        config.pop(key, None)
    return {"class": name, "arguments": {k: words(v) for k, v in arguments.items()}, "config": config}


entries = [entry(name, arguments) for name, cases in CASES.items() for arguments in cases]
print("[\n" + ",\n".join(json.dumps(e) for e in entries) + "\n]")
