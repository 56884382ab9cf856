"""What costs, a market or a company lack."""

from __future__ import annotations

__all__ = ["TEXTS"]

TEXTS: dict[str, str] = {
    "no lead time is known for {}; add lead_time with its source":
        "{} 的交货时间未知;请补上 lead_time 并注明来源",
    "the bill has no cards whose price could close the gap": "物料清单中没有可用其价格补足差额的卡",
    "a contract of {} CNY is below the bill without any card": "{} 元的合同额低于不含卡的物料清单",
    "a rack of {} kW and {} U cannot take one server of {} kW and {} U; choose another cooling, or raise "
    "cooling.….rack_power":
        "{} kW、{} U 的机柜放不下一台 {} kW、{} U 的服务器;请另选冷却方式,或提高 cooling.….rack_power",
    "a die of {} mm2; its area must be positive": "{} mm2 的裸片;面积须为正",
    "a die of {} mm2 does not fit a wafer of {} mm": "{} mm2 的裸片放不进 {} mm 的晶圆",
    "defects must not be negative, and clustering must be positive": "缺陷密度不能为负,聚集系数须为正",
    "silicon.{} is {}; it must lie between 0 and 1": "silicon.{} 为 {};须在 0 与 1 之间",
    "a capital recovery factor needs years > 0 and rate > -1, not {} and {}":
        "资本回收系数要求年数 > 0 且利率 > -1,不是 {} 与 {}",
    "tco: sold_share must lie between 0 and 1, not {}": "tco:sold_share 须在 0 与 1 之间,不是 {}",
    "a cost per token needs tokens per second above zero, not {}": "每词元成本要求每秒词元数大于零,不是 {}",
    "tco: {} must not be negative, not {}": "tco:{} 不能为负,现为 {}",
    "actuals {}: write a half of a forecast year, for example {}H1": "实际数 {}:请写预测年度的半年,例如 {}H1",
    "analyses do not move company.{}; {}": "分析不改动 company.{};{}",
    "no driver company.{}; {}": "没有驱动项 company.{};{}",
    "company.{}: {} is not a year of the forecast": "company.{}:{} 不是预测年份",
    "company.{}: no units of {} in {}": "company.{0}:{1} 在 {2} 没有销量",
    "company.{}: {} is not within its range {} to {}": "company.{}:{} 不在其区间 {} 至 {} 之内",
    "--listing-proceeds: is in {} and the target price in {}: give it in {}, for example '5 G{}'":
        "--listing-proceeds:是 {0},而目标价是 {1}:请以 {2} 给出,例如 '5 G{3}'",
    "valuation: {} are in {} and the statements in {}, and no rate leads from one to the other: print "
    "equity_value in both, an fx_rate, or give --rate {}=... ({} per {})":
        "估值:{} 是 {},而报表是 {},两者之间没有汇率:请让 equity_value 以两种货币列出、给出 fx_rate,或给 "
        "--rate {}=...({} 每 {})",
    "{}: nothing could be checked: no two of the figures that were read depend on each other (read: {}); "
    "add subtotals, another statement or another year":
        "{}:无可核对:读到的数没有两个彼此相关(读到:{});请补上小计、另一张报表或另一年",
    "no table to audit; known: {}": "没有可审计的表;已知:{}",
    "calibration of {}: no product sells anything": "{} 的标定:没有产品有销售",
    "calibration of {}: {} must be greater than zero": "{} 的标定:{} 须大于零",
    "company {} has no printed revenue to calibrate to": "公司 {} 没有可供标定的已印收入",
    "calibration of {}: the printed total {} kCNY is more than the priors ({}) can be stretched to; "
    "raise the prior units or prices":
        "{} 的标定:已印合计 {} 千元超出先验({})可拉伸的范围;请调高先验的销量或价格",
    "calibration of {}: the priors cannot be brought down to {} kCNY": "{} 的标定:先验无法降到 {} 千元",
    "company {}: give company.wacc, or all parts of company.capm":
        "公司 {}:请给 company.wacc,或 company.capm 的全部各项",
    "company {}: {} has {} values for {} years": "公司 {}:{} 有 {} 个值,而有 {} 年",
    "{}:1: no column of companies (one of {})": "{}:1:没有公司列({} 之一)",
    "{}:1: no years across, and no columns of period and value": "{}:1:没有横排的年份,也没有期间与数值的列",
    "{}: no price-to-sales multiple of a company": "{}:没有公司的市销率",
    "{}: a multiple is greater than zero, not {}; leave the cell blank for none":
        "{}:倍数须大于零,不是 {};没有则留空",
    "{}: {} is not a number": "{}:{} 不是数",
    "{}:{}: no year in {}": "{}:{}:{} 中没有年份",
    "{}: needs a heading and at least one row": "{}:需要表头与至少一行",
    "unit {} is not one of thousand, million, billion, 万, 百万, 亿, in CNY, USD, HKD or another "
    "currency whose rate is known":
        "单位 {} 不是 thousand、million、billion、万、百万、亿(以 CNY、USD、HKD 或其他汇率已知的货币)之一",
    "unit {}: no rate of {} to CNY is known (known: {}); give --rate {}=CNY-PER-UNIT":
        "单位 {}:{} 对 CNY 的汇率未知(已知:{});请给 --rate {}=每单位人民币元数",
    "{}:1: no column of years (one of {}), and no years across": "{}:1:没有年份列({} 之一),也没有横排的年份",
    "{}:1: no known item; known: {} and their aliases": "{}:1:没有已知的项目;已知:{} 及其别名",
    "unknown timing {} (known: {})": "未知的时点约定 {}(已知:{})",
    "timing {} needs a valuation date": "时点约定 {} 需要估值日",
    "the valuation date {} must lie within the year of the first flow, {}":
        "估值日 {} 须在首笔现金流的年份 {} 之内",
    "a present value needs at least one yearly flow": "现值至少需要一年的现金流",
    "company.terminal_growth={} must be below company.wacc={}: the terminal value is infinite otherwise; "
    "lower the one or raise the other":
        "company.terminal_growth={} 须低于 company.wacc={}:否则终值无穷大;请调低前者或调高后者",
    "company.wacc has a range from {}, which is not above company.terminal_growth={}: the terminal value is infinite "
    "at that end; raise the low end of the range, or lower growth":
        "company.wacc 的取值范围从 {} 起,不高于 company.terminal_growth={}:"
        "在该端终值无穷大;请调高范围下限,或调低增长率",
    "company.terminal_growth has a range to {}, which is not below company.wacc={}: the terminal value is infinite "
    "at that end; lower the high end of the range, or raise the WACC":
        "company.terminal_growth 的取值范围到 {} 止,不低于 company.wacc={}:"
        "在该端终值无穷大;请调低范围上限,或调高 WACC",
    "unknown terminal value {} (known: {})": "未知的终值方式 {}(已知:{})",
    "a debt-to-equity ratio of {} leaves no equity": "负债权益比 {} 使权益为零",
    "no {} multiple for {}: give one, or take the peer out of the group":
        "{1} 没有 {0} 倍数:请给出一个,或把该公司移出可比组",
    "no peer has a {} multiple": "可比公司都没有 {} 倍数",
    "company.peers.statistic={}: write mean or median": "company.peers.statistic={}:请写 mean 或 median",
    "company {}: has no peers; add company.peers, or set company.dcf_weight=1":
        "公司 {}:没有可比公司;请补上 company.peers,或设 company.dcf_weight=1",
    "recovery needs one working-capital change and one capex for every year":
        "还原要求每年各有一个营运资金变动与一个资本支出",
    "recovery needs capital expenditure printed as an outflow (negative)": "还原要求资本支出以流出(负数)印出",
    "no round drivers explain all years: the best guess leaves out {}; widen the grid or give the years "
    "that follow one rule":
        "没有取整的驱动项能解释所有年份:最佳猜测缺 {};请扩大网格,或给出遵循同一规则的年份",
    "statements are of one point; value columns of points with value_company":
        "报表是单点的;多点的列请用 value_company 估值",
    "company {}: the opening balance sheet of {} does not balance: assets {} less liabilities {} less "
    "equity {} leave {} kCNY":
        "公司 {}:{} 的期初资产负债表不平:资产 {} 减负债 {} 减权益 {} 余 {} 千元",
    "opening tax losses must not be negative, not {}": "期初税务亏损不能为负,现为 {}",
    "{}: gives no TaxRows with a tax for each of {} years": "{}:没有给出含 {} 年税额的 TaxRows",
    "{}: gives a tax above zero, or no number; tax that is paid is negative":
        "{}:给出的税额大于零或不是数;缴纳的税为负数",
    "refinancing by equity is valued one point at a time; set company.refinancing.by=debt":
        "以股权再融资须逐点估值;请设 company.refinancing.by=debt",
    "company {}: company.dcf_weight below 1 needs company.peers":
        "公司 {}:company.dcf_weight 小于 1 时需要 company.peers",
    "company.peers.year={} is not a year of the forecast ({})": "company.peers.year={} 不是预测年份({})",
    "company.probabilities must name cases ({}) and sum to 1; they name {} and sum to {}":
        "company.probabilities 须写明各情景({})且合计为 1;现写的是 {},合计 {}",
    "a year has 2 halves or 4 quarters, not {} parts": "一年有 2 个半年或 4 个季度,不是 {} 段",
    "a roll needs a second year to become the first": "滚动需要第二年来接作首年",
    "sotp.{}: no such line; {}": "sotp.{}:没有这条产品线;{}",
    "sotp.{}.year={} is not a year of the forecast": "sotp.{}.year={} 不是预测年份",
    "sotp.{}: give a multiple and a year, or company.peers": "sotp.{}:请给倍数与年份,或给 company.peers",
    "Bass diffusion needs p, q >= 0, p + q <= 1 and a potential above zero":
        "Bass 扩散要求 p、q >= 0,p + q <= 1,潜在量大于零",
    "logit shares need costs above zero ({}) and sensitivity >= 0":
        "logit 份额要求成本大于零({})且敏感度 >= 0",
    "a share path needs two years in order and shares within 0 to 1":
        "份额路径要求两个先后年份,份额在 0 至 1 之间",
    "cards for tokens need demand >= 0, rate and peak-to-mean > 0 and utilisation in (0, 1]":
        "由词元求卡数要求需求 >= 0、速率与峰均比 > 0、利用率在 (0, 1]",
    "cards for training need FLOPs, MFU, peak and time above zero":
        "由训练求卡数要求 FLOPs、MFU、峰值与时间大于零",
    "shipments need a life of at least a year and stocks that are not negative":
        "出货要求寿命至少一年,存量不为负",
    "products.{}.follows: {}; break the circle": "products.{}.follows:{};请解开循环",
    "the capital factor and the price markup must be greater than zero": "资本系数与价格加成须大于零",
    "market.value_share must lie between 0 and 1, not {}": "market.value_share 须在 0 与 1 之间,不是 {}",
    "market.price_sensitivity must not be negative, not {}": "market.price_sensitivity 不能为负,现为 {}",
    "a card must cost its buyer something: price and other costs sum to zero or less":
        "卡对买方须有成本:价格与其他成本合计为零或更少",
    "market.price_sensitivity {} gives an elasticity of at most 1 at this share of the market: the best "
    "price is without limit; raise it above 1 / (1 - share), or set company.response.pricing=shared":
        "market.price_sensitivity {} 使该市场份额下的弹性至多为 1:最优价格没有上限;请把它调高到 1 / (1 - "
        "share) 以上,或设 company.response.pricing=shared",
    "supply needs amounts that are not negative, a unit cost above zero and at least one die":
        "供给要求数量不为负、单位成本大于零、至少一个裸片",
    "a learning curve needs a volume ratio above zero and a progress ratio within (0, 1]":
        "学习曲线要求产量比大于零,进步率在 (0, 1]",
    "demand.{} is not the same on both sides ({}); a comparison is of equal work":
        "demand.{} 两侧不同({});比较须为同一工作",
    "a card has no value without a demand": "没有需求时卡没有价值",
    "market.switching_discount must lie between 0 and 1, not {}":
        "market.switching_discount 须在 0 与 1 之间,不是 {}",
    "{} {}: must be {}": "{} {}:须为 {}",
    "{}: names nothing; give names with a comma between two": "{}:没有写出名称;请给以逗号分隔的名称",
    "--order {}: is no date; write it like 2026-06-01": "--order {}:不是日期;请写成 2026-06-01",
    "--date {}: is not after the order of {}": "--date {}:不晚于下单日 {}",
    "--probability is that of meeting limits; give one, for example --days '60 d'":
        "--probability 是满足限制的概率;请给一个限制,例如 --days '60 d'",
    "--write {}: give a file that ends in .yaml": "--write {}:请给以 .yaml 结尾的文件",
    "{} {}: {}; write it like 2026-12-01": "{} {}:{};请写成 2026-12-01",
    "--probability needs draws, and --draws 0 leaves them out":
        "--probability 需要抽样,而 --draws 0 去掉了抽样",
    "--date {}: is neither a day (2026-12-01) nor a time from the order ('20 week')":
        "--date {}:既不是日期(2026-12-01)也不是自下单起的时间('20 week')",
    "no {} price is known in CNY; give it with --mark": "没有以 CNY 计的 {} 价格;请用 --mark 给出",
    "unknown {} cannot be solved for; {}": "未知的 {} 无法求解;{}",
    "electricity is priced by time of day here; take tariff_bands out to solve for one tariff":
        "此处电价分时;请去掉 tariff_bands 以求单一电价",
    "a mark is of one workload's unit; choose it with --workload: {}":
        "对照价是一个工作负载的单位;请用 --workload 选择:{}",
    "no {} between {} and {} reaches {}: at its ends the cost is {} and {} against {} and {}; something "
    "else must change":
        "{} 在 {} 与 {} 之间达不到 {}:两端的成本为 {} 与 {},对 {} 与 {};须改动别的",
    "against {} is unknown; {}": "against {} 未知;{}",
    "a break-even needs a mark above zero, not {}": "盈亏平衡要求对照价大于零,不是 {}",
    "{}: the scenario names no incumbent; give one with --incumbent, for example h20-1024, or a market price "
    "with --against rent --mark '4 CNY'":
        "{}:场景没有写明对照;请用 --incumbent 给出,例如 h20-1024,或用 --against rent --mark '4 CNY' 给出市价",
    "--probability {}: a probability lies between 0 and 1, for example 0.9":
        "--probability {}:概率在 0 与 1 之间,例如 0.9",
    "a deadline needs the tokens to be trained; give --tokens, for example --tokens 2T":
        "期限需要知道要训练的词元数;请给 --tokens,例如 --tokens 2T",
    "{} is unknown here; {}": "{} 此处未知;{}",
    "{}: has no `company`; add one (scenarios/company/)": "{}:没有 `company`;请补上(scenarios/company/)",
    "compare needs at least two scenarios": "compare 至少需要两个场景",
    "a replica of the plan has {} cards; only {} of the cluster are laid out":
        "计划的一个副本有 {} 张卡;集群只铺设了 {} 张",
    "price book {} has no integration_time, needed for a delivery date":
        "价格表 {} 没有 integration_time,而交付日期需要它",
    "{}: no price, tariff, share of hours or bandwidth of it can be moved":
        "{}:没有可移动的价格、电价、时长占比或带宽",
    "{}: no group can serve {}: {}": "{}:没有分组能服务 {}:{}",
    "a demand of {} requests/s; it must be above zero": "每秒 {} 个请求的需求;须大于零",
    "all groups together carry {} requests/s at the service level ({}), and {} are asked; add cards, or "
    "ask for less":
        "全部分组在服务水平({1})下每秒承载 {0} 个请求,而要求 {2};请加卡或少要求",
    "traffic.closed_loop.users={}: leaves a group with {} of the traffic without a user; ask for more "
    "users, or take the group out (cluster.groups.NAME: null)":
        "traffic.closed_loop.users={}:使一个占流量 {} 的分组没有用户;请多给用户,或去掉该分组("
        "cluster.groups.NAME: null)",
    "a penalty must be finite and at least zero, not {} CNY": "罚金须为有限且不小于零的数,不是 {} 元",
    "{}: records by part are of replicas that only take requests in; leave out {}, or serve it without "
    "--records":
        "{}:分部的记录属于只接收请求的副本;请去掉 {},或不带 --records 运行",
    "{}: holds records already; give another folder": "{}:已有记录;请给另一个文件夹",
    "{}: cannot be made ({})": "{}:无法创建({})",
    "{} cannot serve {} at the service level by any plan, batch or chunk; relax the level or use another "
    "card":
        "{} 在任何计划、批次或分块下都无法以服务水平服务 {};请放宽服务水平或另选一卡",
    "no plan of {} fits {}; use more or larger cards": "没有 {} 的计划放得进 {};请用更多或更大的卡",
    "not even {} cards, which one deployment needs: they break {}":
        "连一次部署所需的 {} 张卡也不行:它们突破了 {}",
    "{}: has {} groups, and every subset of at most {} is run; take some out (--set "
    "cluster.groups.NAME=null)":
        "{}:有 {} 个分组,而至多 {} 个时才逐一运行其子集;请去掉一些(--set cluster.groups.NAME=null)",
    "cards.{}: states no memory bandwidth": "cards.{}:没有写明显存带宽",
    "{} years; ask for one at least": "{} 年;请至少问一年",
    "classes.{}: {} serves no tokens; name a scenario with a serving workload":
        "classes.{}:{} 不服务词元;请写有推理工作负载的场景",
    "{}: names no company, or its card {} no product line; nothing is forecast":
        "{}:没有写明公司,或其卡 {} 没有产品线;没有可预测的",
    "{} is no product of {}'s forecast": "{} 不是 {} 的预测中的产品",
    "{}: has no {} workload, and this question is about one; its demand is {}":
        "{}:没有 {} 工作负载,而此问题是问它的;其需求为 {}",
    "{}: has several {} workloads; choose one with --workload: {}":
        "{}:有多个 {} 工作负载;请用 --workload 选一个:{}",
    "--workload {}: {} has no such workload; {}": "--workload {}:{} 没有这个工作负载;{}",
    "--workload {}: is of kind {}, and this question is about {}":
        "--workload {}:是 {} 类,而此问题是问 {} 的",
    "draws: {} is no whole number from 0 to {}": "draws:{} 不是 0 至 {} 的整数",
    "only {} of {} draws of {} can be run; the last said: {}":
        "{2} 的 {1} 次抽样中只有 {0} 次能运行;最后一次说:{3}",
    "--write: --set {} changes another file than the scenario; put the change into a file of your own "
    "and name it in the scenario, or leave it out":
        "--write:--set {} 改动的不是场景文件;请把改动写入自己的文件并在场景中写明,或不写此项",
    "--write {}: cannot be written ({})": "--write {}:无法写入({})",
    "--write {}: its run gives {} {}, and the plan promised {}; it is not written":
        "--write {}:其运行给出 {} {},而计划许诺 {};不予写入",
    "{}: its groups are equal cards on one network; write them as one cluster to give it a size":
        "{}:其分组是同一网络上的同型卡;请写成一个集群以求规模",
}  # fmt: skip
