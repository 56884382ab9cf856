"""What is said of a model's configuration that was read from outside."""

from __future__ import annotations

__all__ = ["LINES"]

LINES: dict[str, str] = {
    "{} is not stated: {}, hidden_size over heads, {}": "未给 {}:取 {},即 hidden_size 除以头数,{}",
    "{} is not stated: {}, as many as heads, {}": "未给 {}:取 {},与注意力头数相同,{}",
    "{} is not stated: {} is taken for the longest text": "未给 {}:以 {} 为最长文本",
    "no activation ({}) is stated: a gated block, {}": "未给激活函数({}):按有门控的块,{}",
    "tie_word_embeddings is not stated: tied, {}": "未给 tie_word_embeddings:输入输出嵌入共用,{}",
    "tie_word_embeddings is not stated: untied, {}": "未给 tie_word_embeddings:输入输出嵌入不共用,{}",
    "as in the code of its architecture": "与其架构的代码一致",
    "as in the code of its architecture ({})": "与其架构的代码一致({})",
    "assumed, its architecture is not known": "假设,其架构未知",
    "{} is not stated: experts are intermediate_size wide, {}": "未给 {}:专家宽度取 intermediate_size,{}",
    "published with a cache of {} bits a value": "公开时缓存为每值 {} 位",
    "published with a cache in {}": "公开时缓存格式为 {}",
    "quantization_config: {} holds for no group of weights of this model: all are in {}":
        "quantization_config:{} 不适用于该模型的任何权重组:全部为 {}",
    "torch_dtype is not stated: weights are bf16 where no format is stated for them":
        "未给 torch_dtype:未注明格式的权重取 bf16",
    "formats of {} differ by module: {}": "{} 的格式因模块而异:{}",
    "model_type {} is no architecture that is known here: what its code does beyond the stated keys is assumed to be"
    " usual":
        "model_type {} 不是这里已知的架构:除已给的键外,假设其代码按常规处理",
    "no model_type is stated: it is no architecture that is known here: what its code does beyond the stated keys is"
    " assumed to be usual":
        "未给 model_type:不是这里已知的架构;除已给的键外,假设其代码按常规处理",
    "no model_type is stated: rules that only its code holds are not applied":
        "未给 model_type:只在其代码中的规则不适用",
    "not stated, and read as not there: {}": "未给,按没有处理:{}",
    "not read: {}": "未读取:{}",
    "no type of the recurrent state is stated: 16 bits, as engines take it from the weights":
        "未给循环状态的格式:取 16 位,引擎随权重取此值",
    "the name says quantized ({}), the configuration states no format: formats are those of its dtype":
        "名称表明已量化({}),而配置未给格式:格式取其 dtype",
    "{} extra prediction layer(s): left out where nothing is drafted": "{} 个额外预测层:不起草时不计",
    "traffic of {} residual streams": "{} 条残差流的访存",
    "engine constants for {} attention, where no class of its own was fitted": "{} 注意力的引擎常数:未单独拟合此类",
    "vision encoder: its weights, its work and the prompt tokens it makes": "视觉编码器:其权重、计算及产生的提示词元",
    "audio encoder: its weights, its work and the prompt tokens it makes": "音频编码器:其权重、计算及产生的提示词元",
    "keys and values of {n} tokens": "{} 词元的键与值",
    "attention within chunks: counted as a window of the chunk, an upper bound": "分块注意力:按块宽的窗口计,为上界",
    "hash routing of the first {} layers: as a learned router": "前 {} 层的哈希路由:按学得的路由处理",
    "{}: left out on request": "{}:按要求略去",
    "peak.{} x share of large products (of 8 bits and fewer where the profile has it)":
        "peak.{} × 大矩阵乘的达成比例(档案另给 8 位及以下时取其值)",
    "peak.{} x share of fused attention": "peak.{} × 融合注意力的达成比例",
    "idle + {n} x (TDP - idle)": "空闲功耗 + {} × (TDP - 空闲功耗)",
}  # fmt: skip
