#!/usr/bin/env bash
# Makes a Python environment in FOLDER that has both Kerases, the TensorFlow classes of transformers, pyarrow and DuckDB, and prints its interpreter.
#   PATHGRAD_PYTHON=$(test/shared/python.sh FOLDER) npm run test:shared -- training
set -eu
folder=${1:?a folder for the environment}
here=$(cd "$(dirname "$0")" && pwd)
if [ ! -x "$folder/bin/python" ]; then
  python3 -m venv "$folder" >&2
  "$folder/bin/pip" install --quiet --disable-pip-version-check -r "$here/../golden/training/requirements.txt" -r "$here/../golden/jobs/requirements.txt" >&2
fi
echo "$folder/bin/python"
