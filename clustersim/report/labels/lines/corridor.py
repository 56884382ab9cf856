"""Lines of ``run``, ``train``, ``claims``, ``explain``, ``fabric``, ``collectives``, ``jobs``, ``reliability``."""

from __future__ import annotations

__all__ = ["LINES"]

LINES: dict[str, str] = {
    # --- the page of a run
    "{} (seed {}; weakest input: {})": "{}(种子 {};最弱输入:{})",
    "{}: {}, {} of the card-hours": "{}:{},占卡时 {}",
    "plan, {}: {}": "方案({}):{}",
    "requests per card": "每卡请求",
    "input tokens per card": "每卡输入词元",
    "output tokens per card": "每卡输出词元",
    "TTFT, P99": "首词元时间 P99",
    "TPOT, P99": "每词元时间 P99",
    "share within the service level": "达到服务水平的占比",
    "streams per card": "每卡路数",
    "inputs per second and card": "每卡每秒输入",
    "batch": "批量",
    "time of a batch": "每批时间",
    "useful share of the card-hours": "有效卡时占比",
    "servers in use": "在用服务器占比",
    "wait of a job, P95": "任务排队时间 P95",
    "weak scaling, {} to {} cards": "弱扩展效率,{} 至 {} 卡",
    "memory per card": "每卡显存",
    "MTTF of the cluster": "集群平均无故障时间",
    "failures in the run": "运行期内故障数",
    "ETTR": "有效训练时间占比(ETTR)",
    "training goodput": "训练有效吞吐",
    "longest failure-free stretch, P50": "最长无故障时段 P50",
    "recovery, P50": "恢复时间 P50",
    "cost per {}": "每{}成本",
    "energy per {}": "每{}电量",
    "Site": "站点",
    "IT / facility power": "IT / 设施功率",
    "capex, VAT included": "资本开支(含增值税)",
    "opex": "年运营成本",
    "TCO over {} years": "{} 年总拥有成本",
    "cost per card-hour": "每卡时成本",
    "market rent of the card, beside it": "同卡市场租金(对照)",
    "Market": "市场",
    "value-in-use price of the card": "该卡的使用价值价格",
    "of which {}": "其中 {}",
    "Forecast, M CNY": "预测(百万元)",
    "revenue {}": "收入 {}",
    "Valuation recomputed": "估值(重算)",
    "Valuation recomputed (as printed)": "估值(重算,括号内为印刷值)",
    "(as printed)": "(印刷值)",
    "DCF, M {}": "DCF(百万{})",
    "price-to-sales, M {}": "市销率法(百万{})",
    "blended, M {}": "加权(百万{})",
    "target price, {} per share": "目标价(每股{})",
    "since the anchor, by {}": "相对锚点,来自{}",
    "CHECK FAILS: {}, {}: {}": "校验不成立:{},{}:{}",
    "CHECK FAILS in {}: {}. {}": "校验不成立于 {}:{}。{}",
    "CHECK FAILS in {}, {}: {}. {}": "校验不成立于 {},{}:{}。{}",
    "The printed present values do not follow from the printed cash flows at the printed WACC and growth under any"
    " usual"
    " convention; recomputed from the same flows (year-end, valued at the end of the last actual year) the"
    " enterprise value is"
    " higher, and so is the target price.":
        "印刷的现值在任何常用口径下都不能由印刷的现金流按印刷的 WACC 与增长率得出;用同样的现金流重算(年末现金流,估值"
        "于最后一个"
        "实际年度末),企业价值更高,目标价也更高。",
    "After the tier: P10 to P90 of {} draws of every input with a range and of the errors below.":
        "等级之后:P10 至 P90,由 {} 次抽样得出,抽取每个带范围的输入与下列误差。",
    "not drawn": "未抽样", "the same in all draws": "各次抽样均相同", "the same in all replications": "各次重复均相同",
    "{n} to {n} of the replications": "{} 至 {}(各次重复)",
    "not drawn: at the inputs' values alone (no error of it was measured, or it is stated); the same in all draws: no"
    " drawn input moves it as far as is printed.":
        "未抽样:仅按输入的取值(其误差无人测过,或为给定值);各次抽样均相同:所抽输入的影响小于所印的位数。",
    "{} on {} by {}, {}: {}; measured over predicted time {} to {}, middle {}":
        "{} 在 {},{},{}:{};实测与预测时间之比 {} 至 {},中位 {}",
    "{}: {} residuals of {} sources, of {} in all": "{}:{} 个残差,来自 {} 个出处,共 {} 个",
    "What their widths come from, by the squares of what each source alone does:":
        "区间宽度的来源(按各来源单独作用的平方计):",
    "error of {} on {} by {} {n}%": "{} 在 {}({})的误差 {}%",
    "{} on {}, ttft": "{} 在 {},首词元时间", "{} on {}, tpot": "{} 在 {},每词元时间",
    "{} on {}, throughput": "{} 在 {},吞吐",
    "{} on {}, step_time": "{} 在 {},单步时间",
    "error of {} on {} by {}": "{} 在 {}({})的误差",
    "The point is that of software tuned to the card, the interval that of its class: {} would be better than nine"
    " in ten of what"
    " was measured in that class.":
        "点值是针对该卡调优的软件的值,区间是其类别的区间:{} 将好于该类别实测的九成。",
    "new vendor first port": "新厂商首次移植", "same vendor, other card": "同厂商的其他卡",
    "measured stack": "已实测的软件栈",
    "{} of the card-hours on sale are given to no workload: the others pay for them":
        "{} 的可售卡时未分给任何负载:由其他负载承担",
    "no market section: the card is not valued, and moves no forecast":
        "没有 `market` 部分:不评估该卡价值,也不影响预测",
    "{} is no product of {}: its forecast stays as it is": "{} 不是 {} 的产品:其预测不变",
    "all available hours sold": "可用时长全部售出",
    # --- training
    "{}, {} by {} ({})": "{},{},方案 {}({})",
    "step {} s, {} tokens/s, MFU {}, MTTF {} h": "单步 {} 秒,{} 词元/秒,MFU {},平均无故障时间 {} 小时",
    "step {} s, {} tokens/s, MFU {}{}": "单步 {} 秒,{} 词元/秒,MFU {}{}",
    "{}, MTTF {} h": "{},平均无故障时间 {} 小时",
    "fidelity {}: {}": "精细度 {}:{}",
    "time: {}": "时间:{}",
    "the step alone: the scenario has no reliability, checkpoint or storage":
        "只算单步:场景没有 reliability、checkpoint 或 storage",
    "training goodput {} tokens/s; {} {}, {} replications": "训练有效吞吐 {} 词元/秒;{} {},{} 次仿真",
    "no group alone can train it": "任何一组单独都无法训练",
    "{} over the best group alone": "为最好一组单独时的 {}",
    "together by {}: {}": "合训方式 {}:{}",
    "share of the wall clock": "占墙钟时间",
    "memoryless failures and unlimited technicians need no events": "无记忆故障且人手不限,无需逐个事件仿真",
    "tie: {} leads {} by {}, which is inside the known error of both": "并列:{}领先{} {},小于二者的已知误差",
    "sharded optimizer": "切分优化器", "sharded weights": "切分权重", "sharded gradients": "切分梯度",
    "P10 to P90 at these inputs: {}": "这些输入下的 P10 至 P90:{}",
    "nobody measured this stack on cards of {}: its kernels take {} times as long as a tuned stack's, the centre of"
    " first ports,"
    " and not NVIDIA's mean (software.kernel_factor states another)":
        "没有人在 {} 的卡上实测过这套软件:其算子时间取调优软件的 {} 倍(首次移植的中位),而不是 NVIDIA 的均值"
        "(可由 software.kernel_factor 给出)",
    "engine constants are the card's default: none were fitted on this card and model (assumption)":
        "引擎常数取该卡的默认值:没有在此卡与模型上拟合过(假设)",
    "nobody measured this stack on cards of {}: its kernels take {} times as long as a tuned stack's, the centre of"
    " stacks that"
    " nobody named (software.kernel_factor states another)":
        "没有人在 {} 的卡上实测过这套软件:其算子时间取调优软件的 {} 倍,为未具名软件的中位(可由"
        " software.kernel_factor 给出)",
    "no release is stated": "未给出版本", "constants of {}": "用 {} 的常数",
    # --- explain, check
    "{} changes nothing: it stood at that value": "{} 没有改动:原来就是此值",
    "{} has no effect on the target price because {}": "{} 对目标价没有影响,因为 {}",
    "has no effect": "没有影响",
    # --- fabric, collectives
    "{}: coherent domains of {} cards{}, {}; {}": "{}:一致性域 {} 卡{},{};{}",
    "in blocks of {}": "每块 {} 卡",
    "a server joins them": "由服务器连接",
    "the graph is that of the first {} cards": "图只画前 {} 卡",
    "no groups are laid out: {}": "未摆放并行组:{}",
    "{}: collectives of {}, as the library's tests count bytes": "{}:{} 的集合通信,字节按通信库测试的口径",
    "a collective of one fabric": "同一网络的集合通信",
    # --- jobs, shared clusters
    "Cards in use: {}": "在用卡数:{}",
    "services met {}": "服务达标 {}",
    "no price: no tco": "没有价格:没有 tco",
    "{} CNY per useful card-hour": "每有效卡时 {} 元",
    "{} on {} servers, {} cards: {}; {}": "{} 在 {} 台服务器、{} 卡上:{};{}",
    "{} of {} jobs finished; wait P50 {} h, P95 {} h; idle but not where the next could use it {}{}":
        "{}/{} 个任务完成;排队 P50 {} 小时,P95 {} 小时;空闲而下一个任务用不上的占 {}{}",
    "out of service": "停用", "cards of the site": "站点的卡", "cards, mean of the interval": "卡数(区间均值)",
    # --- claims, reliability
    "{}: {} cards, MTBF {} h ({} card-hours per failure; component rates of Llama 3, a prediction)":
        "{}:{} 卡,MTBF {} 小时(每次故障 {} 卡时;取 Llama 3 的部件故障率,为预测)",
    "{} clean: MTBF >= {} h": "{} 无故障:MTBF ≥ {} 小时",
    "{}: {} GB/s": "{}:{} GB/s",
    "{} by {}, {}: {} residuals of {} sources, of {} in all": "{},{},{}:{} 个残差,来自 {} 个出处,共 {} 个",
    "memory bandwidth": "显存带宽", "compute": "计算", "scale-up links": "域内链路", "network": "网络",
    "latency": "延迟",
    "{} {n}%": "{} {}%",
    "P(longest stretch of the run is 5 days or more) = {}": "P(运行中最长连续时段 ≥ 5 天)= {}",
    "share of failures that must recover unattended for 30 days: {}": "30 天要求无人值守恢复的故障占比:{}",
    "one success proves (95 % bound): {}": "一次成功可证明(95 % 界):{}",
    "{}: needs {}; this scenario: {}": "{}:需要 {};本场景:{}",
    "simulated recoveries within it: {}; with recomputed work counted: {}": "仿真中在此之内的恢复:{};计入重做的工作:{}",
    "linear scaling of {}: this scenario {} ({}, {} to {} cards, {})": "线性扩展 {}:本场景 {}({},{} 至 {} 卡,{})",
    "{}, met in {} of the draws": "{},在 {} 的抽样中成立",
    "met in {} of the draws": "在 {} 的抽样中成立",
    "To ask:": "应问:", "(probability {})": "(概率 {})", "must hold: {}": "须成立:{}", "chart {}: {}": "图 {}:{}",
    "ask: {}": "应问:{}", "here: {}{}": "此处:{}{}",
    "{}, P10 to P90 {} to {}": "{},P10 至 P90 {} 至 {}", "P10 to P90 {} to {}": "P10 至 P90 {} 至 {}",
    "P10 to P90 of {} draws of every input with a range; restore times stand at their values":
        "P10 至 P90 由 {} 次抽样得出,抽取每个带范围的输入;恢复时间取其值",
    "the width of days comes from {}": "天数的宽度来自 {}",
    "the width of the MTBF comes from {}": "MTBF 的宽度来自 {}", "the width of {} comes from {}": "{} 的宽度来自 {}",
    "a spare is there for {} of the servers that fail ({} hot, {} out for repair on average); hot spares for {}":
        "故障服务器中 {} 有备机可用({} 台热备,平均 {} 台在修);热备可覆盖 {}",
    "restores beyond it in one run: {} on average, none with P = {}, 99 of 100 runs have at most {}":
        "一次运行中超时的恢复:平均 {} 次,无一次的概率 {},百次运行中 99 次至多 {} 次",
    "premium of the promise: {} CNY a run": "该承诺的保费:每次运行 {} 元",
    "{}, {} on {} cards: ETTR {} ({}: {})": "{},{} 在 {} 卡上:ETTR {}({}:{})",
    "if it fails as a further fleet does (share of the fleets that fail at least as often):":
        "若故障率与另一机群相同(故障至少同样频繁的机群占比):",
    "spares: {} hot, {} servers out for repair on average; a server that fails waits with P = {}":
        "备机:{} 台热备,平均 {} 台在修;故障服务器须等待的概率 {}",
    "{} hot keep P(wait) below {}; {} servers beyond the job's keep it whole {} of the time":
        "{} 台热备使等待概率低于 {};比任务多 {} 台服务器可使其 {} 的时间完整",
    "the cheapest token is at {} hot: {} CNY per million": "词元最便宜时热备 {} 台:每百万 {} 元",
    "intervals: ETTR {} at the best of each level": "检查点间隔:各级取最优时 ETTR {}",
    "promises of one run; premiums sum to {} CNY": "一次运行的各项承诺;保费合计 {} 元",
}  # fmt: skip
