"""Lists transformers' encoders and the PyTorch classes with a head that each has: transformers-classes.json, which transformers-doc.ts reads.

pip install transformers==4.57.6; python transformers_classes.py. No model is loaded: the tables of the automatic classes say it.
"""
import json
import pathlib

import transformers
from transformers.models.auto import configuration_auto, modeling_auto

TABLES = {
    'Model': modeling_auto.MODEL_MAPPING_NAMES,
    'ForSequenceClassification': modeling_auto.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
    'ForTokenClassification': modeling_auto.MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES,
    'ForQuestionAnswering': modeling_auto.MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES,
    'ForMaskedLM': modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    'ForMultipleChoice': modeling_auto.MODEL_FOR_MULTIPLE_CHOICE_MAPPING_NAMES,
    'ForNextSentencePrediction': modeling_auto.MODEL_FOR_NEXT_SENTENCE_PREDICTION_MAPPING_NAMES,
    'ForPreTraining': modeling_auto.MODEL_FOR_PRETRAINING_MAPPING_NAMES,
    'ForCausalLM': modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
}

encoders = {}
for name in sorted(modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES):
    classes = {}
    for kind, table in TABLES.items():
        found = table.get(name)
        if found is not None:
            classes[kind] = found if isinstance(found, str) else list(found)[0]
    encoders[name] = {'title': configuration_auto.MODEL_NAMES_MAPPING.get(name, name), 'classes': classes}

out = pathlib.Path(__file__).with_name('transformers-classes.json')
out.write_text(json.dumps({'transformers': transformers.__version__, 'encoders': encoders}, indent=1) + '\n')
