"""What the scripts that write small Keras models share: configs without what training needs, numbers, and the layers inside others."""
import numpy as np


def prune(node):
    """Drops what only training reads, to keep the file small."""
    if isinstance(node, dict):
        drop = ("_initializer", "_regularizer", "_constraint", "build_config", "registered_name")
        return {k: prune(v) for k, v in node.items() if not k.endswith(drop) and not (k == "dtype" and isinstance(v, dict))}
    return [prune(v) for v in node] if isinstance(node, list) else node


def numbers(array, digits=7):
    return {"shape": list(array.shape), "data": [float(f"{v:.{digits}g}") for v in np.asarray(array, np.float64).ravel()]}


def all_layers(layer):
    inner = getattr(layer, "layers", None) or ([layer.layer] if hasattr(layer, "layer") else [])
    return [layer] if not inner else [leaf for child in inner for leaf in all_layers(child)]
