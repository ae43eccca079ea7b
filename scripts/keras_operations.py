"""Lists every operation class of keras.ops, by file: python keras_operations.py KERAS_FOLDER > keras-operations.json (folder keras of Keras 3.15.1)."""
import ast
import glob
import json
import os
import sys

found = {}
for path in sorted(glob.glob(os.path.join(sys.argv[1], "src", "ops", "*.py"))):
    module = os.path.basename(path)[:-3]
    if module.endswith("_test"):
        continue
    with open(path) as file:
        tree = ast.parse(file.read())
    names = [n.name for n in tree.body if isinstance(n, ast.ClassDef) and any(getattr(b, "id", getattr(b, "attr", "")) == "Operation" for b in n.bases)]
    if names:
        found[module] = names
print(json.dumps({"version": "3.15.1", "operations": found}, indent=1))
