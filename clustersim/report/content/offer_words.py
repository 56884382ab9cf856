"""Phrases of the proposal in English and Chinese; the places in braces are filled with numbers and names."""

from __future__ import annotations

from clustersim.report.labels.stacks import MATURITY, STACKS

__all__ = ["MATURITY", "OFFER", "OF_CARD", "QUANTITIES", "STACKS"]

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
    # --- bill
    "bill_table": ("Bill of materials, before VAT", "物料清单(不含增值税)"),
    "part": ("Part", "部件"), "units": ("Quantity", "数量"), "unit_price": ("Unit price, CNY", "单价(元)"),
    "total_m": ("Total, CNY m", "合计(百万元)"), "weeks": ("Lead time, weeks", "备货(周)"),
    "hardware": ("Hardware", "硬件"),
    "integration": ("Integration and software", "集成与软件"),
    "vat": ("VAT", "增值税"),
    "capex": ("To buy, VAT included", "购置成本(含税)"),
    "group.cards": ("Cards", "芯片"), "group.servers": ("Servers", "服务器"), "group.spares": ("Spares", "备件"),
    "group.network": ("Network", "网络"),
    "group.storage": ("Storage", "存储"),
    "group.management": ("Management", "管理"),
    "group.racks": ("Racks", "机柜"),
    "cash_table": ("Cash by year, CNY m", "分年现金(百万元)"), "year_end": ("End of year", "年末"),
    "cash_opex": ("Running costs", "运行成本"), "cash_back": ("Residual value", "残值"),
    "cash_total": ("Cash out", "现金流出"), "cash_discounted": ("Discounted at {wacc}", "按{wacc}折现"),
    "cash_sum": ("All", "合计"),
    "cash_chart": ("Cash out by year, CNY m", "分年现金流出(百万元)"),
    "year_terms": ("Cost of a year, CNY m", "年度成本(百万元)"), "share_of": ("Share", "占比"),
    "cash_said": (
        "Running costs are at today's prices; capital is the annuity of the purchase at {wacc} less a residual of"
        " {residual} after {years} years.",
        "运行成本按当前价格计;资本成本为按{wacc}、{years}年、残值{residual}计算的年金。"),
    # --- against
    "against_said": (
        "Every side does the same work at the rate that it sustains, under the site terms of {name}. A side that"
        " cannot do it has no cost.",
        "各方在{name}的场地条件下,以各自可持续速率完成同样工作;无法完成者不列成本。"),
    "sites_table": ("The sites", "各方场地"), "power_kw": ("Power, kW", "功率(千瓦)"), "racks_n": ("Racks", "机柜"),
    "capex_m": ("To buy, CNY m", "购置(百万元)"), "tco_m": ("TCO, CNY m", "总拥有成本(百万元)"),
    "hour": ("CNY per card-hour", "每卡时(元)"),
    "unit_table": ("{work}: cost of a {unit}, CNY", "{work}:每{unit}成本(元)"),
    "per_hour": ("Per card-hour", "每卡时产出"), "cost": ("Cost", "成本"),
    "wins_all": ("Cheapest of all", "成本最低的抽样"),
    "gap_table": ("{work}: {side} less this offer, CNY a {unit}", "{work}:{side}减本方案,每{unit}(元)"),
    "term": ("Term", "成本项"),
    "difference": ("Difference", "差额"),
    "share_of_gap": ("Share of the gap", "占差额比例"),
    "all": ("All", "合计"),
    "gap_chart": ("{work}: from this offer to {side}, CNY a {unit}", "{work}:由本方案至{side},每{unit}(元)"),
    "even": (
        "At a card price of CNY {price} (before VAT) {side} costs as much as this offer over the whole demand.",
        "{side}的卡价为{price}元(不含税)时,与本方案在全部需求上成本相同。"),
    "even_never": (
        "Even with a card for nothing {side} costs more than this offer over the whole demand.",
        "即使卡价为零,{side}在全部需求上的成本仍高于本方案。"),
    "even_ours": (
        "This offer's card may cost CNY {price} before it costs as much as {side}.",
        "本方案卡价达到{price}元时与{side}成本相同。"),
    "even_ours_never": (
        "Even with its card for nothing this offer costs more than {side}.",
        "即使本方案卡价为零,成本仍高于{side}。"),
    "unable": ("{side} has no cost: {reason}", "{side}无成本:{reason}"),
    # --- risks
    "risk_maturity": (
        "Software: {work} runs on {card} in the class “{maturity}”; measured time over predicted is {low} to {high}"
        " (P10 to P90).",
        "软件:{work}在{card}上属“{maturity}”;实测/预测时间比P10至P90为{low}至{high}。"),
    "risk_input": (
        "{input}: over its range the unit costs CNY {low} to {high}.",
        "{input}:在其取值范围内,单位成本为{low}至{high}元。"),
    "risk_lead": (
        "Supply: {part} takes {weeks} weeks.", "供应:{part}备货需{weeks}周。"),
    "risk_sold": (
        "Use: the costs hold with {share} of the hours sold; fewer hours raise them in proportion.",
        "利用率:成本按售出{share}的时长计;时长减少,成本按比例上升。"),
    "risk_behind": (
        "Competition: {side} is cheaper for {work} by the point estimate: CNY {theirs} per {unit} against {ours}.",
        "竞争:按点估计,{side}做{work}更便宜:每{unit}{theirs}元,本方案{ours}元。"),
    "risk_even": (
        "Competition: against {side} the offer is even at a card price of CNY {even}, below its price of CNY {price}.",
        "竞争:与{side}持平的单卡价为{even}元,低于现价{price}元。"),
    "risk_even_never": (
        "Competition: against {side} the offer is even at no card price; it is CNY {price} now.",
        "竞争:任何单卡价都不能与{side}持平;现价{price}元。"),
    "risk_unmodelled": (
        "Not in the numbers: quality of answers at lower precision, migration of the customer's code, export licences,"
        " resale prices other than the stated residual, and taxes on income.",
        "未计入:低精度下的回答质量、客户代码迁移、出口许可、所述残值以外的转售价格、所得税。"),
    # --- assumptions and sources
    "key": ("Key", "键"), "cost_over": ("Cost of a unit over it", "取值范围内单位成本"),
    "moving_inputs": ("Inputs that move the cost of a unit most", "对单位成本影响最大的输入"),
    "weakest_inputs": ("Further inputs of the site's own terms and prices", "其他场地条件与价格输入"),
    "sources_said": (
        "Step one: find the number below, or in numbers.csv and the sheet Numbers (all of them): its key is where the"
        " command's JSON holds it, and beside it stand the parts of the input that it is computed from. Step two: find"
        " those inputs in inputs.csv or the sheet Inputs, with value, range, tier and source.",
        "第一步:在下表(全部数字见 numbers.csv 与工作表“数字”)找到该数字,其键即命令 JSON 中的位置,并列出所依据的输入。"
        "第二步:在 inputs.csv 或工作表“输入”中查到这些输入的取值、范围、可靠程度与来源。",
    ),
    "sources_table": ("Main numbers and what they rest on", "主要数字及其依据"),
    "number": ("Number", "数字"), "shown": ("Shown", "显示值"), "weakest": ("Weakest input", "最弱输入"),
    "more": ("{first} and {more} more", "{first}等{more}项"),
    "none_weak": ("stated by the scenario", "情景给定"),
    "in.prices.parts": ("Price of {of}", "{of}单价"),
    "in.reliability.mttf_scale": (
        "Mean time between failures over that of the published fleet",
        "平均故障间隔(相对公开集群)"),
    "in.reliability.repair_time": ("Time to repair a server", "服务器维修时间"),
    "in.reliability.recovery.detect": ("Time to detect a failure", "故障检测时间"),
    "in.reliability.recovery.localise": ("Time to find the failed server", "故障定位时间"),
    "in.reliability.recovery.reschedule": ("Time to replace it", "替换时间"),
    "in.reliability.recovery.initialise": ("Time to start again", "重新初始化时间"),
    "the scenario states it": ("the scenario states it", "情景给定"),
    "computed from what the scenario states; no input with a source moves it": (
        "computed from what the scenario states; no input with a source moves it",
        "由情景所述计算得出;没有带来源的输入使其变动"),
    "the fleet's own row of the answer names its source": (
        "the fleet's own row of the answer names its source",
        "来源见结果中该集群一行"),
    "arithmetic of the claim's own words": ("arithmetic of the claim's own words", "按宣称文字直接推算"),
    "how many were asked for": ("how many were asked for", "所要求的数量"),
    "unmeasured": ("software that nobody measured there", "尚无实测的软件"),
    # --- terms
    "term_fill": (
        "Text in square brackets is for the seller to fill in; nothing here is an offer before it is signed.",
        "方括号内容由卖方填写;签署前不构成要约。"),
    "term_price": (
        "Price: [currency, VAT, validity in days, place of delivery].",
        "价格:[币种、增值税、有效天数、交货地点]。"),
    "term_payment": ("Payment: [at order / at delivery / at acceptance, shares of each].",
                     "付款:[下单/到货/验收,各自比例]。"),
    "term_delivery": ("Delivery: [date; what follows when it is late].", "交付:[日期;逾期责任]。"),
    "term_acceptance": (
        "Acceptance: [the workloads above, measured by the buyer on the delivered cluster; figures within the intervals"
        " of this document].",
        "验收:[买方在交付集群上实测上述负载;结果应落在本文区间内]。"),
    "term_service": ("Service: [hours of repair, spares on site, availability promised, penalty].",
                     "服务:[维修时限、现场备件、承诺可用性、违约金]。"),
    "term_warranty": ("Warranty: [years, what it covers].", "质保:[年限、范围]。"),
    "term_model": (
        "Figures are results of a model on the inputs named here; a promise is only what this section states.",
        "数字为模型在所列输入下的结果;承诺仅以本节所载为准。"),
    # --- page with sliders
    "slide_title": ("Move the inputs", "调整输入"),
    "slide_said": (
        "The page interpolates {points} runs of the program. On {judged} points of its own between them the largest"
        " error is {worst} and the median error {median}.",
        "本页对{points}次程序运行结果插值。在其间另取的{judged}个点上,最大误差{worst},误差中位数{median}。"),
    "slide_reset": ("Back to the offer", "恢复方案值"),
    "slide_at": ("At the offer", "方案值"), "slide_now": ("Now", "当前"), "slide_change": ("Change", "变化"),
    "slide_price": ("Price of {card}", "{card}单价"), "slide_tariff": ("Price of electricity", "电价"),
    "slide_sold": ("Share of hours sold", "售出时长占比"),
    "slide_scale_up": ("Scale-up bandwidth of {card}", "{card}机内互联带宽"),
    "slide_memory": ("Memory bandwidth of {card}", "{card}显存带宽"),
    "slide_capex": ("{side}: to buy, CNY m", "{side}:购置(百万元)"),
    "slide_hour": ("{side}: CNY per card-hour", "{side}:每卡时(元)"),
    "slide_unit": ("{side}: {work}, CNY per {unit}", "{side}:{work},每{unit}(元)"),
    # --- workbook
    "sheet.offer": ("Offer", "方案"), "sheet.bill": ("Bill", "清单"), "sheet.tco": ("TCO", "总拥有成本"),
    "sheet.units": ("Units", "单位成本"), "sheet.gap": ("Comparison", "比较"), "sheet.cash": ("Cash", "现金"),
    "sheet.numbers": ("Numbers", "数字"), "sheet.inputs": ("Inputs", "输入"),
    "book_said": (
        "Blue cells are typed, black ones are formulas. “As exported” is what the documents print.",
        "蓝色为输入,黑色为公式;“导出值”为文档所印数值。"),
    "col.number": ("Shown as", "显示值"), "col.key": ("Key", "键"), "col.value": ("Value", "取值"),
    "col.inputs": ("Inputs it is computed from", "所依据的输入"), "col.weakest_input": ("Weakest input", "最弱输入"),
    "col.tier": ("Tier", "可靠程度"), "col.source": ("Source", "来源"), "col.side": ("Side", "方案"),
    "col.unit": ("Unit", "单位"),
    "col.low": ("Low", "低"),
    "col.high": ("High", "高"),
    "col.origin": ("Stated in", "出处"),
    "as_exported": ("As exported", "导出值"), "live": ("Live", "实时值"), "holds": ("Same", "一致"),
    "book_horizon": ("Years", "年限"),
    "book_wacc": ("Cost of capital", "资金成本"),
    "book_residual": ("Residual value", "残值率"),
    "book_maintenance": ("Maintenance, share of capex a year", "年维护费率"),
    "book_power": ("Power with cooling, kW", "含制冷功率(千瓦)"),
    "book_tariff": ("Electricity, CNY/kWh", "电价(元/千瓦时)"), "book_sold": ("Share of hours sold", "售出时长占比"),
    "book_cards": ("Cards", "卡数"), "book_factor": ("Capital recovery factor", "资本回收系数"),
    "book_year": ("Cost of a year, CNY", "年度成本(元)"),
    "book_opex": ("Running costs a year, CNY", "年运行成本(元)"),
    "book_tco": ("TCO, CNY", "总拥有成本(元)"), "book_discounted": ("TCO discounted, CNY", "折现总拥有成本(元)"),
    "book_rate": ("Rate", "费率"),
    "book_hardware": ("Hardware, CNY", "硬件(元)"),
    "book_integration": ("Integration and software, CNY", "集成与软件(元)"),
    "book_vat": ("VAT, CNY", "增值税(元)"),
    "book_total": ("Total, CNY", "合计(元)"),
    "book_capex": ("To buy, VAT included, CNY", "购置成本(含税,元)"),
}  # fmt: skip
