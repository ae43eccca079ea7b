/** Made by scripts/onnx_signatures.py of onnx 1.23.2: `operator inputs attributes`, an operator a line; -1 inputs are any number. */
export const standard = `
Abs 1 consumed_inputs
Acos 1
Acosh 1
Add 2 axis broadcast consumed_inputs
AffineGrid 2 align_corners
And 2 axis broadcast
ArgMax 1 axis keepdims select_last_index
ArgMin 1 axis keepdims select_last_index
Asin 1
Asinh 1
Atan 1
Atanh 1
Attention 7 is_causal kv_num_heads left_window_size q_num_heads qk_matmul_output_mode right_window_size scale softcap softmax_precision
AveragePool 1 auto_pad ceil_mode count_include_pad dilations kernel_shape pads strides
BatchNormalization 5 consumed_inputs epsilon is_test momentum spatial training_mode
Bernoulli 1 dtype seed
BitCast 1 to
BitShift 2 direction
BitwiseAnd 2
BitwiseNot 1
BitwiseOr 2
BitwiseXor 2
BlackmanWindow 1 output_datatype periodic
Cast 1 round_mode saturate to
CastLike 2 round_mode saturate
CausalConvWithState 4 activation
Ceil 1 consumed_inputs
Celu 1 alpha
CenterCropPad 2 axes
Clip 3 consumed_inputs max min
Col2Im 3 dilations pads strides
Compress 2 axis
Concat -1 axis
ConcatFromSequence 1 axis new_axis
Constant 0 sparse_value value value_float value_floats value_int value_ints value_string value_strings
ConstantOfShape 1 value
Conv 3 auto_pad dilations group kernel_shape pads strides
ConvInteger 4 auto_pad dilations group kernel_shape pads strides
ConvTranspose 3 auto_pad dilations group kernel_shape output_padding output_shape pads strides
Cos 1
Cosh 1
CumProd 2 exclusive reverse
CumSum 2 exclusive reverse
DFT 3 axis inverse onesided
DeformConv 5 dilations group kernel_shape offset_group pads strides
DepthToSpace 1 blocksize mode
DequantizeLinear 3 axis block_size output_dtype
Det 1
Div 2 axis broadcast consumed_inputs
Dropout 3 consumed_inputs is_test ratio seed
DynamicQuantizeLinear 1
Einsum -1 equation
Elu 1 alpha consumed_inputs
Equal 2 axis broadcast
Erf 1
Exp 1 consumed_inputs
Expand 2
EyeLike 1 dtype k
Flatten 1 axis
Floor 1 consumed_inputs
GRU 6 activation_alpha activation_beta activations clip direction hidden_size layout linear_before_reset output_sequence
Gather 2 axis
GatherElements 2 axis
GatherND 2 batch_dims
Gelu 1 approximate
Gemm 3 alpha beta broadcast transA transB
GlobalAveragePool 1
GlobalLpPool 1 p
GlobalMaxPool 1
Greater 2 axis broadcast
GreaterOrEqual 2
GridSample 2 align_corners mode padding_mode
GroupNormalization 3 epsilon num_groups stash_type
HammingWindow 1 output_datatype periodic
HannWindow 1 output_datatype periodic
HardSigmoid 1 alpha beta consumed_inputs
HardSwish 1
Hardmax 1 axis
Identity 1
If 1 else_branch then_branch
ImageDecoder 1 pixel_format
InstanceNormalization 3 consumed_inputs epsilon
IsInf 1 detect_negative detect_positive
IsNaN 1
LRN 1 alpha beta bias size
LSTM 8 activation_alpha activation_beta activations clip direction hidden_size input_forget layout output_sequence
LayerNormalization 3 axis epsilon stash_type
LeakyRelu 1 alpha consumed_inputs
Less 2 axis broadcast
LessOrEqual 2
LinearAttention 6 chunk_size kv_num_heads q_num_heads scale update_rule
Log 1 consumed_inputs
LogSoftmax 1 axis
Loop -1 body
LpNormalization 1 axis p
LpPool 1 auto_pad ceil_mode dilations kernel_shape p pads strides
MatMul 2
MatMulInteger 4
Max -1 consumed_inputs
MaxPool 1 auto_pad ceil_mode dilations kernel_shape pads storage_order strides
MaxRoiPool 2 pooled_shape spatial_scale
MaxUnpool 3 kernel_shape pads strides
Mean -1 consumed_inputs
MeanVarianceNormalization 1 axes
MelWeightMatrix 5 output_datatype
Min -1 consumed_inputs
Mish 1
Mod 2 fmod
Mul 2 axis broadcast consumed_inputs
Multinomial 1 dtype sample_size seed
Neg 1 consumed_inputs
NegativeLogLikelihoodLoss 3 ignore_index reduction
NonMaxSuppression 5 center_point_box
NonZero 1
Not 1
OneHot 3 axis
Optional 1 type
OptionalGetElement 1
OptionalHasElement 1
Or 2 axis broadcast
PRelu 2 consumed_inputs
Pad 4 mode paddings pads value
Pow 2 axis broadcast
QLinearConv 9 auto_pad dilations group kernel_shape pads strides
QLinearMatMul 8
QuantizeLinear 3 axis block_size output_dtype precision saturate
RMSNormalization 2 axis epsilon stash_type
RNN 6 activation_alpha activation_beta activations clip direction hidden_size layout output_sequence
RandomNormal 0 dtype mean scale seed shape
RandomNormalLike 1 dtype mean scale seed
RandomUniform 0 dtype high low seed shape
RandomUniformLike 1 dtype high low seed
Range 3 stash_type
Reciprocal 1 consumed_inputs
ReduceL1 2 axes keepdims noop_with_empty_axes
ReduceL2 2 axes keepdims noop_with_empty_axes
ReduceLogSum 2 axes keepdims noop_with_empty_axes
ReduceLogSumExp 2 axes keepdims noop_with_empty_axes
ReduceMax 2 axes keepdims noop_with_empty_axes
ReduceMean 2 axes keepdims noop_with_empty_axes
ReduceMin 2 axes keepdims noop_with_empty_axes
ReduceProd 2 axes keepdims noop_with_empty_axes
ReduceSum 2 axes keepdims noop_with_empty_axes
ReduceSumSquare 2 axes keepdims noop_with_empty_axes
RegexFullMatch 1 pattern
Relu 1 consumed_inputs
Reshape 2 allowzero consumed_inputs shape
Resize 4 antialias axes coordinate_transformation_mode cubic_coeff_a exclude_outside extrapolation_value keep_aspect_ratio_policy mode nearest_mode
ReverseSequence 2 batch_axis time_axis
RoiAlign 3 coordinate_transformation_mode mode output_height output_width sampling_ratio spatial_scale
RotaryEmbedding 4 interleaved num_heads rotary_embedding_dim
Round 1
STFT 4 onesided
Scan -1 body directions num_scan_inputs scan_input_axes scan_input_directions scan_output_axes scan_output_directions
Scatter 3 axis
ScatterElements 3 axis reduction
ScatterND 3 reduction
Selu 1 alpha consumed_inputs gamma
SequenceAt 2
SequenceConstruct -1
SequenceEmpty 0 dtype
SequenceErase 2
SequenceInsert 3
SequenceLength 1
SequenceMap -1 body
Shape 1 end start
Shrink 1 bias lambd
Sigmoid 1 consumed_inputs
Sign 1
Sin 1
Sinh 1
Size 1
Slice 5 axes ends starts
Softmax 1 axis
SoftmaxCrossEntropyLoss 3 ignore_index reduction
Softplus 1
Softsign 1
SpaceToDepth 1 blocksize mode
Split 2 axis num_outputs split
SplitToSequence 2 axis keepdims
Sqrt 1 consumed_inputs
Squeeze 2 axes
StringConcat 2
StringNormalizer 1 case_change_action is_case_sensitive locale stopwords
StringSplit 1 delimiter maxsplit
Sub 2 axis broadcast consumed_inputs
Sum -1 consumed_inputs
SwiGLU 2 alpha
Swish 1 alpha
Tan 1
Tanh 1 consumed_inputs
TensorScatter 3 axis mode
TfIdfVectorizer 1 max_gram_length max_skip_count min_gram_length mode ngram_counts ngram_indexes pool_int64s pool_strings weights
ThresholdedRelu 1 alpha
Tile 3
TopK 2 axis k largest sorted
Transpose 1 perm
Trilu 2 upper
Unique 1 axis sorted
Unsqueeze 2 axes
Upsample 2 height_scale mode scales width_scale
Where 3
Xor 2 axis broadcast
`;
export const learning = `
ArrayFeatureExtractor 2
Binarizer 1 threshold
CastMap 1 cast_to map_form max_map
CategoryMapper 1 cats_int64s cats_strings default_int64 default_string
DictVectorizer 1 int64_vocabulary string_vocabulary
FeatureVectorizer -1 inputdimensions
Imputer 1 imputed_value_floats imputed_value_int64s replaced_value_float replaced_value_int64
LabelEncoder 1 classes_strings default_float default_int64 default_string default_tensor keys_floats keys_int64s keys_strings keys_tensor values_floats values_int64s values_strings values_tensor
LinearClassifier 1 classlabels_ints classlabels_strings coefficients intercepts multi_class post_transform
LinearRegressor 1 coefficients intercepts post_transform targets
Normalizer 1 norm
OneHotEncoder 1 cats_int64s cats_strings zeros
SVMClassifier 1 classlabels_ints classlabels_strings coefficients kernel_params kernel_type post_transform prob_a prob_b rho support_vectors vectors_per_class
SVMRegressor 1 coefficients kernel_params kernel_type n_supports one_class post_transform rho support_vectors
Scaler 1 offset scale
TreeEnsemble 1 aggregate_function leaf_targetids leaf_weights membership_values n_targets nodes_falseleafs nodes_falsenodeids nodes_featureids nodes_hitrates nodes_missing_value_tracks_true nodes_modes nodes_splits nodes_trueleafs nodes_truenodeids post_transform tree_roots
TreeEnsembleClassifier 1 base_values base_values_as_tensor class_ids class_nodeids class_treeids class_weights class_weights_as_tensor classlabels_int64s classlabels_strings nodes_falsenodeids nodes_featureids nodes_hitrates nodes_hitrates_as_tensor nodes_missing_value_tracks_true nodes_modes nodes_nodeids nodes_treeids nodes_truenodeids nodes_values nodes_values_as_tensor post_transform
TreeEnsembleRegressor 1 aggregate_function base_values base_values_as_tensor n_targets nodes_falsenodeids nodes_featureids nodes_hitrates nodes_hitrates_as_tensor nodes_missing_value_tracks_true nodes_modes nodes_nodeids nodes_treeids nodes_truenodeids nodes_values nodes_values_as_tensor post_transform target_ids target_nodeids target_treeids target_weights target_weights_as_tensor
ZipMap 1 classlabels_int64s classlabels_strings
`;
