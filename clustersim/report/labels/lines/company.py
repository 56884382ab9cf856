"""Lines of ``forecast`` and ``audit``."""

from __future__ import annotations

__all__ = ["LINES"]

LINES: dict[str, str] = {
    # --- forecast show, recover, value
    "target price {} {} a share ({} on {}: {})": "目标价每股 {0} {1}(较股价 {3} 为 {2}:{4})",
    "{} (kCNY)": "{}(千元)",
    "CHECKS FAIL: see the table of checks": "校验不成立:见校验表",
    "all checks hold": "全部校验成立",
    "inventory and payable days apart (only their difference)": "存货与应付天数各自多少(只知其差)",
    "the split of operating costs": "营业费用的拆分",
    "the split of other income and gains": "其他收入与收益的拆分",
    "One guess for all years (margin {} points a year, payable less inventory days {}) explains {} of {} years to"
    " the last digit of"
    " both rows.":
        "对所有年份用一个猜测(毛利率每年 {} 个点,应付减存货天数 {}),即可把 {}/{} 年两行解释到最后一位。",
    "{} guesses were tried, each with {} combinations of capex share and receivable days a year; a wrong one"
    " explains {} years by"
    " chance. A coincidence has odds of 1 in 10^{}.":
        "共试 {} 个猜测,每个每年有 {} 种资本开支占比与应收天数的组合;错的猜测碰巧能解释 {} 年。巧合的概率为 10^{} 分"
        "之一。",
    "The runner-up explains {}": "次优者解释 {}", ", and is a multiple of the best.": ",且是最优者的倍数。",
    "and is a multiple of the best.": "且是最优者的倍数。",
    "Independently, EBIT over the recovered revenue leaves operating costs of a round share and other income that"
    " hardly moves"
    " from year to year; wrong revenues do so with odds of 1 in 10^{}.":
        "另一独立证据:EBIT 与还原的收入相比,留下占比为整数的营业费用和逐年几乎不变的其他收入;错误的收入做到这一点的"
        "概率为"
        " 10^{} 分之一。",
    "Not identified: ": "无法确定:", "Not identified: {}": "无法确定:{}",
    "cash without refinancing is not below its minimum": "未经再融资的现金不低于下限",
    "{} bn CNY lack and are raised by debt at {}": "缺 {} 十亿元,以利率 {} 举债补足",
    "no day to value dated flows at: the company file has no as_of in the first year; give --date":
        "没有日期现金流的估值日:公司文件在首年没有 as_of;请给 --date",
    "recomputed upside {}: {}": "重算的上行空间 {}:{}",
    "printed enterprise value": "印刷的企业价值", "as printed": "按印刷值",
    "recomputed: year-end flows": "重算:年末现金流", "mid-year flows": "年中现金流", "mid-year": "年中",
    "dated flows, valued {}": "按日期折现,估值日 {}",
    "dated flows, stub of the first year, valued {}": "按日期折现并计首年余期,估值日 {}",
    "with listing proceeds": "计入上市募资", "exit at {} x EBITDA": "按 {} 倍 EBITDA 退出",
    "peers: mean of the unrounded multiples": "可比公司:未取整倍数的均值", "peers: median": "可比公司:中位数",
    "cost of equity from CAPM, %": "CAPM 股权成本(%)", "WACC, %": "WACC(%)",
    "peers' price-to-sales {}, {}": "可比公司市销率 {},{}",
    # --- moves, cases, halves
    "values in {}": "单位:{}", "by their probabilities: {}": "按概率:{}", "base to {}": "基准至 {}",
    "Target price: base to {}": "目标价:基准至 {}",
    "{} of {} samples lie above the market price of {} {}": "{}/{} 个样本高于市价 {} {}",
    "Target price over the uncertain inputs": "不确定输入下的目标价",
    "no input has a range, so that every sample is the same: write {} for wacc, asp_scale or a"
    " product's price of a year":
        "没有输入带范围,故每个样本都相同:请为 wacc、asp_scale 或某产品某年的价格写 {}",
    "target price before {}": "此前目标价 {}", "after {}": "此后 {}", "CNY thousand": "千元",
    "nothing departs from the printed forecast": "与印刷的预测没有不同",
    "not in {}, kept as they are: {} (--only leaves them out)": "{} 中没有、保持不变:{}(--only 可移出)",
    "left out of the peers: {}": "移出可比公司:{}",
    # --- audit
    "{} findings say that something is wrong": "{} 项发现表明有误",
    "{}: not read: neither CSV, XLSX nor text": "{}:未读:既非 CSV、XLSX 也非文本",
    "found {}": "找到 {}", "read: {} figures in {} ({})": "已读:{} 个数,在 {} 中({})", "text {}": "文本 {}",
    "read: {} figures in {} (": "已读:{} 个数,在 {} 中(", "decided: {}": "判定:{}",
    "not understood, read only as a line of its sum: {}": "看不懂,只作为其合计中的一行:{}",
    "and {} more (all with --format json)": "另有 {} 个(--format json 给出全部)",
    "covered by no check: {} figures{}{}": "没有校验覆盖:{} 个数{}{}", "{} checks: {}": "{} 项校验:{}",
    # --- why an input moves nothing
    "every card is worth what its anchor records: there is no change of worth that it could answer (change a card,"
    " the incumbent"
    " or another term of the market as well)":
        "各卡价值都等于锚点记录:没有可供它响应的价值变动(请同时改动卡、现有方案或市场的其他条件)",
    "it is shown by a command of its own (clustersim forecast {})": "它由单独的命令显示(clustersim forecast {})",
    "the market price enters the upside and the rating, and dilution, not the target":
        "市价影响上行空间、评级与稀释,不影响目标价",
    "the cash flow leaves the proceeds out; forecast show --proceeds counts them":
        "现金流不计募资;forecast show --proceeds 计入",
    "past figures enter by the opening balance alone": "过去的数只通过期初余额进入",
    "it is shown beside the recomputed target, or moves plan and departures alike":
        "它列在重算目标价旁,或对计划与偏离影响相同",
    "finance_mode is given, not cash; and the free cash flow is before financing":
        "finance_mode 为 given 而非 cash;且自由现金流在融资之前",
    "redeemable shares turn into equity without cash": "可赎回股份转为权益,不涉及现金",
    "the options are out of the money at the market price": "按市价期权为价外",
    "there are no options, or they are out of the money at the market price": "没有期权,或按市价为价外",
    "no link moves a line, and the year that is over bounds only what moves":
        "没有联动改变任何产品线,已过的年份只限制会变动的",
    "it is a name": "它是名称",
    "straggler_rate, straggler_time and a straggler_slowdown above 1 act together":
        "straggler_rate、straggler_time 与大于 1 的 straggler_slowdown 须同时起作用",
    "no failure hangs (reliability.extras.hang_share)": "没有故障会挂起(reliability.extras.hang_share)",
    "no failures are early ones (reliability.extras.infant_factor)": "没有早期故障(reliability.extras.infant_factor)",
    "lemon_share and lemon_factor act together": "lemon_share 与 lemon_factor 须同时起作用",
    "burst_share and burst_gap act together": "burst_share 与 burst_gap 须同时起作用",
    "no bound or rule that it states is at work at this change of worth": "在此价值变动下,它给出的界限或规则都未起作用",
    "no year asks for more than it allows, or a limit lacks a part (wafers need good_dies_per_wafer)":
        "没有哪一年的需求超出它的允许,或某限制缺少部分(晶圆需要 good_dies_per_wafer)",
    "the free cash flow is before financing: borrowing moves net profit and cash, not the target price":
        "自由现金流在融资之前:借款影响净利润与现金,不影响目标价",
    "cash never falls below its minimum: nothing is raised": "现金从未低于下限:不融资",
    "what the card costs is not in its value in use, the price at which its buyer would stop: it moves the cost of"
    " the site, and"
    " the maker's price stands under company.products":
        "卡的成本不在其使用价值(买方止步的价格)之内:它影响站点成本,厂商的售价在 company.products 之下",
    "the scenario has no market section: the card is not valued": "场景没有 `market` 部分:不评估该卡价值",
    "the site trains nothing: failures and checkpoints enter the long run of training alone, and serving is costed"
    " as if every"
    " replica were up":
        "站点没有训练:故障与检查点只进入训练的长期运行,推理成本按所有副本都在线计",
    "the card's line ({}) has no anchor in the forecast": "该卡的产品线({})在预测中没有锚点",
    "neither the card's value in use nor the company's forecast depends on it here":
        "此处该卡的使用价值与公司的预测都不依赖它",
}  # fmt: skip
