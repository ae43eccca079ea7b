"""The tiny encoders and the heads of make_encoders.py: what is asked of transformers, nothing of how."""

# Sizes that differ from each other wherever a family allows it, so that a swapped axis cannot go unseen.
SIZES = dict(vocab_size=24, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=20,
             max_position_embeddings=20, type_vocab_size=2, pad_token_id=0)
ROBERTA = dict(SIZES, pad_token_id=1, bos_token_id=0, eos_token_id=2, max_position_embeddings=24, type_vocab_size=1)
DEBERTA = dict(SIZES, type_vocab_size=0, relative_attention=True, max_relative_positions=-1, pos_att_type=['p2c', 'c2p'],
               norm_rel_ebd='layer_norm', share_att_key=True, position_biased_input=False, layer_norm_eps=1e-7)
MODERN = dict(vocab_size=24, hidden_size=16, num_hidden_layers=4, num_attention_heads=2, intermediate_size=20,
              max_position_embeddings=32, pad_token_id=0, local_attention=6, global_attn_every_n_layers=3,
              global_rope_theta=160.0, local_rope_theta=10.0, reference_compile=False)

ALL = ['base', 'single', 'multi', 'regression', 'token', 'question', 'masked']
FEW = ['base', 'single', 'masked']

# name of the file: (model_type, config, heads)
FAMILIES = {
    'bert': ('bert', SIZES, ALL),
    'distilbert': ('distilbert', dict(vocab_size=24, dim=16, n_layers=2, n_heads=2, hidden_dim=20,
                                      max_position_embeddings=20, pad_token_id=0), ALL),
    'roberta': ('roberta', ROBERTA, ALL),
    'xlm-roberta': ('xlm-roberta', dict(ROBERTA, layer_norm_eps=1e-5), ALL),
    'camembert': ('camembert', dict(ROBERTA, layer_norm_eps=1e-5), ALL),
    'electra': ('electra', dict(SIZES, embedding_size=10), ALL),
    'electra-same-width': ('electra', dict(SIZES, embedding_size=16), FEW),
    'albert': ('albert', dict(SIZES, embedding_size=10, num_hidden_layers=3), ALL),
    'albert-groups': ('albert', dict(SIZES, embedding_size=10, num_hidden_layers=4, num_hidden_groups=2, inner_group_num=2,
                                     hidden_act='gelu_new'), FEW),
    'mpnet': ('mpnet', dict({k: v for k, v in SIZES.items() if k != 'type_vocab_size'}, pad_token_id=1, bos_token_id=0,
                            eos_token_id=2, max_position_embeddings=24), ALL),
    # Longer than the distances that have a bucket of their own.
    'mpnet-long': ('mpnet', dict({k: v for k, v in SIZES.items() if k != 'type_vocab_size'}, pad_token_id=1, bos_token_id=0,
                                 eos_token_id=2, max_position_embeddings=36), FEW[:1], dict(lengths=[30, 5])),
    # Positions follow from the ids, and a baseline of padding has others.
    'roberta-pad': ('roberta', ROBERTA, FEW[:2], dict(baseline=1)),
    'deberta-v3': ('deberta-v2', dict(DEBERTA, position_buckets=4), ALL),
    'deberta-v2': ('deberta-v2', dict(DEBERTA, position_buckets=4, conv_kernel_size=3, conv_act='gelu',
                                      attention_head_size=8), ALL),
    'deberta-v2-own-keys': ('deberta-v2', dict(DEBERTA, position_buckets=-1, share_att_key=False, norm_rel_ebd='none',
                                               position_biased_input=True, type_vocab_size=2, legacy=False, tie_word_embeddings=False,
                                               max_relative_positions=3, pooler_hidden_act='tanh'), FEW),
    'deberta-v2-narrow': ('deberta-v2', dict(DEBERTA, position_buckets=6, pos_att_type=['c2p'], embedding_size=10,
                                             share_att_key=False, legacy=False, max_relative_positions=9), FEW[:2]),
    'deberta-v2-plain': ('deberta-v2', dict(DEBERTA, relative_attention=False, position_biased_input=True,
                                            norm_rel_ebd='none'), FEW[:2]),
    'modernbert': ('modernbert', MODERN, ALL),
    'modernbert-mean': ('modernbert', dict(MODERN, classifier_pooling='mean', attention_bias=True, mlp_bias=True,
                                           norm_bias=True, classifier_bias=True, decoder_bias=False,
                                           hidden_activation='silu', classifier_activation='relu'), FEW + ['token']),
}

# Lengths of the rows; the longest is longer than ModernBERT's local window.
LENGTHS = [9, 6, 4]
# Position and column of the score that is explained.
PLACE, COLUMN = 2, 1
STEPS = 8
