"""Batch renormalization in training, in float64 (tf_keras: float32): weights after 4 steps of SGD, of Keras 3.15.1 and tf_keras 2.21.0 (requirements.txt).

python make_renorm.py > renorm.json. Batches are sin(0.37 i^2), labels cos(0.5 i).
"""
import json
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import keras
import numpy as np
import tf_keras

x = np.sin(0.37 * np.arange(24.0 * 4) ** 2).reshape(24, 2, 2, 1, 1)[..., 0].repeat(2, -1)
x[..., 1] = 2 * np.cos(x[..., 1] * 3) + 1
y = np.cos(0.5 * np.arange(24.0 * 8)).reshape(24, 2, 2, 2)
OPTIONS = [
    {"renorm_momentum": 0.8, "momentum": 0.7},
    {"renorm_clipping": {"rmax": 1.1, "rmin": 0.9, "dmax": 0.3}, "scale": False, "momentum": 0.7},
]
out = []
for K in (keras, tf_keras):
    K.backend.set_floatx("float64" if K is keras else "float32")  # tf_keras mixes float32 into float64 here
    for options in OPTIONS:
        model = K.Sequential([K.Input((2, 2, 2)), K.layers.BatchNormalization(renorm=True, name="bn", **options)])
        before = [w.numpy().tolist() for w in model.get_layer("bn").weights]
        model.compile(loss="mse", optimizer=K.optimizers.SGD(0.5))
        model.fit(x, y, batch_size=6, epochs=1, shuffle=False, verbose=0)
        layer = model.get_layer("bn")
        names = [w.name.split("/")[-1].split(":")[0] for w in layer.weights]
        after = [w.numpy().tolist() for w in layer.weights]
        out.append({"version": K.__version__, "options": options, "names": names, "before": before, "after": after})
print("[\n" + ",\n".join(json.dumps(o) for o in out) + "\n]")
