"""Phrases of the proposal on the work and the machine in English and Chinese; the places in braces are filled with
numbers and names."""

from __future__ import annotations

__all__ = ["OFFER"]

OFFER: dict[str, tuple[str, str]] = {
    # --- heads
    "offer_title": ("Proposal: {cards} {card} for {work}", "方案建议书:{cards}张{card}用于{work}"),
    "offer_subtitle": (
        "against {others} at the same demand · site terms of {name} · clustersim {version}",
        "与{others}在同一需求下比较 · 采用{name}的场地条件 · clustersim {version}",
    ),
    "offer_foot": (
        "Computed by clustersim {version} from {name}. Where a folder bundle stands beside this document, it holds"
        " every input: `clustersim verify bundle` recomputes it.",
        "由 clustersim {version} 依据 {name} 计算。旁有 bundle 文件夹者,"
        "`clustersim verify bundle` 可由其全部输入复算。",
    ),
    "fact_capex": ("To buy, CNY m", "购置成本(百万元)"),
    "fact_hour": ("CNY per card-hour", "每卡时成本(元)"),
    "fact_unit": ("CNY per {unit}", "每{unit}成本(元)"),
    "fact_lead": ("Cheapest in the draws", "抽样中成本最低占比"),
    # --- titles of sections
    "offer_summary": ("Summary", "摘要"),
    "offer_need": ("What is needed", "需求"),
    "offer_design": ("What is offered", "方案设计"),
    "offer_performance": ("Performance, and what it rests on", "性能及其依据"),
    "offer_reliability": ("Reliability, and what published claims mean", "可靠性与公开宣称的含义"),
    "offer_bill": ("Bill and cash by year", "清单与分年现金"),
    "offer_against": ("Cost against the alternatives", "与替代方案的成本比较"),
    "offer_risks": ("Risks", "风险"),
    "offer_assumptions": ("Assumptions with their sources", "假设与来源"),
    "offer_terms": ("Terms (template)", "商务条款(模板)"),
    "offer_sources": ("From a number to its source, in two steps", "两步追溯数字来源"),
    # --- summary
    "offer_sum_site": (
        "We offer {cards} {card} in {servers} servers and {racks} racks, {power} MW with cooling. The site costs CNY"
        " {capex} m to buy, VAT included, CNY {tco} m to own over {years} years, and CNY {hour} per card-hour.",
        "我们提供{servers}台服务器、{racks}个机柜共{cards}张{card},含制冷功率{power} MW。含税购置成本{capex}百万元,"
        "{years}年总拥有成本{tco}百万元,每卡时{hour}元。",
    ),
    "offer_sum_weeks": ("Parts and assembly take {weeks} weeks from the order.", "自下单起备货与集成需{weeks}周。"),
    "offer_sum_no_weeks": (
        "Delivery is not known: no lead time is known of {parts}.", "交付期未知:{parts}无备货周期数据。"),
    "offer_sum_unit": (
        "{work}: CNY {cost} per {unit} as predicted; P10 to P90 is {low} to {high}.",
        "{work}:每{unit}预测为{cost}元;P10至P90为{low}至{high}元。",
    ),
    "offer_sum_unit_point": (
        "{work}: CNY {cost} per {unit} as predicted.", "{work}:每{unit}预测为{cost}元。"),
    "offer_sum_other_point": (
        "{side} does the same work at CNY {cost} as predicted.", "{side}完成同样工作预测为{cost}元。"),
    "offer_sum_other": (
        "{side} does the same work at CNY {cost} ({low} to {high}); this offer is cheaper than it in {wins} of {draws}"
        " draws.",
        "{side}完成同样工作为{cost}元({low}至{high});在{draws}次抽样中,本方案在{wins}的抽样里更便宜。",
    ),
    "offer_sum_lead": ("{work}: {side} is cheapest in {share} of the draws: it leads.",
                       "{work}:{side}在{share}的抽样中成本最低,明确领先。"),
    "offer_sum_tie": (
        "{work}: no side is cheapest in nine of ten draws: the comparison is not decided. {settles}",
        "{work}:没有任何一方在九成抽样中成本最低,胜负未定。{settles}",
    ),
    "side_of": ("{side} ({cards} {card})", "{side}({cards}张{card})"),
    "offer_settles_input": (
        "Most of it would be settled by knowing this better: {input}.",
        "更准确地掌握“{input}”即可消除其中大部分不确定性。"),
    "offer_settles": (
        "Most of it would be settled by measuring {work} on {card} with {software} (today: {maturity}).",
        "在{card}上以{software}实测{work}(目前:{maturity})即可消除其中大部分不确定性。",
    ),
    "offer_no_draws": (
        "No draws were asked for: these are points without a range, and which side is cheapest is not decided.",
        "未要求抽样:以下为不含区间的点估计,何方成本最低未定。"),
    # --- need
    "offer_need_said": (
        "{work}: {kind}{model}, {share} of the card-hours sold.", "{work}:{kind}{model},占售出卡时的{share}。"),
    "offer_need_large": (
        " of {model} ({billion} billion parameters)", ",模型{model}({billion}B参数)"),
    "offer_need_of": (" of {model}", ",模型{model}"),
    "offer_need_service": (
        "Failures are counted over {days} days of service.", "故障按{days}天的服务期统计。"),
    "offer_need_term": (
        "Failures, checkpoints and what they cost in time are counted over a run of {days} days.",
        "故障、检查点及其时间代价按{days}天的运行期统计。"),
    "offer_need_table": ("The demand as stated", "所述需求"),
    "from": ("Stated in", "出处"),
    "kind.training": ("training", "训练"),
    "kind.serving": ("serving", "推理服务"),
    "kind.video": ("video streams", "视频流"),
    "kind.generation": ("image and video generation", "图像与视频生成"),
    "kind.vision": ("encoders, pictures and video", "视觉与生成"),
    "kind.jobs": ("queued jobs", "排队作业"),
    "kind.fixed": ("stated rates", "给定速率"),
    "need.seq_len": ("sequence length, tokens", "序列长度(词元)"),
    "need.global_batch": ("sequences per step", "每步序列数"),
    "need.dtype": ("number format", "数据格式"),
    "need.model": ("model", "模型"),
    "need.plan": ("parallel plan", "并行方案"),
    "need.kind": ("kind of work", "工作类型"),
    "need.engine": ("engine", "推理引擎"),
    "need.replicas": ("replicas simulated", "模拟副本数"),
    "need.router": ("router", "路由方式"),
    "router.round_robin": ("round robin", "轮询"),
    "router.least_loaded": ("least loaded", "最低负载优先"),
    "router.prefix_affinity": ("by shared prefix", "按前缀亲和"),
    "need.traffic.trace": ("traffic, from the trace", "流量轨迹"),
    "need.slo.ttft": ("service level: time to first token", "服务水平:首词元时延"),
    "need.slo.tpot": ("service level: time per output token", "服务水平:每输出词元时间"),
    "need.slo.share": ("service level: share of requests", "服务水平:请求占比"),
    "need.share": ("share of the card-hours sold", "占售出卡时比例"),
    "need.batching.max_tokens": ("tokens in a batch at most", "每批最多词元"),
    "need.batching.max_sequences": ("sequences in a batch at most", "每批最多序列"),
    "need.batching.chunked": ("prompts in chunks", "分块预填充"),
    "need.batching.mixed": ("prompts and answers in one batch", "预填充与解码混合"),
    "need.precision.weights": ("format of weights", "权重格式"),
    "need.precision.linear": ("format of linear layers", "线性层格式"),
    "need.precision.attention": ("format of attention", "注意力格式"),
    "need.precision.cache": ("format of the cache", "KV缓存格式"),
    # --- design
    "design_cards": ("Cards", "卡数"),
    "design_card": ("Card", "芯片"),
    "card_table": ("The card {card}, as its profile states it", "芯片{card}(按其档案)"),
    "card_peak_bf16": ("Peak, bf16", "峰值算力bf16"),
    "card_peak_fp16": ("Peak, fp16", "峰值算力fp16"),
    "card_peak_fp8": ("Peak, fp8", "峰值算力fp8"),
    "card_peak_int8": ("Peak, int8", "峰值算力int8"),
    "card_memory": ("Memory", "显存容量"), "card_bandwidth": ("Memory bandwidth", "显存带宽"),
    "card_domain": ("Cards in a scale-up domain", "机内互联域卡数"),
    "card_scale_up": ("Scale-up bandwidth, each way", "机内互联带宽(单向)"),
    "card_tdp": ("Rated power", "额定功率"),
    "design_server": ("Server", "服务器"),
    "design_servers": ("Servers", "服务器台数"),
    "design_nic": ("NIC", "网卡"),
    "design_topology": ("Network topology", "网络拓扑"),
    "design_switch": ("Switch", "交换机"),
    "design_leaves": ("Leaf switches", "叶交换机"),
    "design_spines": ("Spine switches", "脊交换机"),
    "design_cores": ("Core switches", "核心交换机"),
    "design_it": ("IT power on average, kW", "IT平均功率(千瓦)"),
    "design_provisioned": ("IT power provisioned, kW", "IT配置功率(千瓦)"),
    "design_facility": ("Power with cooling, kW", "含制冷功率(千瓦)"),
    "design_racks": ("Racks", "机柜"),
    "design_cooling": ("Cooling", "制冷"),
    "design_storage": ("Storage, PB", "存储(PB)"),
    "design_needed_tb": ("Storage that the run fills, TB", "运行所需存储(TB)"),
    "design_needed": ("Storage that the run fills, PB", "运行所需存储(PB)"),
    "design_plan": ("Parallel plan of {work}", "{work}的并行方案"),
    "design_table": ("The design", "方案"),
    "design_said": (
        "The plan was {how} for these cards under the demand's terms; power and racks follow from it.",
        "并行方案由{how}得出,功率与机柜数随之确定。"),
    "design_searched": ("searched", "搜索"),
    "design_stated": ("stated by the scenario", "情景给定"),
    "fat_tree": ("fat tree", "胖树"),
    "rail_optimized": ("rail-optimised", "轨道优化"),
    "air": ("air", "风冷"), "coldplate": ("cold plates", "冷板液冷"), "immersion": ("immersion", "浸没液冷"),
    "power_terms": ("Where the power goes, kW", "功率构成(千瓦)"),
    "w.cards_w": ("Cards", "芯片"), "w.hosts_w": ("Hosts", "主机"), "w.nics_w": ("NICs", "网卡"),
    "w.switches_w": ("Switches", "交换机"), "w.optics_w": ("Optics", "光模块"), "w.spares_w": ("Spares", "备件"),
    "w.supernode_w": ("Supernode switches", "超节点交换机"),
    "w.storage_w": ("Storage", "存储"), "w.management_w": ("Management", "管理"),
    # --- performance
    "quantity": ("Quantity", "指标"),
    "side_quantity": ("Side: quantity", "方案:指标"),
    "perf_table": ("{work}: what it does, with intervals", "{work}:性能与区间"),
    "perf_point": ("Predicted", "预测值"),
    "perf_median": ("Median", "中位数"),
    "perf_said": (
        "Performance on these cards is a prediction, no measurement. The point is what the card's numbers give; P10, "
        "median and P90 add the errors seen where this kind of software was measured, and the ranges of the inputs.",
        "本方案性能为预测而非实测。点估计由芯片参数得出;P10、中位数与P90计入同类软件实测误差及输入取值范围。",
    ),
    "perf_level": (
        "Throughput, time to first token and time per token err each by measurements of their own. At the planned rate"
        " {point} of the requests are within the service level by the point estimate, {middle} by the median of the"
        " draws ({low} to {high}, P10 to P90): where times are as slow as that, the level holds only at a lower rate"
        " and a higher cost, which the range of the cost does not hold.",
        "吞吐、首词元时延与每词元时间各按自身的实测误差抽样。在计划速率下,点估计有{point}的请求满足服务水平,抽样中位数为{middle}"
        "(P10至P90:{low}至{high});若时延如此之慢,须降低速率、提高成本才能满足,而成本区间未计入此项。",
    ),
    "not_named": ("not named by the source", "来源未注明"),
    "rests_table": ("What the intervals rest on: measured over predicted time", "区间的依据:实测/预测时间比"),
    "maturity": ("Class of maturity", "成熟度类别"),
    "rows_of": ("Measurements of the class", "同类实测"),
    "rows_count": ("{rows} by {sources} of {all} sources", "{rows}行,出自{all}个来源中的{sources}个"),
    "software": ("Software", "软件"),
    "side": ("Side", "方案"),
    "nearest_table": ("The measured rows nearest to this card and software", "与本卡及软件最接近的实测行"),
    "ratio": ("Measured over predicted time", "实测/预测时间"),
    "near": ("Near by", "接近方式"),
    "near.card": ("the same card", "同一芯片"), "near.maker": ("the same maker", "同一厂商"),
    "near.software": ("the same software", "同一软件"), "near.class": ("the same class", "同一成熟度类别"),
    "near.none": ("none of these", "均不同"), "rows_n": ("Rows", "行数"),
    "nearest_none": (
        "Nobody has published a measurement of this card or this software; the rows are those of others.",
        "尚无本卡或本软件的公开实测;所列为其他产品的实测。"),
    "quantity.step_time": ("step time", "每步时间"), "quantity.throughput": ("throughput", "吞吐"),
    "quantity.ttft": ("time to first token", "首词元时延"), "quantity.tpot": ("time per token", "每词元时间"),
    # --- reliability
    "rel_said": (
        "A run on {cards} cards meets a failure once in {mtbf} hours on average ({card_hours} card-hours per failure),"
        " and {ettr} of its time is productive. The rates are those of a published fleet, part by part: for these cards"
        " a prediction, as nobody has published theirs.",
        "{cards}张卡上的训练平均每{mtbf}小时遇到一次故障(每次故障{card_hours}卡时),有效训练时间占{ettr}。"
        "部件故障率取自公开集群,对本方案属预测:这些卡的故障率尚无公开数据。",
    ),
    "rel_claims": ("What published claims would mean here", "公开宣称在本方案下的含义"),
    "rel_claims_said": (
        "A claim says little before its reading is agreed: the mean time between failures that each reading needs, the"
        " chance that this site would show what is claimed, and the share of the draws in which it has the mean time.",
        "宣称须先约定解读:表中为各解读所需的平均故障间隔、本方案出现所称情形的概率,以及抽样中达到该间隔的比例。"),
    "claim": ("Claim", "宣称"), "reading": ("Reading", "解读"),
    "needed": ("Mean time needed, h", "所需平均间隔(小时)"), "chance": ("Chance here", "本方案概率"),
    "met_draws": ("Met in the draws", "抽样中满足"),
    "met": ("Met", "是否满足"), "yes": ("yes", "是"), "no": ("no", "否"),
    "claim.5 days without a fault": ("5 days without a fault", "5天无故障"),
    "claim.30 days without interruption": ("30 days without interruption", "30天不中断"),
    "reading.mean": ("mean gap", "平均间隔"), "reading.median": ("median gap (P = 0.5)", "中位间隔(P=0.5)"),
    "reading.guarantee": ("guarantee ({p})", "保证({p})"),
    "reading.automatic": ("recovery without people counted ({p})", "计入自动恢复({p})"),
    "rel_restore": (
        "Restoring 100 billion parameters within 5 minutes: {host} s from host memory, {storage} s from storage, with"
        " detection and replacement in it; {share} of the simulated recoveries stay within it.",
        "千亿参数5分钟内恢复:自主机内存{host}秒,自存储{storage}秒(含检测与替换);{share}的模拟恢复在此之内。",
    ),
    "rel_restore_unsimulated": (
        "Restoring 100 billion parameters within 5 minutes: {host} s from host memory, {storage} s from storage.",
        "千亿参数5分钟内恢复:自主机内存{host}秒,自存储{storage}秒。"),
    "rel_spares": (
        "{hot} hot spares: one is there for {share} of the servers that fail.",
        "{hot}台热备:{share}的故障服务器可即时替换。"),
    "rel_weak": ("the batch grows with the cards", "批量随卡数增长"),
    "rel_strong": ("the batch stays", "批量不变"),
    "rel_scaling": (
        "Linear scaling of {claim}: from {low} to {high} cards, where {rule}, the model gives {found}; with the errors"
        " of measured scaling {p10} to {p90} (P10 to P90).",
        "{claim}线性扩展:由{low}卡至{high}卡({rule}),模型给出{found};计入扩展实测误差后P10至P90为{p10}至{p90}。"),
    "rel_scaling_point": (
        "Linear scaling of {claim}: from {low} to {high} cards, where {rule}, the model gives {found}.",
        "{claim}线性扩展:由{low}卡至{high}卡({rule}),模型给出{found}。"),
    "rel_together": (
        "Linear scaling of {claim}: {cards} unlike cards together reach {found} of the sum of what each group does"
        " alone.",
        "{claim}线性扩展:{cards}张异构卡协同达到各组单独速率之和的{found}。"),
    "rel_site": (
        "The {cards} cards with their servers and network fail once in {mtbf} hours on average ({card_hours} card-hours"
        " per failure), {failures} times in {days} days. The rates are those of a published fleet, part by part: for"
        " these cards a prediction.",
        "{cards}张卡连同服务器与网络平均每{mtbf}小时发生一次故障(每次故障{card_hours}卡时),{days}天内{failures}次。"
        "部件故障率取自公开集群,对本方案属预测。"),
    "rel_replica": (
        "{work}: a failure stops one replica of {cards} cards, {share} of the site, till a spare stands in or the"
        " server is repaired; its requests begin anew.",
        "{work}:一次故障使一个{cards}卡副本(占全部{share})停止,直至备机顶替或服务器修复;其上请求须重新开始。"),
    "rel_service_spares": (
        "{out} servers are out for repair on average; with {hot} hot spares one is there for {share} of the failures.",
        "平均{out}台服务器在修;{hot}台热备可使{share}的故障即时得到替换。"),
    "rel_ladder": ("Published fleets, card-hours per failure", "公开集群:每次故障卡时"),
    "fleet": ("Fleet", "集群"), "card_hours": ("Card-hours per failure", "每次故障卡时"),
    "rel_at_ours": ("Mean time at our size, h", "折算本规模平均间隔(小时)"),
    "this_offer": ("this offer (prediction)", "本方案(预测)"),
    "rel_serving": (
        "Published claims (days without a fault, minutes to restore, linear scaling) speak of training runs; this"
        " offer trains nothing, so that none is examined. The bill holds the spares; what is not served during"
        " replacement or repair is not in the cost of the work.",
        "公开宣称(无故障天数、恢复分钟数、线性扩展)针对训练任务;本方案不含训练,故不作检验。清单已含备件;"
        "替换与维修期间未能完成的工作未计入单位成本。",
    ),
}  # fmt: skip
