"""Lines of ``tco``, ``compare``, ``plan break-even``, ``plan tokens`` and ``plan units``, ``worth``, ``proposal``."""

from __future__ import annotations

__all__ = ["LINES"]

LINES: dict[str, str] = {
    # --- tco
    "hardware {} + integration {} + VAT {} = capex {} M CNY{}": "硬件 {} + 集成 {} + 增值税 {} = 资本开支 {} 百万元{}",
    "contract {} M CNY: {} the bill's range ({} to {}){}": "合同 {} 百万元:{}(清单范围 {} 至 {}){}",
    ", {} its P10-P90": ",{} P10-P90",
    "a card price of {} CNY closes the gap exactly{}": "卡价 {} 元恰好弥合差额{}",
    "assumed range {} to {}": "假设范围 {} 至 {}", "(assumed range {} to {})": "(假设范围 {} 至 {})",
    "racks {} ({} of servers, {} in each by {}, {} of switches, {} others; {}); delivery {}; storage {} PB ({} needed)":
        "机柜 {}(服务器 {},每柜 {} 台,由{}限定;交换机 {};其他 {};{});交货 {};存储 {} PB(需要 {})",
    "not known, a part has no lead time": "未知,有部件没有交期",
    "power, IT: {} kW on average, {} provisioned; facility {} kW{}": "IT 功率:平均 {} kW,配电 {} kW;设施 {} kW{}",
    "{} t CO2 a year": "每年 {} 吨 CO2",
    "yearly: {} = {} M CNY": "每年:{} = {} 百万元", "yearly: ": "每年:",
    "TCO over {} years {} M CNY plain, {} discounted": "{} 年总拥有成本 {} 百万元(不折现),{}(折现)",
    "CNY per card-hour sold {}, available {}{}": "每售出卡时 {} 元,每可用卡时 {}{}",
    "CNY per effective PFLOP-hour {}": "每有效 PFLOP·小时 {} 元",
    "CNY per {} ({}) {}{}": "每{}({})元数 {}{}",
    "what moves the cost per {}": "什么影响每{}成本",
    "no market rent of this card is known": "没有此卡的市场租金",
    "market rent {} {} ({})": "市场租金 {} {}({})",
    "{}: below the P10 of the cost; renting this cluster out at that price loses money":
        "{}:低于成本的 P10;以此价出租该集群会亏损",
    "{}: {} the expected cost, within its interval": "{}:{}期望成本,在其区间内",
    "{}: above the expected cost, within its interval": "{}:高于期望成本,在其区间内",
    "{}: below the expected cost, within its interval": "{}:低于期望成本,在其区间内",
    "capital {n}, {}": "资本 {},{}", "electricity {n}": "电费 {}", "maintenance {n}": "维护 {}", "staff {n}": "人员 {}",
    "capital {n}": "资本 {}", "colocation {n}": "托管 {}", "building {n}": "机房 {}", "software {n}": "软件 {}",
    "network transit {n}": "网络带宽 {}", "carbon {n}": "碳 {}",
    # --- compare
    "each priced at its own site": "各按自己的站点定价",
    "each side as large as the limits allow": "各方取限额所容许的最大规模",
    "priced at the site of {}": "按 {} 的站点定价",
    "{}: no cost: {}": "{}:没有成本:{}",
    "{}: {} of {}, {} of the sold card-hours": "{}:{}({}),占售出卡时 {}",
    "{}: {}, {} of the sold card-hours": "{}:{},占售出卡时 {}",
    "{} less first": "{} 减第一方",
    "cheapest: {}": "最便宜:{}",
    "most would be settled by {}": "最能分出胜负的是 {}", "; most would be settled by {}": ";最能分出胜负的是 {}",
    "{} within 0.5 %: a tie": "{} 相差不到 0.5 %:并列",
    "{}: {} to {} CNY a unit (P10, P90)": "{}:每单位 {} 至 {} 元(P10、P90)",
    "cheaper than {} in {} of the draws": "在 {1} 的抽样中比 {0} 便宜",
    "cheapest in the draws: {}: {} leads": "抽样中最便宜的占比:{}:{} 领先",
    "cheapest in the draws: {}: a tie": "抽样中最便宜的占比:{}:并列",
    "cheapest in the draws: {}: a tie; most would be settled by {}": "抽样中最便宜的占比:{}:并列;最能分出胜负的是 {}",
    "{}: a card price of {} CNY gives the cost of {} over the whole demand": "{}:卡价 {} 元时全部需求的成本与 {} 相同",
    "{}: even a card for nothing costs more than {} over the whole demand": "{}:即使卡免费,全部需求的成本仍高于 {}",
    # --- break-even
    "a card price of": "卡价", "a sold share of the card-hours of": "售出卡时占比", "a tariff of": "电价",
    "the incumbent's": "现有方案的", "the interface's price of": "接口价格", "the rent of": "租金",
    "{}: a card price of {} gives {}, {}; now {} gives {} against {}":
        "{}:卡价 {} 时得到 {},{};现在 {} 得到 {},对照 {}",
    "{}: a sold share of the card-hours of {} gives {}, {}; now {} gives {} against {}":
        "{}:售出卡时占比 {} 时得到 {},{};现在 {} 得到 {},对照 {}",
    "{}: a tariff of {} gives {}, {}; now {} gives {} against {}": "{}:电价 {} 时得到 {},{};现在 {} 得到 {},对照 {}",
    "{n} CNY per {}": "每{1} {0} 元", "card-hour": "卡时",
    "CNY per card-hour": "元/卡时", "the incumbent's {}": "现有方案为 {}", "the rent of {}": "租金 {}",
    "the interface's price of {}": "接口价格 {}",
    "{}{}: {} {} gives {} {}, {}; now {} gives {} against {}": "{}{}:{} {} 时得到 {} {},{};现在 {} 得到 {},对照 {}",
    # --- tokens and units
    "{}: tokens of {}, at {} of what the fleet is built for": "{}:{} 的词元,按机群设计负荷的 {}",
    "low and high are those of the tokens alone; costs per token count the idle part of the fleet":
        "低与高只计词元数的范围;每词元成本计入机群空闲部分",
    "{} ({}), as forecast": "{}({}),按预测",
    "what a {} costs its maker": "一张 {} 的制造成本",
    "a deal is {} MCNY, the published mean of 2024; a site has 1,024 cards":
        "一笔订单 {} 百万元,为 2024 年公开均值;一个站点 1,024 卡",
    "no silicon of {} is described (hwprofiles/silicon): no wafers, no margin":
        "没有 {} 的芯片数据(hwprofiles/silicon):不给晶圆与毛利",
    # --- worth
    "prediction error of {} on {}": "{} 在 {} 的预测误差",
    "{}: {} on average, deviation {} over all that is uncertain": "{}:平均 {},全部不确定性下标准差 {}",
    "decision ({} is better): {}; taken now: {}": "决策({}更好):{};现在的选择:{}",
    "expected value of perfect information: {} in {}": "完全信息的期望价值:{},单位 {}",
    "unknowns: shares of the variance": "未知数:占方差的份额",
    "unknowns: shares of the variance, and what knowing each would gain the decision":
        "未知数:占方差的份额,以及弄清它对决策的收益",
    ", and what knowing each would gain the decision": ",以及弄清它对决策的收益",
    "shares by Shapley add up to {}, {} of it beyond the second degree of the inputs":
        "Shapley 份额合计 {},其中 {} 超出输入的二次项",
    "measurements, {}:": "测量({}):", "none tells of these unknowns": "没有一项能说明这些未知数",
    "no measurement gains anything": "没有测量能带来收益", "order in which to measure:": "测量的先后:",
    "{} of {} draws could not be run and are left out": "{}/{} 次抽样无法运行,已略去",
    "expected gain in {}": "期望收益({})", "share of the variance": "占方差的份额", "more": "大", "less": "小",
}  # fmt: skip
