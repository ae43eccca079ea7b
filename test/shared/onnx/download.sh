#!/usr/bin/env bash
# Fetches the node tests of ONNX's operators into FOLDER: they lie in the wheels of onnx, the newest of which that holds them is 1.22.0 (opset 25);
# 1.10.2 and 1.6.0 have the older forms of operators. Prints what PATHGRAD_ONNX_TESTS is to be.
#   PATHGRAD_ONNX_TESTS=$(test/shared/onnx/download.sh FOLDER) npm run test:shared -- onnx
set -eu
folder=${1:?a folder to unpack into}
mkdir -p "$folder"
found=
for pin in 1.22.0:3.12:manylinux_2_28_x86_64 1.10.2:3.7:manylinux2010_x86_64 1.6.0:3.7:manylinux1_x86_64; do
  version=${pin%%:*}
  rest=${pin#*:}
  if [ ! -d "$folder/$version/onnx" ]; then
    python3 -m pip download --quiet --no-deps --only-binary :all: --implementation cp --python-version "${rest%%:*}" \
      --platform "${rest#*:}" --platform manylinux_2_12_x86_64 --platform manylinux_2_27_x86_64 --dest "$folder" "onnx==$version" >&2
    python3 -m zipfile -e "$folder"/onnx-"$version"-*.whl "$folder/$version"
  fi
  found=$found${found:+:}$folder/$version
done
echo "$found"
