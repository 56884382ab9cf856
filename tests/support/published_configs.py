"""Configurations of published models as their makers write them, from memory: dimensions, and the published total.

The total is in 10^9 parameters; a text instead is a word of the refusal, for what a model file does not express.
"""

from __future__ import annotations

import math
from typing import Any

__all__ = ["PUBLISHED"]

PUBLISHED: dict[str, tuple[float | str, dict[str, Any]]] = {
    "mistral-7b": (7.248, {
        "model_type": "mistral", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 32768, "tie_word_embeddings": False,
        "sliding_window": None, "hidden_act": "silu", "max_position_embeddings": 32768, "rms_norm_eps": 1e-05,
        "rope_theta": 1000000.0,
    }),
    "mistral-small-24b": (23.57, {
        "model_type": "mistral", "hidden_size": 5120, "intermediate_size": 32768, "num_hidden_layers": 40,
        "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 131072,
        "tie_word_embeddings": False, "sliding_window": None, "hidden_act": "silu", "max_position_embeddings": 32768,
    }),
    "phi-4": (14.66, {
        "model_type": "phi3", "hidden_size": 5120, "intermediate_size": 17920, "num_hidden_layers": 40,
        "num_attention_heads": 40, "num_key_value_heads": 10, "vocab_size": 100352, "tie_word_embeddings": False,
        "sliding_window": None, "hidden_act": "silu", "partial_rotary_factor": 1.0, "resid_pdrop": 0.0,
        "embd_pdrop": 0.0, "original_max_position_embeddings": 16384, "max_position_embeddings": 16384,
    }),
    "phi-3.5-moe": (41.87, {
        "model_type": "phimoe", "hidden_size": 4096, "intermediate_size": 6400, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "num_local_experts": 16, "num_experts_per_tok": 2,
        "vocab_size": 32064, "tie_word_embeddings": False, "sliding_window": 131072, "attention_bias": True,
        "lm_head_bias": True, "hidden_act": "silu", "router_jitter_noise": 0.01, "input_jitter_noise": 0.01,
        "max_position_embeddings": 131072,
    }),
    "gemma-3-27b": ("vocab_size", {
        "model_type": "gemma3", "architectures": ["Gemma3ForConditionalGeneration"], "mm_tokens_per_image": 256,
        "boi_token_index": 255999,
        "text_config": {
            "head_dim": 128, "hidden_size": 5376, "intermediate_size": 21504, "model_type": "gemma3_text",
            "num_attention_heads": 32, "num_hidden_layers": 62, "num_key_value_heads": 16,
            "query_pre_attn_scalar": 168, "rope_scaling": {"factor": 8.0, "rope_type": "linear"},
            "sliding_window": 1024,
        },
        "vision_config": {"hidden_size": 1152},
    }),
    "gemma-3-1b": (1.0, {
        "model_type": "gemma3_text", "head_dim": 256, "hidden_size": 1152, "intermediate_size": 6912,
        "num_attention_heads": 4, "num_hidden_layers": 26, "num_key_value_heads": 1, "query_pre_attn_scalar": 256,
        "sliding_window": 512, "sliding_window_pattern": 6, "vocab_size": 262144,
        "hidden_activation": "gelu_pytorch_tanh", "max_position_embeddings": 32768, "attn_logit_softcapping": None,
        "final_logit_softcapping": None, "rope_local_base_freq": 10000, "cache_implementation": "hybrid",
    }),
    "qwen2.5-vl-7b": (7.62, {
        "model_type": "qwen2_5_vl", "hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28,
        "num_attention_heads": 28, "num_key_value_heads": 4, "vocab_size": 152064, "tie_word_embeddings": False,
        "use_sliding_window": False, "max_window_layers": 28, "sliding_window": 32768, "hidden_act": "silu",
        "vision_config": {"depth": 32, "hidden_size": 1280},
        "rope_scaling": {"type": "mrope", "mrope_section": [16, 24, 24]}, "max_position_embeddings": 128000,
        "vision_start_token_id": 1, "image_token_id": 2,
    }),
    "mamba-2.8b": ("num_attention_heads", {
        "model_type": "mamba", "hidden_size": 2560, "state_size": 16, "num_hidden_layers": 64, "conv_kernel": 4,
        "expand": 2, "intermediate_size": 5120, "time_step_rank": 160, "vocab_size": 50280, "d_inner": 5120,
        "d_model": 2560, "n_layer": 64, "fused_add_norm": True, "pad_vocab_size_multiple": 8, "rms_norm": True,
        "time_step_init_scheme": "random", "use_bias": False, "use_conv_bias": True, "hidden_act": "silu",
        "ssm_cfg": {},
    }),
    "mamba2-7b": ("num_attention_heads", {
        "model_type": "mamba2", "hidden_size": 4096, "num_heads": 128, "head_dim": 64, "state_size": 128,
        "n_groups": 8, "num_hidden_layers": 64, "vocab_size": 32768, "expand": 2, "conv_kernel": 4,
        "tie_word_embeddings": False, "chunk_size": 256, "time_step_limit": [0.0, math.inf], "rms_norm": True,
        "norm_before_gate": True, "use_bias": False, "hidden_act": "silu", "time_step_rank": 256,
    }),
    "jamba-mini": ("attn_layer_offset", {
        "model_type": "jamba", "attn_layer_offset": 4, "attn_layer_period": 8, "expert_layer_offset": 1,
        "expert_layer_period": 2, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "num_experts": 16, "num_experts_per_tok": 2,
        "mamba_d_conv": 4, "mamba_d_state": 16, "mamba_dt_rank": 256, "mamba_expand": 2, "mamba_conv_bias": True,
        "mamba_proj_bias": False, "vocab_size": 65536, "tie_word_embeddings": False, "hidden_act": "silu",
        "use_mamba_kernels": True, "sliding_window": None,
    }),
    "olmo-2-13b": (13.72, {
        "model_type": "olmo2", "hidden_size": 5120, "intermediate_size": 13824, "num_hidden_layers": 40,
        "num_attention_heads": 40, "num_key_value_heads": 40, "vocab_size": 100352, "tie_word_embeddings": False,
        "hidden_act": "silu", "attention_bias": False, "max_position_embeddings": 4096,
    }),
    "olmoe-7b": (6.92, {
        "model_type": "olmoe", "hidden_size": 2048, "intermediate_size": 1024, "num_hidden_layers": 16,
        "num_attention_heads": 16, "num_key_value_heads": 16, "num_experts": 64, "num_experts_per_tok": 8,
        "vocab_size": 50304, "tie_word_embeddings": False, "hidden_act": "silu", "clip_qkv": None,
        "norm_topk_prob": False, "max_position_embeddings": 4096,
    }),
    "command-r-plus": (103.8, {
        "model_type": "cohere", "hidden_size": 12288, "intermediate_size": 33792, "num_hidden_layers": 64,
        "num_attention_heads": 96, "num_key_value_heads": 8, "vocab_size": 256000, "logit_scale": 0.8333,
        "use_qk_norm": True, "hidden_act": "silu", "layer_norm_eps": 1e-05, "max_position_embeddings": 8192,
        "model_max_length": 131072,
    }),
    "glm-4-9b": (9.4, {
        "model_type": "chatglm", "num_layers": 40, "padded_vocab_size": 151552, "hidden_size": 4096,
        "ffn_hidden_size": 13696, "kv_channels": 128, "num_attention_heads": 32, "multi_query_attention": True,
        "multi_query_group_num": 2, "seq_length": 131072, "add_qkv_bias": True, "add_bias_linear": False,
        "apply_residual_connection_post_layernorm": False, "original_rope": True, "post_layer_norm": True,
        "rmsnorm": True, "rope_ratio": 500, "vocab_size": 151552, "tie_word_embeddings": False,
        "attention_softmax_in_fp32": True, "bias_dropout_fusion": True,
    }),
    "minimax-text-01": (456, {
        "model_type": "minimax_text_01", "attn_type_list": [0, 0, 0, 0, 0, 0, 0, 1] * 10, "hidden_size": 6144,
        "intermediate_size": 9216, "num_hidden_layers": 80, "num_attention_heads": 64, "num_key_value_heads": 8,
        "head_dim": 128, "num_local_experts": 32, "num_experts_per_tok": 2, "vocab_size": 200064,
        "shared_intermediate_size": 0, "layernorm_full_attention_alpha": 3.55, "layernorm_full_attention_beta": 1.0,
        "layernorm_linear_attention_alpha": 3.55, "layernorm_linear_attention_beta": 1.0, "layernorm_mlp_alpha": 3.55,
        "layernorm_mlp_beta": 1.0, "postnorm": True, "shared_moe_mode": "sigmoid", "hidden_act": "silu",
        "tie_word_embeddings": False, "rotary_dim": 64, "sliding_window": None, "max_position_embeddings": 10240000,
    }),
    "internlm2.5-20b": (19.86, {
        "model_type": "internlm2", "hidden_size": 6144, "intermediate_size": 16384, "num_hidden_layers": 48,
        "num_attention_heads": 48, "num_key_value_heads": 8, "vocab_size": 92544, "tie_word_embeddings": False,
        "bias": False, "hidden_act": "silu", "max_position_embeddings": 262144, "attn_implementation": "eager",
    }),
    "ernie-4.5-300b": (300, {
        "model_type": "ernie4_5_moe", "hidden_size": 8192, "intermediate_size": 28672, "num_hidden_layers": 54,
        "num_attention_heads": 64, "num_key_value_heads": 8, "moe_num_experts": 64, "moe_k": 8,
        "moe_intermediate_size": 3584, "moe_layer_start_index": 3, "moe_layer_end_index": 53, "moe_layer_interval": 1,
        "moe_num_shared_experts": 0, "moe_capacity": [64, 64, 64], "moe_gate": "topk", "moe_use_aux_free": True,
        "vocab_size": 103424, "tie_word_embeddings": False, "hidden_act": "silu", "use_bias": False,
        "use_rmsnorm": True, "max_position_embeddings": 131072, "fuse_rope": False, "num_nextn_predict_layers": 1,
    }),
    "grok-2": ("hidden_act", {
        "model_type": "grok-2", "hidden_size": 8192, "intermediate_size": 32768, "moe_intermediate_size": 16384,
        "num_hidden_layers": 64, "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 128,
        "num_local_experts": 8, "num_experts_per_tok": 2, "residual_moe": True, "vocab_size": 131072,
        "tie_word_embeddings": True, "hidden_act": "gelu", "embedding_multiplier_scale": 90.5,
        "output_multiplier_scale": 0.5, "attn_logit_softcapping": 30.0, "final_logit_softcapping": 50,
        "router_logit_softcapping": 30, "rope_type": "original", "sliding_window_size": -1,
        "max_position_embeddings": 131072, "moe_layer_freq": 1,
    }),
    "dots.llm1": (142.8, {
        "model_type": "dots1", "hidden_size": 4096, "intermediate_size": 10944, "moe_intermediate_size": 1408,
        "num_hidden_layers": 62, "num_attention_heads": 32, "num_key_value_heads": 32, "n_routed_experts": 128,
        "n_shared_experts": 2, "num_experts_per_tok": 6, "first_k_dense_replace": 1, "moe_layer_freq": 1,
        "vocab_size": 152064, "tie_word_embeddings": False, "hidden_act": "silu", "n_group": 1, "topk_group": 1,
        "norm_topk_prob": True, "routed_scaling_factor": 2.5, "scoring_func": "noaux_tc", "topk_method": "noaux_tc",
        "use_sliding_window": False, "sliding_window": None, "max_window_layers": 62,
        "max_position_embeddings": 32768,
    }),
    "granite-3.1-8b": (8.17, {
        "model_type": "granite", "hidden_size": 4096, "intermediate_size": 12800, "num_hidden_layers": 40,
        "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 49155, "tie_word_embeddings": True,
        "hidden_act": "silu", "attention_multiplier": 0.0078, "embedding_multiplier": 12.0,
        "residual_multiplier": 0.22, "logits_scaling": 16.0, "mlp_bias": False, "attention_bias": False,
        "max_position_embeddings": 131072,
    }),
    "granite-4-h-small": (32.2, {
        "model_type": "granitemoehybrid",
        "layer_types": [("attention" if i in (5, 15, 25, 35) else "mamba") for i in range(40)], "hidden_size": 4096,
        "intermediate_size": 768, "shared_intermediate_size": 1536, "num_local_experts": 72,
        "num_experts_per_tok": 10, "num_hidden_layers": 40, "num_attention_heads": 32, "num_key_value_heads": 8,
        "mamba_n_heads": 128, "mamba_d_head": 64, "mamba_d_state": 128, "mamba_n_groups": 1, "mamba_expand": 2,
        "mamba_d_conv": 4, "mamba_chunk_size": 256, "mamba_conv_bias": True, "mamba_proj_bias": False,
        "vocab_size": 100352, "tie_word_embeddings": True, "hidden_act": "silu", "position_embedding_type": "nope",
        "attention_bias": False, "normalization_function": "rmsnorm", "max_position_embeddings": 131072,
    }),
    "falcon-40b": ("intermediate_size", {
        "model_type": "falcon", "hidden_size": 8192, "num_hidden_layers": 60, "num_attention_heads": 128,
        "num_kv_heads": 8, "new_decoder_architecture": True, "vocab_size": 65024, "multi_query": True,
        "parallel_attn": True, "bias": False, "alibi": False, "layer_norm_epsilon": 1e-05,
    }),
    "gpt-neox-20b": (20.55, {
        "model_type": "gpt_neox", "hidden_size": 6144, "intermediate_size": 24576, "num_hidden_layers": 44,
        "num_attention_heads": 64, "vocab_size": 50432, "tie_word_embeddings": False, "hidden_act": "gelu_fast",
        "rotary_pct": 0.25, "use_parallel_residual": True, "max_position_embeddings": 2048,
    }),
    "bloom": ("intermediate_size", {
        "model_type": "bloom", "n_embed": 14336, "n_layer": 70, "num_attention_heads": 112, "vocab_size": 250880,
        "hidden_dropout": 0.0, "seq_length": 2048, "slow_but_exact": False,
    }),
    "gpt2-xl": ("intermediate_size", {
        "model_type": "gpt2", "n_embd": 1600, "n_layer": 48, "n_head": 25, "n_ctx": 1024, "n_positions": 1024,
        "vocab_size": 50257, "activation_function": "gelu_new", "summary_type": "cls_index", "resid_pdrop": 0.1,
    }),
    "dbrx": ("ffn_config", {
        "model_type": "dbrx", "d_model": 6144, "n_layers": 40, "n_heads": 48, "max_seq_len": 32768,
        "attn_config": {"clip_qkv": 8, "kv_n_heads": 8, "model_type": "", "rope_theta": 500000},
        "ffn_config": {
            "ffn_hidden_size": 10752, "model_type": "", "moe_jitter_eps": 0.01, "moe_loss_weight": 0.05,
            "moe_num_experts": 16, "moe_top_k": 4,
        },
        "vocab_size": 100352, "tie_word_embeddings": False,
    }),
    "starcoder2-15b": (15.96, {
        "model_type": "starcoder2", "hidden_size": 6144, "intermediate_size": 24576, "num_hidden_layers": 40,
        "num_attention_heads": 48, "num_key_value_heads": 4, "vocab_size": 49152, "hidden_act": "gelu_pytorch_tanh",
        "mlp_type": "default", "use_bias": True, "sliding_window": 4096, "max_position_embeddings": 16384,
        "norm_type": "layer_norm", "tie_word_embeddings": False,
    }),
    "deepseek-v2-lite": (15.7, {
        "model_type": "deepseek_v2", "hidden_size": 2048, "intermediate_size": 10944, "moe_intermediate_size": 1408,
        "num_hidden_layers": 27, "num_attention_heads": 16, "num_key_value_heads": 16, "kv_lora_rank": 512,
        "q_lora_rank": None, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128,
        "n_routed_experts": 64, "n_shared_experts": 2, "num_experts_per_tok": 6, "first_k_dense_replace": 1,
        "moe_layer_freq": 1, "n_group": 1, "topk_group": 1, "vocab_size": 102400, "tie_word_embeddings": False,
        "hidden_act": "silu", "max_position_embeddings": 163840,
    }),
    "llama-4-scout": (107.77, {
        "model_type": "llama4_text", "hidden_size": 5120, "intermediate_size": 8192, "intermediate_size_mlp": 16384,
        "num_hidden_layers": 48, "num_attention_heads": 40, "num_key_value_heads": 8, "head_dim": 128,
        "num_local_experts": 16, "num_experts_per_tok": 1, "interleave_moe_layer_step": 1, "vocab_size": 202048,
        "tie_word_embeddings": False, "hidden_act": "silu", "attention_chunk_size": 8192, "use_qk_norm": True,
        "no_rope_layers": [], "for_llm_compressor": False, "max_position_embeddings": 10485760,
    }),
}  # fmt: skip
