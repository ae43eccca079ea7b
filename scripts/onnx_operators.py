"""Writes onnx-operators.json: every operator of opsets 7 to 26 and of ai.onnx.ml with the versions in which it changed.

Run with onnx installed: python scripts/onnx_operators.py
"""
import json
import pathlib

import onnx
from onnx import defs

LAST = {"": 26, "ai.onnx.ml": 5, "ai.onnx.preview.training": 1}
versions = {domain: {} for domain in LAST}
for schema in defs.get_all_schemas_with_history():
    if schema.domain in LAST and schema.since_version <= LAST[schema.domain]:
        versions[schema.domain].setdefault(schema.name, set()).add(schema.since_version)
lists = {d: {name: sorted(found) for name, found in sorted(names.items())} for d, names in versions.items()}
text = json.dumps({"onnx": onnx.__version__, "operators": lists}, indent=1)
pathlib.Path(__file__).with_name("onnx-operators.json").write_text(text + "\n")
