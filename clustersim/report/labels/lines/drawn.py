"""Titles, axes and legends of figures."""

from __future__ import annotations

__all__ = ["LINES"]

LINES: dict[str, str] = {
    # --- a run
    "{}: from peak to goodput": "{}:从峰值到有效吞吐", "peak of all cards": "全部卡的峰值",
    "model FLOPs kept": "留存的模型 FLOP",
    "kernels below peak": "算子低于峰值", "memory-bound kernels": "访存受限算子", "recomputation": "重计算",
    "tensor-parallel exchange": "张量并行通信", "pipeline sends": "流水线传输",
    "data-parallel exchange": "数据并行通信",
    "pipeline bubble": "流水线气泡", "optimizer, offload, host": "优化器、卸载、主机",
    "checkpoint stalls": "检查点停顿",
    "work lost at failures": "故障丢失的工作", "recovery from failures": "故障恢复",
    "recovery and waiting": "恢复与等待",
    "stragglers, shrunk job": "慢节点与缩容",
    "{}: one simulated run, ETTR {}, {} failures": "{}:一次仿真运行,ETTR {},{} 次故障",
    "DCF, WACC ±{} points": "DCF,WACC ±{} 个百分点", "DCF, growth ±0.5 points": "DCF,增长率 ±0.5 个百分点",
    "price-to-sales, discount ±10 points": "市销率法,折价 ±10 个百分点", "blend of both": "两者加权",
    "all that was drawn, P10 to P90": "全部抽样,P10 至 P90", "market price": "市价", "Value per share": "每股价值",
    "market price {}": "市价 {}", "recomputed target {}": "重算目标价 {}", "printed target {}": "印刷目标价 {}",
    "requests in the system": "系统内请求数", "time (days)": "时间(天)",
    "base {}": "基准 {}", "card other": "加速卡(其他)",
    "{} per share": "每股{}", "{}: cost per year: {} M CNY/year": "{}:年成本 {} 百万元/年",
    "{}: cost per year": "{}:每年成本", "M CNY/year": "百万元/年", "{}: capex": "{}:资本开支",
    "M CNY": "百万元", "bn CNY": "十亿元", "CNY bn": "十亿元",
    "{}: revenue by product (mix calibrated, totals as forecast)": "{}:分产品收入(结构为校准,合计为预测)",
    "time since start (days)": "开始以来的时间(天)", "time (s)": "时间(秒)", "P10 to P90": "P10 至 P90",
    "(P10 to P90: {} to {})": "(P10 至 P90:{} 至 {})", "{} (P10 to P90: {} to {})": "{}(P10 至 P90:{} 至 {})",
    "P10 {} to P90 {}": "P10 {} 至 P90 {}",
    # --- the long run
    "recovering (drawn at least {} minutes wide)": "恢复中(至少画 {} 分钟宽)", "days {} to {}": "第 {} 至 {} 天",
    "days within the row": "该行内的天数", "{}: ETTR {}, {} failures": "{}:ETTR {},{} 次故障",
    "failure, by its component": "故障(按部件)",
    "hours lost so far (recovery and lost work)": "累计损失小时(恢复与丢失的工作)",
    "% of wall-clock time": "占墙钟时间(%)", "productive (ETTR)": "有效计算(ETTR)", "wall clock": "墙钟时间",
    "this scenario": "本场景", "needed: {}": "需要:{}", "card-hours per job-stopping failure": "每次停机故障的卡时",
    "{}: claims against published fleets": "{}:各说法与公开机群", "{}: one run": "{}:一次运行",
    "{}: hours lost so far in {} simulated runs": "{}:{} 次仿真的累计损失小时",
    "{}: from wall clock to productive time": "{}:从墙钟时间到有效时间", "productive": "有效计算",
    "computing": "计算中",
    # --- scaling
    "{}, base {} cards, {}": "{},基准 {} 卡,{}", "{}: lost to {}": "{}:损失于{}",
    "tokens/s per card against the base, %": "每卡词元/秒,对基准(%)",
    "tokens/s per card against the base, %; whiskers: P10 to P90": "每卡词元/秒,对基准(%);须线:P10 至 P90",
    "tp {n}, pp {n}, interleave {n}, micro-batch {n}": "tp {},pp {},交错 {},微批 {}",
    "{} ({}, {} recomputation)": "{}({},重计算 {})", "cards": "加速卡",
    # --- inputs of a study
    "NIC": "网卡", "Cards": "卡数", "Server": "服务器", "Incumbent": "现有方案", "Global batch": "全局批量",
    # --- serving
    "output tokens/s per user (1 / median TPOT)": "每用户输出词元/秒(1 / TPOT 中位)",
    "output tokens/s per card": "每卡输出词元/秒",
    "Throughput against interactivity, closed loop of 1 to 256 users per replica":
        "吞吐对交互速度,每副本 1 至 256 个用户的闭环",
    "Throughput against interactivity, closed loop of 1 to 256 users per replica; whiskers: P10 to P90":
        "吞吐对交互速度,每副本 1 至 256 个用户的闭环;误差线:P10 至 P90",
    "Latency against load, the same requests at every rate; whiskers: P10 to P90":
        "延迟对负载,各速率用同一组请求;误差线:P10 至 P90",
    "offered requests/s (dotted: saturated)": "到达请求/秒(虚线:已饱和)",
    "TTFT, 90th percentile (s)": "TTFT,第 90 百分位(秒)",
    "Latency against load, the same requests at every rate": "延迟对负载,各速率用同一组请求",
    "in the system, most of a window": "系统内,窗口内最多", "in the system, mean of a window": "系统内,窗口均值",
    "of them without a first token, mean": "其中尚无首词元,均值", "{} replica failures": "{} 次副本故障",
    "Requests over time on {}, windows of {} s; the run begins and ends empty":
        "{} 上的请求随时间,窗口 {} 秒;运行首尾为空",
    # --- studies
    "{}: revenue": "{}:收入", "{}: what moves {}": "{}:什么影响{}", "{}: {}, P10 to P90": "{}:{},P10 至 P90",
    "not drawn, inputs that move nothing: {}": "未绘出,无影响的输入:{}项",
    "not drawn, narrower bars: {}": "未绘出,影响较小的输入:{}项",
    "{}: what is best": "{}:何者最优", "input low": "输入取低", "input high": "输入取高", "{} (base {})": "{}(基准 {})",
    "first order": "一阶", "total": "总效应",
    "share of the output's variance (bars: 95 % interval)": "占输出方差的份额(误差线:95 %)",
    "Pareto front": "帕累托前沿", "points": "点", "density": "密度", "samples": "样本",
    # --- tco, compare
    "capex, M CNY": "资本开支(百万元)", "{}: what moves the bill": "{}:什么影响物料清单",
    "{}: what moves the cost per {}": "{}:什么影响每{}成本", "CNY per {}": "每{}元数", "{}: cost per {}": "{}:每{}成本",
}  # fmt: skip
