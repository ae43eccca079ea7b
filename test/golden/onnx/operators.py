"""Numbers of onnxruntime for operators that the node tests of onnx lack: com.microsoft, ai.onnx.ml, recurrent activations.

Run: python operators.py; writes operators.json.gz. Pins: requirements-operators.txt.
"""
import gzip
import json
import pathlib

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

TYPES = {"float32": TensorProto.FLOAT, "int32": TensorProto.INT32, "int64": TensorProto.INT64}
rng = np.random.default_rng(11)
cases = []


def normal(*shape):
    return rng.normal(size=shape).astype(np.float32)


def case(op, inputs, domain="com.microsoft", opset=17, outputs=1, **attrs):
    named = [(f"x{i}" if x is not None else "") for i, x in enumerate(inputs)]
    given = {name: x for name, x in zip(named, inputs) if x is not None}
    results = [f"y{i}" for i in range(outputs)] if isinstance(outputs, int) else outputs
    node = helper.make_node(op, named, results, domain=domain, name="node", **attrs)
    infos = [helper.make_tensor_value_info(k, TYPES[str(v.dtype)], v.shape) for k, v in given.items()]
    wanted = [name for name in results if name]
    outs = [helper.make_empty_tensor_value_info(name) for name in wanted]
    imports = [helper.make_opsetid("", opset)]
    if domain:
        imports.append(helper.make_opsetid(domain, 1 if domain == "com.microsoft" else 3))
    model = helper.make_model(helper.make_graph([node], "g", infos, outs), opset_imports=imports, ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found = session.run(wanted, given)
    plain = lambda a: {"shape": list(a.shape), "type": str(a.dtype), "data": [float(f"{v:.9g}") for v in a.ravel().tolist()]}
    cases.append({
        "op": op, "domain": domain, "opset": opset, "attrs": attrs, "outputs": results,
        "inputs": [None if x is None else plain(x) for x in inputs],
        "results": [plain(np.asarray(y)) for y in found],
    })


x, w, b = normal(2, 4, 6), normal(6, 18), normal(18)
mask = np.array([[1, 1, 1, 0], [1, 1, 0, 0]], np.int32)
case("Attention", [x, w, b], num_heads=2)
case("Attention", [x, w, b, mask], num_heads=2)
case("Attention", [x, w, b, np.array([3, 2], np.int32)], num_heads=3)
case("Attention", [x, w, b], num_heads=2, unidirectional=1)
case("Attention", [x, w, b, mask, None, normal(2, 2, 4, 4)], num_heads=2, scale=0.3)
case("Attention", [x, normal(6, 16), normal(16)], num_heads=2, qkv_hidden_sizes=[6, 6, 4])
case("MultiHeadAttention", [normal(2, 3, 6), normal(2, 4, 6), normal(2, 4, 6)], num_heads=2)
case("MultiHeadAttention", [normal(2, 3, 6), normal(2, 4, 6), normal(2, 4, 6), normal(18), mask], num_heads=2)
case("SkipLayerNormalization", [x, normal(2, 4, 6), normal(6), normal(6), normal(6)], outputs=["y", "", "", "s"], epsilon=1e-5)
case("SkipLayerNormalization", [x, normal(2, 4, 6), normal(6)], epsilon=1e-5)
case("SkipSimplifiedLayerNormalization", [x, normal(2, 4, 6), normal(6)], epsilon=1e-5)
case("SimplifiedLayerNormalization", [x, normal(6)], domain="", epsilon=1e-5)
ids, segments = np.array([[1, 3, 0], [2, 2, 4]], np.int32), np.array([[0, 0, 1], [0, 1, 1]], np.int32)
tables = [normal(5, 4), normal(6, 4), normal(2, 4), normal(4), normal(4)]
case("EmbedLayerNormalization", [ids, segments, *tables], outputs=2)
case("EmbedLayerNormalization", [ids, None, tables[0], tables[1], None, *tables[3:]], outputs=2)
case("Gelu", [x])
case("BiasGelu", [x, normal(6)])
case("FastGelu", [x, normal(6)])
case("FastGelu", [x])
case("QuickGelu", [x], alpha=1.5)
case("FusedMatMul", [normal(2, 3, 4), normal(2, 5, 4)], transB=1, alpha=0.5)
case("FusedMatMul", [normal(2, 4, 3), normal(2, 4, 5)], transA=1)

picture, kernel = normal(1, 3, 5, 5), normal(4, 3, 3, 3)
case("FusedConv", [picture, kernel, normal(4)], activation="Relu", pads=[1, 1, 1, 1])
case("FusedConv", [picture, kernel, normal(4)], activation="LeakyRelu", activation_params=[0.2], strides=[2, 2])
case("FusedConv", [picture, kernel, normal(4)], activation="Clip", activation_params=[-0.5, 0.5])
case("FusedConv", [picture, kernel, normal(4), normal(1, 4, 3, 3)], activation="Relu")
case("FusedGemm", [normal(2, 3), normal(4, 3), normal(4)], activation="Relu", transB=1)
case("FusedGemm", [normal(2, 3), normal(3, 4), normal(4)], activation="LeakyRelu", activation_alpha=0.3)

ml = "ai.onnx.ml"
rows = normal(4, 3)
coefficients = [float(v) for v in normal(9)]
for transform in ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"]:
    case("LinearClassifier", [rows], ml, outputs=2, coefficients=coefficients, intercepts=[0.1, -0.2, 0.3], classlabels_ints=[3, 5, 7], post_transform=transform)
for transform in ["NONE", "LOGISTIC"]:
    two = coefficients[:3] + [-v for v in coefficients[:3]]
    case("LinearClassifier", [rows], ml, outputs=2, coefficients=two, intercepts=[0.1, -0.1], classlabels_ints=[0, 1], post_transform=transform)
case("LinearClassifier", [rows], ml, outputs=2, coefficients=coefficients[:3], intercepts=[0.1], classlabels_ints=[0, 1], post_transform="LOGISTIC")
case("LinearRegressor", [rows], ml, coefficients=coefficients[:6], intercepts=[0.5, 1.0], targets=2)
case("Scaler", [rows], ml, offset=[0.5, 1.0, -1.0], scale=[2.0, 0.5, 1.5])
case("Scaler", [rows], ml, offset=[0.5], scale=[2.0])
for norm in ["MAX", "L1", "L2"]:
    case("Normalizer", [rows], ml, norm=norm)
case("Imputer", [np.array([[1, -7, 3]], np.float32)], ml, imputed_value_floats=[0.5, 1.5, 2.5], replaced_value_float=-7.0)
case("FeatureVectorizer", [normal(2, 2), normal(2, 3)], ml, inputdimensions=[2, 3])
case("ArrayFeatureExtractor", [rows, np.array([2, 0], np.int64)], ml)
case("OneHotEncoder", [np.array([[2, 1], [9, 3]], np.int64)], ml, cats_int64s=[1, 2, 3], zeros=1)
case("Binarizer", [rows], ml, threshold=0.2)

step, hidden = normal(5, 2, 3), 4
lengths = np.array([5, 3], np.int32)
for direction, ways in [("forward", 1), ("reverse", 1), ("bidirectional", 2)]:
    states = [normal(ways, 2, hidden), normal(ways, 2, hidden)]
    case("LSTM", [step, normal(ways, 16, 3), normal(ways, 16, 4), normal(ways, 32), lengths, *states], "", outputs=3, hidden_size=hidden, direction=direction)
    case("GRU", [step, normal(ways, 12, 3), normal(ways, 12, 4), normal(ways, 24), lengths, states[0]], "", outputs=2, hidden_size=hidden, direction=direction, linear_before_reset=1)
    case("GRU", [step, normal(ways, 12, 3), normal(ways, 12, 4), normal(ways, 24)], "", outputs=2, hidden_size=hidden, direction=direction)
    case("RNN", [step, normal(ways, 4, 3), normal(ways, 4, 4), normal(ways, 8), lengths, states[0]], "", outputs=2, hidden_size=hidden, direction=direction)
case("LSTM", [step, normal(1, 16, 3), normal(1, 16, 4), normal(1, 32)], "", outputs=3, hidden_size=hidden, activations=["HardSigmoid", "Softsign", "Tanh"], activation_alpha=[0.25], activation_beta=[0.4])
case("LSTM", [step, normal(1, 16, 3), normal(1, 16, 4), normal(1, 32), None, None, None, normal(1, 12)], "", outputs=3, hidden_size=hidden, clip=0.5)
case("GRU", [step, normal(1, 12, 3), normal(1, 12, 4), normal(1, 24)], "", outputs=2, hidden_size=hidden, activations=["Sigmoid", "LeakyRelu"], activation_alpha=[0.0, 0.1])
case("RNN", [step, normal(1, 4, 3), normal(1, 4, 4)], "", outputs=2, hidden_size=hidden, activations=["Affine"], activation_alpha=[0.5], activation_beta=[0.1])
# Recurrent nets drawn at random: lengths down to 0, clip, activations with parameters of their own, coupled gates, peepholes.
draw = np.random.default_rng(30)
curves = ["Tanh", "Relu", "Sigmoid", "HardSigmoid", "Softsign", "Softplus", "Affine", "LeakyRelu", "ThresholdedRelu", "ScaledTanh", "Elu"]
with_alpha, with_beta = curves[3:4] + curves[6:], ["HardSigmoid", "Affine", "ScaledTanh"]
for i in range(30):
    op, functions, gates = [("RNN", 1, 1), ("GRU", 2, 3), ("LSTM", 3, 4)][i % 3]
    direction = ["forward", "reverse", "bidirectional"][i // 3 % 3]
    ways = 2 if direction == "bidirectional" else 1
    chosen = [str(draw.choice(curves)) for _ in range(ways * functions)]
    if i in (2, 5):
        chosen = ["Elu", "Affine", "Affine"] * ways
    more = {"activations": chosen} if i % 2 == 0 or i == 5 else {}
    if more and i % 4 != 2 or any(f in ("Affine", "ScaledTanh", "ThresholdedRelu") for f in more.get("activations", [])):
        for name, takers in [("activation_alpha", with_alpha), ("activation_beta", with_beta)]:
            values = [float(np.float32(draw.uniform(0.3, 1.1))) for f in chosen if f in takers]
            more.update({name: values} if values else {})
    if draw.random() < 0.4:
        more["clip"] = float(np.float32(draw.uniform(0.3, 2)))
    if op == "GRU":
        more["linear_before_reset"] = int(draw.random() < 0.5)
    if op == "LSTM" and draw.random() < 0.4:
        more["input_forget"] = 1
    times, many, wide = int(draw.integers(1, 5)), 3, int(draw.integers(1, 4))
    given = lambda *shape: (draw.normal(size=shape) * 0.7).astype(np.float32)
    maybe = lambda x, p=0.5: x if draw.random() < p else None
    parts = [given(times, many, 2), given(ways, gates * wide, 2), given(ways, gates * wide, wide), maybe(given(ways, 2 * gates * wide)),
             maybe(draw.integers(0, times + 1, size=many).astype(np.int32), 0.6), maybe(given(ways, many, wide))]
    if op == "LSTM":
        parts += [maybe(given(ways, many, wide)), maybe(given(ways, 3 * wide))]
    case(op, parts, "", outputs=3 if op == "LSTM" else 2, hidden_size=wide, direction=direction, **more)

text = json.dumps({"onnxruntime": onnxruntime.__version__, "cases": cases}, separators=(",", ":"))
path = pathlib.Path(__file__).with_name("operators.json.gz")
with open(path, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as packed:
    packed.write(text.encode())
print(len(cases), "cases", path.stat().st_size, "bytes")
