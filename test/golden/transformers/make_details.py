"""
Golden values of what small encoders hardly show: every activation that transformers knows by name, and the buckets of far distances.

    python make_details.py        writes details.json     (requirements.txt)
"""
import json
from pathlib import Path

import torch
import transformers
from transformers.activations import ACT2FN
from transformers.models.deberta_v2.modeling_deberta_v2 import make_log_bucket_position
from transformers.models.mpnet.modeling_mpnet import MPNetEncoder

X = [-12.0, -6.5, -3.0, -1.0, -0.5, -0.01, 0.0, 0.01, 0.5, 1.0, 3.0, 6.5, 12.0]
# Those that learn a number of their own are no functions of x alone.
LEARNED = ['prelu', 'xielu']
FAR = 600


def main():
    x = torch.tensor(X, dtype=torch.float64)
    distances = torch.arange(-FAR, FAR + 1)
    document = {
        'made_with': {'transformers': transformers.__version__, 'torch': torch.__version__},
        'x': X,
        'activations': {name: [float(f'{v:.12g}') for v in ACT2FN[name](x).tolist()] for name in ACT2FN if name not in LEARNED},
        'learned': LEARNED,
        'from': -FAR,
        'mpnet': MPNetEncoder.relative_position_bucket(distances, num_buckets=32).tolist(),
        'deberta': {f'{buckets},{farthest}': make_log_bucket_position(distances, buckets, farthest).int().tolist()
                    for buckets, farthest in ((256, 512), (4, 20), (6, 9), (64, 300))},
    }
    text = json.dumps(document, separators=(',', ':')).replace('],"', '],\n"')
    (Path(__file__).parent / 'details.json').write_text(text + '\n')


if __name__ == '__main__':
    main()
