"""Words of what a number of the page is made of, and of its falls from the file to now: (English, Chinese)."""

from __future__ import annotations

__all__ = ["WORDS"]

WORDS: dict[str, tuple[str, str]] = {
    "page.open_term": ("What it is made of", "数值构成"),
    "page.changed_here": ("changed on this page", "在本页修改"),
    "page.no_range": (
        "(no range stated: the slider goes from half to double)",
        "(未给出范围:滑块取一半至两倍)",
    ),
    "page.choose_file": ("Choose a file", "选择文件"),
    "page.other_keys": ("Other keys of the files", "文件中的其他参数"),
    "page.set_key": ("Set", "设置"),
    "page.no_key": ("No key of these files has that in it", "文件中没有含此内容的参数"),
    "page.key_value": ("Value of {key}", "{key} 的取值"),
    "page.seconds": ("{count} s", "{count} 秒"),
    "why.rooms": ("Cost of a unit: from the file to now, by room", "单位成本:从原文件到当前,按环节"),
    "why.rooms_say": (
        "{term}: {value} before, {cost} {unit} now; shared by logarithmic means, so that the steps sum to the change;"
        " the axis begins near the steps",
        "{term}:之前 {value},当前 {cost} {unit};按对数平均分摊,各步之和等于变化;坐标轴起点取在变化附近",
    ),
    "why.steps": ("Target price: from the file to now, change by change", "目标价:从原文件到当前,逐项修改"),
    "why.steps_say": (
        "{was} before, {now} {currency} now; each change on top of those before it, in the corridor's order",
        "之前 {was},当前 {now} {currency};各项按传导链次序依次叠加",
    ),
    "moves": ("Moves it by", "影响"),
    "change": ("Change", "修改"),
    "from": ("From", "起"),
    "to": ("To", "至"),
    "fall.start": ("File as it stands", "原文件"),
    "fall.end": ("Now", "当前"),
    "spent_s": ("Time", "时间"),
    "held_gib": ("Memory", "显存"),
    "room.network": ("Network", "网络"),
    "room.step": ("Computing", "计算"),
    "room.batch": ("Work done in an hour", "每小时完成的工作"),
    "room.kept": ("Failures and checkpoints", "故障与检查点"),
    "room.hours": ("Hours in use", "使用时长"),
    "room.hour": ("Other costs of an hour", "每小时其他成本"),
    "room.capital": ("Capital", "资本"),
    "room.electricity": ("Electricity", "电费"),
    "room.running": ("Maintenance and staff", "维护与人员"),
    "compare.gap_lines": ("The gap to the first side by line, %", "与首个方案的差距分解,%"),
    "compare.gap_lines_say": (
        "Each line of the cost as a share of the gap; a line below zero goes the other way",
        "各成本项占差距的比例;负值表示方向相反",
    ),
    "compare.wins": ("Cheapest in so many of the draws: {what}", "抽样中成本最低的次数占比:{what}"),
    "compare.no_gap": ("All cost the same: no line is apart", "成本相同:各项均无差距"),
    "gap": ("Gap to the first side", "与首个方案的差"),
    "gap.sum": ("Sum of the lines", "各项合计"),
    "term.formula": ("How it is computed", "计算方法"),
    "term.inputs": ("Inputs behind it: each from end to end of its range", "相关输入:各取区间两端"),
    "term.inputs_say": (
        "Each input alone from end to end of its range, the others as they stand; the widest first",
        "各输入单独取区间两端,其余不变;按影响由大到小",
    ),
    "term_at_low": ("At the low end", "下端时"),
    "term_at_high": ("At the high end", "上端时"),
    "formula.scale_up_bytes_per_s": (
        "Bandwidth of a card's links inside the server x the share that is reached",
        "卡间互联带宽 × 可达比例",
    ),
    "formula.scale_out_bytes_per_s": (
        "Rate of a NIC x the share that is reached x NICs per card",
        "网卡速率 × 可达比例 × 每卡网卡数",
    ),
    "formula.step_time_s": (
        "Sum of what cannot be hidden: products, attention, memory, recomputation, exposed communication, bubble,"
        " optimizer",
        "不可隐藏各项之和:矩阵乘、注意力、访存、重计算、未隐藏的通信、气泡、优化器",
    ),
    "formula.tpot_p50_s": (
        "Time of an iteration at the batch that the load leaves: weights and cache over the reached bandwidth,"
        " products, exchanges and what the engine adds",
        "负载所致批量下的单次迭代时间:权重与缓存/可达带宽,加矩阵乘、通信与引擎开销",
    ),
    "formula.streams_per_card": (
        "The least of decoding channels, products, memory and host link over what one stream takes of each",
        "解码通道、算力、显存、主机链路各除以单路所需,取最小",
    ),
    "formula.tokens_per_s": ("Tokens of a step / time of a step", "每步词元 ÷ 单步时间"),
    "formula.output_tokens_per_s_per_card": (
        "Requests that a card holds within the service level x tokens of an answer",
        "服务等级内每卡请求数 × 每次输出词元",
    ),
    "formula.useful_share": (
        "Card-hours of work that is kept / card-hours of the cluster",
        "有效工作卡时 ÷ 集群卡时",
    ),
    "formula.ettr": (
        "1 - shares of time for checkpoints, rework, recovery and waiting",
        "1 − 检查点、重算、恢复与等待的时间占比",
    ),
    "formula.slo_share": (
        "Share of requests whose first token and pace stay within the service level",
        "首词元与输出速度均达标的请求占比",
    ),
    "formula.wait_p95_h": (
        "95th percentile of the waits of the jobs that were simulated",
        "仿真作业等待时间的第 95 百分位",
    ),
    "formula.cny_per_mtoken": (
        "Cost of a card-hour / millions of tokens that a card trains in an hour, failures included",
        "每卡时成本 ÷ 每卡每小时训练的百万词元(计入故障)",
    ),
    "formula.cny_per_served_mtoken": (
        "Cost of a card-hour / millions of tokens that a card serves in an hour, input and output",
        "每卡时成本 ÷ 每卡每小时服务的百万词元(输入与输出)",
    ),
    "formula.cny_per_stream_hour": ("Cost of a card-hour / streams of a card", "每卡时成本 ÷ 每卡路数"),
    "formula.cny_per_useful_card_hour": (
        "Cost of a card-hour / share of hours that is useful",
        "每卡时成本 ÷ 有效时长占比",
    ),
    "formula.batch_s": (
        "The longest of what the cards, the network, the codecs and the host need for a batch",
        "批次在算力、网络、编解码与主机上所需时间的最大值",
    ),
    "formula.inputs_per_s_per_card": (
        "Inputs of a batch / time of a batch / cards",
        "每批输入数 ÷ 批次时间 ÷ 卡数",
    ),
    "formula.cny_per_image": (
        "Cost of a card-hour / images of a card in an hour",
        "每卡时成本 ÷ 每卡每小时图像数",
    ),
    "formula.cny_per_sample": (
        "Cost of a card-hour / samples of a card in an hour",
        "每卡时成本 ÷ 每卡每小时样本数",
    ),
    "formula.cny_per_video_second": (
        "Cost of a card-hour / seconds of video of a card in an hour",
        "每卡时成本 ÷ 每卡每小时视频秒数",
    ),
    "batch": ("Inputs of a batch", "批次大小"),
    "batch_latency_s": ("Latency of a batch", "批次时延"),
    "batch_s": ("Time of a batch", "批次时间"),
    "compute_use": ("Use of the compute units", "计算单元利用率"),
    "decode_use": ("Use of the video decoders", "视频解码器利用率"),
    "encode_use": ("Use of the video encoders", "视频编码器利用率"),
    "memory_use": ("Use of the memory bandwidth", "显存带宽利用率"),
    "finished": ("Jobs finished", "完成作业数"),
    "kwh_per_stream_hour": ("Energy of a stream-hour", "每路小时电量"),
    "kwh_per_useful_card_hour": ("Energy of a useful card-hour", "每有效卡时电量"),
    "kwh_per_image": ("Energy of an image", "每张图像电量"),
    "kwh_per_sample": ("Energy of a sample", "每样本电量"),
    "kwh_per_video_second": ("Energy of a second of video", "每秒视频电量"),
    "link": ("Links between groups", "组间链路"),
    "supernode": ("Supernodes", "超节点"),
    "inputs_per_s_per_card": ("Inputs a second, a card", "每卡每秒输入数"),
    "formula.value_in_use_price_cny": (
        "((what the work may cost a year - energy - fixed costs) / capital factor - other capex) / markup on the card",
        "((该工作每年可付的成本 − 能耗 − 固定成本) ÷ 资本系数 − 其他资本开支) ÷ 卡价加成",
    ),
    "formula.units_factor": (
        "Gain of the buyer now against that of the base, to the power of the market's sensitivity, within the outside"
        " option",
        "买方当前收益与基准收益之比,按市场敏感度取幂,并受外部选择约束",
    ),
    "formula.revenue_kcny 2027E": ("Sum over products of units x price", "各产品销量 × 单价之和"),
    "formula.target_price": (
        "(weight x equity by DCF + (1 - weight) x equity by peers) / shares",
        "(权重 × 现金流折现权益 + (1 − 权重) × 可比公司权益) ÷ 股数",
    ),
    "units_per_card_hour": ("Units of work of a card in an hour", "每卡每小时工作量"),
    "tokens_per_step": ("Tokens of a step", "每步词元"),
    "company.dcf_weight": ("Weight of the DCF", "现金流折现权重"),
    "company.shares_m": ("Shares, millions", "股数,百万"),
    "scale_up.bandwidth": ("Bandwidth of a card's links", "卡间互联带宽"),
    "efficiency.scale_up": ("Share that is reached", "可达比例"),
    "nic.rate": ("Rate of a NIC", "网卡速率"),
    "nic.efficiency": ("Share that is reached", "可达比例"),
    "allowed_cny_per_year": ("What the work may cost a year, a card", "该工作每年可付的成本(每卡)"),
    "energy_cny_per_year": ("Energy a year, a card", "每年能耗成本(每卡)"),
    "fixed_cny_per_year": ("Fixed costs a year, a card", "每年固定成本(每卡)"),
    "other_capex_cny": ("Other capex, a card", "其他资本开支(每卡)"),
    "waiting": ("Waiting", "等待"),
    "degraded": ("Degraded", "降级"),
}
