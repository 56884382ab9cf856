"""What a proposal calls quantities and the inputs of a card: (English, Chinese)."""

from __future__ import annotations

from clustersim.report.labels.stacks import MATURITY, STACKS

__all__ = ["MATURITY", "OF_CARD", "QUANTITIES", "STACKS"]

#: Rates and levels of a workload: what it is called, its unit in words, pattern and scale of its numbers.
QUANTITIES: dict[str, tuple[str, str, str, float]] = {
    "step_time_s": ("Step time, s", "每步时间(秒)", ",.2f", 1.0),
    "tokens_per_s": ("Trained tokens per second, million", "每秒训练词元(百万)", ",.3f", 1e-6),
    "training_goodput_tokens_per_s": (
        "Trained tokens per second after failures, million", "计入故障后每秒训练词元(百万)", ",.3f", 1e-6),
    "mfu": ("Model FLOPS utilisation (MFU), %", "模型算力利用率MFU(%)", ".1f", 100.0),
    "ettr": ("Effective training time (ETTR), %", "有效训练时间占比ETTR(%)", ".1f", 100.0),
    "requests_per_s_per_card": ("Requests per second and card", "每卡每秒请求数", ",.3f", 1.0),
    "input_tokens_per_s_per_card": ("Input tokens per second and card", "每卡每秒输入词元", ",.0f", 1.0),
    "cached_tokens_per_s_per_card": ("Cached tokens per second and card", "每卡每秒缓存词元", ",.0f", 1.0),
    "output_tokens_per_s_per_card": ("Output tokens per second and card", "每卡每秒输出词元", ",.0f", 1.0),
    "busy_share": ("Share of the time that replicas are busy, %", "副本繁忙时间占比(%)", ".1f", 100.0),
    "slo_share": ("Requests within their service level, %", "满足服务水平的请求占比(%)", ".1f", 100.0),
    "ttft_p50_s": ("Time to first token, median, s", "首词元时延,中位数(秒)", ",.3f", 1.0),
    "ttft_p99_s": ("Time to first token, P99, s", "首词元时延,P99(秒)", ",.3f", 1.0),
    "tpot_p50_s": ("Time per output token, median, s", "每输出词元时间,中位数(秒)", ",.4f", 1.0),
    "tpot_p99_s": ("Time per output token, P99, s", "每输出词元时间,P99(秒)", ",.4f", 1.0),
}  # fmt: skip

#: Inputs of a card by the end of their keys, of {of}.
OF_CARD: dict[str, tuple[str, str]] = {
    "price": ("Price of {of}", "{of}单价"), "lead_time": ("Lead time of {of}", "{of}备货周期"),
    "efficiency.gemm": ("Share of its peak that {of} reaches in matrix products", "{of}矩阵乘达到峰值的比例"),
    "efficiency.gemm_sustained": (
        "Share of that which {of} sustains over a long run", "{of}长期运行可维持的比例"),
    "efficiency.gemm_fp8": ("Share of its FP8 peak that {of} reaches", "{of}达到FP8峰值的比例"),
    "efficiency.scale_up_reduction": (
        "Share of its scale-up bandwidth that {of} reaches in reductions", "{of}归约时机内互联带宽利用比例"),
    "efficiency.memory": ("Share of its memory bandwidth that {of} reaches", "{of}显存带宽利用比例"),
    "efficiency.scale_up": ("Share of its scale-up bandwidth that {of} reaches", "{of}机内互联带宽利用比例"),
    "efficiency.scale_out": ("Share of its network bandwidth that {of} reaches", "{of}网络带宽利用比例"),
    "peak.bf16": ("Peak of {of}, bf16", "{of}峰值算力bf16"), "peak.fp16": ("Peak of {of}, fp16", "{of}峰值算力fp16"),
    "peak.fp8": ("Peak of {of}, fp8", "{of}峰值算力fp8"), "peak.int8": ("Peak of {of}, int8", "{of}峰值算力int8"),
    "memory.bandwidth": ("Memory bandwidth of {of}", "{of}显存带宽"),
    "memory.capacity": ("Memory of {of}", "{of}显存容量"), "power.idle": ("Idle power of {of}", "{of}空载功率"),
    "power.tdp": ("Rated power of {of}", "{of}额定功率"), "power.busy": ("Busy power of {of}", "{of}满载功率"),
    "scale_up.bandwidth": ("Scale-up bandwidth of {of}", "{of}机内互联带宽"),
    "scale_up.latency": ("Scale-up latency of {of}", "{of}机内互联时延"),
    "scale_up.domain": ("Cards in a scale-up domain of {of}", "{of}机内互联域卡数"),
    "host_link.bandwidth": ("Host link of {of}", "{of}主机链路带宽"),
    "scale_out.bandwidth": ("Network bandwidth of {of}", "{of}网络带宽"),
}  # fmt: skip
