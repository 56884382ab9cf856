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
        " {capex} m to buy, CNY {tco} m over {years} years, and CNY {hour} per card-hour.",
        "我们提供{servers}台服务器、{racks}个机柜共{cards}张{card},含制冷功率{power} MW。购置成本{capex}百万元,"
        "{years}年总拥有成本{tco}百万元,每卡时{hour}元。",
    ),
    "offer_sum_weeks": ("Parts and assembly take {weeks} weeks from the order.", "自下单起备货与集成需{weeks}周。"),
    "offer_sum_no_weeks": ("Delivery is not known: a part has no lead time.", "交付期未知:有部件无备货周期数据。"),
    "offer_sum_unit": (
        "{work}: CNY {cost} per {unit}; P10 to P90 is {low} to {high}.",
        "{work}:每{unit}{cost}元;P10至P90为{low}至{high}元。",
    ),
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
    "offer_settles": (
        "Most of it would be settled by measuring {work} on {card} with {software} (today: {maturity}).",
        "在{card}上以{software}实测{work}(目前:{maturity})即可消除其中大部分不确定性。",
    ),
    "offer_no_draws": ("Intervals were not asked for.", "未计算区间。"),
    # --- need
    "offer_need_said": (
        "{work}: {kind}{model}, {share} of the card-hours sold.", "{work}:{kind}{model},占售出卡时的{share}。"),
    "offer_need_of": (" of {model}", ",模型{model}"),
    "offer_need_service": (
        "Failures are looked at over {days} days of service.", "故障按{days}天的服务期考察。"),
    "offer_need_term": ("A run is looked at over {days} days.", "按{days}天的运行期考察。"),
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
    "perf_table": ("{work}: what it does, with intervals", "{work}:性能与区间"),
    "perf_point": ("Predicted", "预测值"),
    "perf_median": ("Median", "中位数"),
    "perf_said": (
        "Performance on these cards is a prediction, no measurement. The point is what the card's numbers give; P10, "
        "median and P90 add the errors seen where this kind of software was measured, and the ranges of the inputs.",
        "本方案性能为预测而非实测。点估计由芯片参数得出;P10、中位数与P90计入同类软件实测误差及输入取值范围。",
    ),
    "rests_table": ("What the intervals rest on: measured over predicted time", "区间的依据:实测/预测时间比"),
    "maturity": ("Class of maturity", "成熟度类别"),
    "rows_of": ("Rows of the class (sources of all)", "同类实测行数(来源数)"),
    "rows_count": ("{rows} ({sources} of {all})", "{rows}(共{all}之{sources})"),
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
        "{cards} cards fail on average once in {mtbf} hours ({card_hours} card-hours per failure): component rates of"
        " a published fleet, a prediction for these cards. {ettr} of the time is productive.",
        "{cards}张卡平均每{mtbf}小时发生一次故障(每次故障{card_hours}卡时);采用公开集群的部件故障率,对本方案属预测。"
        "有效训练时间占{ettr}。",
    ),
    "rel_claims": ("What published claims would mean here", "公开宣称在本方案下的含义"),
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
    "rel_scaling": (
        "Linear scaling of {claim}: from {low} to {high} cards the model gives {found}.",
        "{claim}线性扩展:由{low}卡至{high}卡,模型给出{found}。"),
    "rel_ladder": ("Published fleets, card-hours per failure", "公开集群:每次故障卡时"),
    "fleet": ("Fleet", "集群"), "card_hours": ("Card-hours per failure", "每次故障卡时"),
    "rel_at_ours": ("Mean time at our size, h", "折算本规模平均间隔(小时)"),
    "this_offer": ("this offer (prediction)", "本方案(预测)"),
    "rel_serving": (
        "Published claims (days without a fault, minutes to restore, linear scaling) speak of training runs; this"
        " offer trains nothing, so that none is examined. Replicas fail one by one; the price holds the spares of the"
        " bill. The risk of lower rates during repair is not in the cost of a token.",
        "公开宣称(无故障天数、恢复分钟数、线性扩展)针对训练任务;本方案不含训练,故不作检验。副本各自独立故障;清单已含备件。"
        "维修期间速率下降的风险未计入词元成本。",
    ),
}  # fmt: skip
