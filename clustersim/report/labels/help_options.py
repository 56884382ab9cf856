"""Help of the options, and the words that the help itself is made of: English as the program has it, and Chinese."""

from __future__ import annotations

__all__ = ["HEADINGS", "NOTES", "TEXTS"]

#: Headings of a page of help.
HEADINGS = {"Usage: ": "用法:", "Options": "选项", "Commands": "命令"}
#: What stands in brackets behind an option, by how it begins.
NOTES = {"default: ": "默认:", "env var: ": "环境变量:", "required": "必填"}

TEXTS: dict[str, str] = {
    "Show the version and exit.": "显示版本并退出。",
    "Show this message and exit.": "显示本帮助并退出。",
    "Language of help, tables and figures; keys of JSON and CSV stay.": "帮助、表格与图的语言;JSON 与 CSV 的键名不变。",
    # --- every command
    "Override an input, for example --set tco.tariff='0.6 CNY/kWh'. Repeatable.":
        "改写一个输入,例如 --set tco.tariff='0.6 CNY/kWh'。可重复。",
    "Folder that keeps the answer, with its tables and figures.": "保存结果及其表与图的文件夹。",
    "How the result is printed.": "结果的输出格式。",
    "table on a terminal, json in a pipe": "终端上为 table,管道中为 json",
    # --- run, tco, explain, compare, check, claims
    "Let a plan that one side alone states be held against the other's best.":
        "允许只有一方给定的方案与另一方的最优方案相比。",
    "Replace the scenario's seed.": "替换场景的随机种子。",
    "Draws of uncertain inputs and of the errors of predictions behind P10 to P90; 0 leaves them out.":
        "P10 至 P90 背后对不确定输入与预测误差的抽样次数;0 则不给区间。",
    "Show terms that did not change, too.": "也显示没有变化的项。",
    "List every input with its file and line, or its flag.": "列出每个输入所在的文件与行,或所来自的选项。",
    "Draws of the uncertain inputs behind P10, P50 and P90; 0 leaves the intervals out.":
        "P10、P50、P90 背后对不确定输入的抽样次数;0 则不给区间。",
    "256, fewer where each would queue many jobs again": "256,若每次都要重排大量任务则更少",
    "Number asked, as `run` calls it: target_price_hkd.": "所问的数,名称同 `run` 的输出:target_price_hkd。",
    "What is decided: values of one key (cluster.card=X,Y; cards.X.price=…), or buy-or-rent.":
        "要决定什么:某个键的几个取值(cluster.card=X,Y;cards.X.price=…),或 buy-or-rent(买或租)。",
    "Whether more is better; the default goes by the output.": "是否越大越好;默认依输出而定。",
    "Draws of all unknowns.": "对全部未知数的抽样次数。",
    "Price each cluster at its own site; else all at the first one's.": "各集群按自己的站点定价;否则都按第一个的站点。",
    "Every cluster as large as this capex allows, VAT included, for example '300 MCNY'.":
        "各集群取此含税资本开支所容许的最大规模,例如 '300 MCNY'。",
    "Every cluster as large as this provisioned site power allows, for example '3 MW'.":
        "各集群取此站点额定功率所容许的最大规模,例如 '3 MW'。",
    "Every cluster as large as so many racks allow.": "各集群取此机柜数所容许的最大规模。",
    "Put this one's demand on all of them.": "把此场景的需求放到所有集群上。",
    "Draws of the uncertain inputs behind P10 and P90; clusters share the draws of what they share.":
        "P10 与 P90 背后对不确定输入的抽样次数;各集群共有的输入共用抽样。",
    "128, fewer where each would queue many jobs again": "128,若每次都要重排大量任务则更少",
    "Share of failures that recover without people (Llama 3: 416 of 419).":
        "无需人工即可恢复的故障占比(Llama 3:419 次中 416 次)。",
    "What each restore over five minutes costs whoever promised it; prices the promise.":
        "每次超过五分钟的恢复让承诺方付出多少;用以给承诺定价。",
    "Draws of uncertain inputs behind P10 to P90 and the shares in which a claim is met; 0 leaves them out.":
        "P10 至 P90 与说法成立占比背后的抽样次数;0 则不给。",
    # --- train, serve, jobs, collectives
    "Which workload of the kind, by default the first or only one.": "同类负载中的哪一个,默认第一个或唯一的一个。",
    "How the month is computed: closed form, vectorised draws, or events one by one.":
        "长期运行如何计算:解析式、向量化抽样,或逐个事件。",
    "Processes for simulated months that take long; the result does not depend on it.":
        "用于耗时的长期仿真的进程数;结果与之无关。",
    "all processors": "全部处理器",
    "Serve every request in bounded memory, however many; write what became of each to Parquet files there.":
        "不论多少请求都在有限内存中服务;把每个请求的结果写成该处的 Parquet 文件。",
    "Simulated runs; the scenario's by default.": "仿真次数;默认用场景的。",
    "Scaling curves from LOW to HIGH cards instead, by doubling.": "改为给出从 LOW 到 HIGH 张卡(逐次加倍)的扩展曲线。",
    "Train together with the cluster and plan of another scenario. Repeatable.":
        "与另一场景的集群和方案一起训练。可重复。",
    "With --with: what the clusters share out.": "与 --with 同用:各集群之间如何分工。",
    "Bandwidth per card between the clusters.": "集群之间每卡的带宽。",
    "Instead of a scenario: jobs of a trace (sacct, Philly, Helios, Acme, PAI, or a plain table), with --servers.":
        "代替场景:作业记录中的任务(sacct、Philly、Helios、Acme、PAI 或普通表),须配 --servers。",
    "Layout of the trace, where its columns do not tell.": "作业记录的格式,在列名看不出时给出。",
    "With --trace: a table of servers.": "与 --trace 同用:服务器表。",
    "With --trace: who is next; recorded starts as the trace did.":
        "与 --trace 同用:谁排下一个;recorded 按记录的时刻开始。",
    "What one more server or another policy would change.": "多一台服务器或换一种策略会带来什么变化。",
    "Serve this trace instead of the workload's traffic (CSV or JSON lines).":
        "用此请求记录代替负载的流量(CSV 或 JSON lines)。",
    "Bad lines of the trace that may be left out.": "请求记录中最多可略去的坏行数。",
    "Serve the requests that the scenario draws from first to last, no steady state.":
        "把场景抽出的请求从头到尾服务一遍,不求稳态。",
    "Relative standard error that the figures of a steady state are served to.": "稳态数值要达到的相对标准误差。",
    "Which collective, by default all_reduce.": "哪种集合通信,默认 all_reduce。",
    "How much, with its unit ('1 GiB'). Repeatable.": "数据量,带单位('1 GiB')。可重复。",
    "How many cards exchange, by default all.": "多少张卡参与交换,默认全部。",
    # --- keys, import, calibrate, validate
    "List the numbers of one scenario, with values and tiers.": "列出一个场景的各个数,及其值与来源等级。",
    "Add what each key is, its default and its readers to a table.": "在表中加上每个键的含义、默认值与使用处。",
    "List the units that quantities may be written in instead.": "改为列出数量可用的单位。",
    "Kind of the profile, where its name is of several.": "参数文件的种类,在同名的有几种时给出。",
    "Kind of file, where its content does not tell.": "文件的种类,在内容看不出时给出。",
    "Name of what is made; the default comes from the file's own name.": "生成物的名称;默认取自文件名。",
    "A key that changes no dimension: left out, which the result says. Repeatable.":
        "不改变任何尺寸的键:略去,并在结果中说明。可重复。",
    "A column that the file does not tell, for example gpu=H100 or n_gpus=8. Repeatable.":
        "文件中没有的列,例如 gpu=H100 或 n_gpus=8。可重复。",
    "For a log of requests: its columns of arrival, prompt tokens, output tokens.":
        "用于请求日志:到达时刻、提示词元、输出词元所在的列。",
    "For a log of requests: so many bad lines may be left out.": "用于请求日志:最多可略去这么多坏行。",
    "A table of measured rows: of `import`, or in the columns of `validate`. Repeatable.":
        "一张实测数据表:由 `import` 得到,或用 `validate` 的列。可重复。",
    "Of the draws.": "抽样的随机种子。",
    "Take the card as unknown, give so many of its rows by lot and predict the rest; without --data of the shipped"
    " rows.": "把该卡当作未知,随机给出这么多行,预测其余各行;不给 --data 时用自带的数据。",
    "Lots that --judge draws.": "--judge 抽取的次数。",
    "Rows that --judge takes, by lot.": "--judge 随机取用的行数。",
    "With --judge: nobody knows the maker's other cards either.": "与 --judge 同用:连该厂商的其他卡也无人了解。",
    "Draws that are kept.": "保留的抽样数。",
    "Your own measurements, in the shipped columns.": "您自己的实测数据,列与自带的相同。",
    "Print the errors by what plans shard, as `plan: best` uses them (CSV).":
        "按方案切分的内容输出误差,即 `plan: best` 所用的(CSV)。",
    "Print the residuals of all domains, of which bands are made (CSV; a minute).":
        "输出各领域的残差,区间由它们得来(CSV;约一分钟)。",
    "Predict every such group with the constants found again without its rows.":
        "去掉每一组的数据行重新求常数,再预测该组。",
    "Hold rows against P10-P90 made without their source, or those of --data against the shipped bands.":
        "把数据行与不含其来源的 P10-P90 对照,或把 --data 的行与自带的区间对照。",
    "Write one row as a scenario file: running it gives the row's prediction.":
        "把一行写成场景文件:运行它就得到该行的预测。",
    # --- plan
    "What to solve for: the card's price, the share of hours sold, the price of electricity.":
        "求什么:卡价、售出时长占比、电价。",
    "An incumbent that does the same demand, the rent of a card-hour, or the price of a million served tokens.":
        "与何者相比:做同样需求的现有方案、每卡时租金,或每百万服务词元的价格。",
    "Scenario of the incumbent; absent: the scenario's own.": "现有方案的场景;不给则用场景自己的。",
    "CNY per card-hour (rent), or per unit of the workload (incumbent, api): '4 CNY'.":
        "每卡时的元数(rent),或每单位负载的元数(incumbent、api):'4 CNY'。",
    "Whose unit counts; by default the only one, else the whole demand.":
        "以哪个负载的单位计;默认唯一的一个,否则为全部需求。",
    "Most training tokens per second kept, the cheapest token, or the cheapest cluster.":
        "每秒留存的训练词元最多、词元最便宜,或集群最便宜。",
    "The training workload; by default the only one.": "训练负载;默认唯一的一个。",
    "Tokens to be trained, for example 2T or '300 Gtokens'.": "要训练的词元数,例如 2T 或 '300 Gtokens'。",
    "Most days that the tokens may take, for example '60 d'.": "训练这些词元最多可用的天数,例如 '60 d'。",
    "Most capex, VAT included, for example '300 MCNY'.": "资本开支上限,含增值税,例如 '300 MCNY'。",
    "Most provisioned facility power, for example '1 MW'.": "设施配电功率上限,例如 '1 MW'。",
    "Most racks, those of network and storage included.": "机柜数上限,含网络与存储机柜。",
    "Latest day, as 2026-12-01 or as weeks from the order ('20 week'): of the last token where --tokens is given,"
    " else of the"
    " running cluster.":
        "最迟日期,写作 2026-12-01 或自下单起的周数('20 week'):给出 --tokens 时为最后一个词元的日期,否则为集群投运日"
        "期。",
    "Day of the order; by default the first of the month of the prices.": "下单日期;默认为价格所属月份的第一天。",
    "Try these cards, too.": "也试这些卡。",
    "Try these NICs, too.": "也试这些网卡。",
    "Keep the scenario's global batch, or size it within a tenth, so that more cards can share it.":
        "保持场景的全局批量,或在十分之一内调整,使更多卡可以分担。",
    "Put this one's demand on all scenarios.": "把此场景的需求放到所有场景上。",
    "Price each scenario at its own site; else all at the first one's.":
        "各场景按自己的站点定价;否则都按第一个的站点。",
    "Largest, cards.": "最大卡数。",
    "How many to show.": "显示多少个。",
    "Write the first as a scenario that runs as it stands.": "把第一个写成可直接运行的场景。",
    "Meet the limits with this probability over all that is uncertain, for example 0.9.":
        "在全部不确定性下以此概率满足限制,例如 0.9。",
    "Draws behind intervals and shares (64, with --probability 256); 0 leaves them out.":
        "区间与占比背后的抽样次数(64,加 --probability 时 256);0 则不给。",
    "Which workload, where the scenario has several of the kind.": "场景有几个同类负载时,用哪一个。",
    "How rarely a failed server may find no spare.": "故障服务器找不到备机的概率上限。",
    "Share of the time in which enough servers must be whole.": "服务器数量必须足够的时间占比。",
    "Promise: a failure is recovered within.": "承诺:故障在此时间内恢复。",
    "Penalty of each later restore.": "每次超时恢复的罚金。",
    "Promise: tokens per card, failures included, over those of the smallest cluster.":
        "承诺:计入故障的每卡词元与最小集群之比。",
    "Penalty of each point of a hundred below it.": "每低一个百分点的罚金。",
    "Penalty of a run that people had to restart.": "需要人工重启的运行的罚金。",
    "What a premium adds to the expected penalty, as a share of it.": "保费在期望罚金之上的加成比例。",
    "Requests to carry, for example '231 1/s' or '20e6 1/d': how many cards does that take?":
        "要承载的请求,例如 '231 1/s' 或 '20e6 1/d':需要多少张卡?",
    "By how much of its mean a demand goes up and down in a day, for example 0.6: what is bought for the peak, and"
    " what must run"
    " in each hour.":
        "需求一天内上下波动占均值的比例,例如 0.6:按峰值购置多少,每小时须运行多少。",
    "Tokens a day to carry (prompt and answer), for example 2T.": "每天要承载的词元(提示与回答合计),例如 2T。",
    "Video streams to carry at once on average, of the stated mix.": "平均同时承载的视频路数,按给定的组合。",
    "Share of the streams that must find room, by its lower 95 % bound.": "必须接入的路数占比,按其 95 % 下界。",
    "Compare parallel plans of a replica by cost per token.": "按每词元成本比较副本的并行方案。",
    "Search plan, batch and chunk under the service level, cheapest first.":
        "在服务水平下搜索方案、批量与分块,最便宜者在前。",
    "Search number formats too (--search); quality is not modelled.": "也搜索数值格式(--search);不模拟质量。",
    "Throughput of a card against that of a user, with cost, over all plans and loads.":
        "遍历方案与负载,给出每卡吞吐对每用户吞吐的前沿及其成本。",
    "The largest fleet within this capex, VAT included, for example '300 MCNY'.":
        "在此资本开支(含增值税)之内的最大机群,例如 '300 MCNY'。",
    "The largest fleet within this facility power, for example '1 MW'.": "在此设施功率之内的最大机群,例如 '1 MW'。",
    "The largest fleet within so many racks, those of network and storage included.":
        "在此机柜数之内的最大机群,含网络与存储机柜。",
    "How many of --search.": "--search 显示多少个。",
    "Years, each class growing.": "年数,各类别逐年增长。",
    "Override an input of every class's scenario. Repeatable.": "改写每个类别场景的一个输入。可重复。",
    "Numbers of cards to consider, for example 512,1024; the scenario's by default.":
        "要考虑的卡数,例如 512,1024;默认用场景的。",
    "Show the plans that none beats in time, memory and cost at once.": "显示在时间、显存、成本上同时不被胜过的方案。",
    "Show what each choice of the best plan is worth, and why.": "显示最优方案的每个选择值多少,以及原因。",
    "Consider keeping optimizer or activations in host memory, too.": "也考虑把优化器或激活放在主机内存。",
    # --- studies
    "KEY=a,b,c or KEY=lo:hi:n or KEY=log:lo:hi:n. Repeatable.": "KEY=a,b,c 或 KEY=lo:hi:n 或 KEY=log:lo:hi:n。可重复。",
    "Outputs to print; repeatable.": "要输出的结果;可重复。",
    "All combinations, or a sample of them.": "全部组合,或其抽样。",
    "Points of a sample.": "抽样的点数。",
    "Local processes; by default one a processor, 1 is serial.": "本机进程数;默认每个处理器一个,1 为串行。",
    "Run on an existing Dask cluster (needs the dask extra).": "在已有的 Dask 集群上运行(需要 dask 扩展)。",
    "Say which stages were reused.": "说明哪些阶段被重用。",
    "Replace the study's number of points.": "替换研究的点数。",
    "Stop as soon as the P50 of the first output is known to this share of itself; points is then the limit.":
        "第一个输出的 P50 精确到自身的这一比例即停;此时 points 为上限。",
    "Replace the study's method.": "替换研究的方法。",
    "Base points (Sobol) or trajectories (Morris).": "基点数(Sobol)或轨迹数(Morris)。",
    "Output to make small. Repeatable.": "要使之小的输出。可重复。",
    "Output to make large. Repeatable.": "要使之大的输出。可重复。",
    "Constraint on an output. Repeatable.": "对输出的约束。可重复。",
    "The input and the range to look in.": "要求的输入与寻找范围。",
    "The output and its target.": "输出及其目标值。",
    "Kind of file.": "文件的种类。",
    # --- forecast, audit, export, proposal
    "The half that FILE reports, for example 2026H1.": "FILE 所披露的半年,例如 2026H1。",
    "Print the block `products` of the company file instead of the table.": "改为输出公司文件的 `products` 部分。",
    "Take the companies of FILE alone: others leave the group.": "只用 FILE 中的公司:其他公司移出可比组。",
    "CNY per unit of a currency: EUR=7.8. Repeatable.": "每单位货币的元数:EUR=7.8。可重复。",
    "Over what: discount rate and growth, or prices and units.": "对什么:折现率与增长率,或单价与销量。",
    "Samples that are drawn.": "抽样数。",
    "By quarters.": "按季度。",
    "Show only these tables. Repeatable.": "只显示这些表。可重复。",
    "Let the listing proceeds arrive in the first year.": "让上市募资在首年到账。",
    "Valuation date of dated flows.": "按日期折现的估值日。",
    "as_of of the company file": "公司文件的 as_of", "that of --lang": "与 --lang 相同",
    "Also value an exit at this multiple of EBITDA.": "另按此 EBITDA 倍数退出估值。",
    "Show in the table what is right, too.": "表中也显示正确的项。",
    "Exit with 5 when anything is wrong.": "有任何错误则退出码为 5。",
    "Proceeds of a listing that the cash flow leaves out, for the bridge: '5 GHKD'.":
        "现金流未计入的上市募资,用于勾稽:'5 GHKD'。",
    "Unit of tables that state none: 'RMB mn', CNY_thousand.": "未注明单位的表的单位:'RMB mn'、CNY_thousand。",
    "Reporting currency per unit of another: HKD=0.92. Repeatable.": "每单位其他货币折合的报告货币:HKD=0.92。可重复。",
    "English, Chinese, or a document of each.": "英文、中文,或各一份。",
    "An update says what the changed inputs do to the target price.": "update 说明改动的输入对目标价的影响。",
    "Form.": "形式。",
    "Case that the selector stands on.": "情景选择器所处的情景。",
    "Language.": "语言。",
    "Folder of printed tables to audit into a sheet.": "要审核进一张工作表的印刷表格文件夹。",
    "A scenario to be held against. Repeatable; more of them may follow it.": "用来对比的场景,可重复,其后可再跟多个。",
    "Form, repeatable; all of them by default.": "形式,可重复;默认全部。",
    "Draws behind the intervals.": "区间背后的抽样次数。",
    "Replace the recorded anchors by the fresh values.": "用新值替换已记录的锚点。",
    # --- web
    "Address to serve on; another than this machine's needs --token.": "服务地址;非本机地址须给 --token。",
    "Port; 0 takes a free one.": "端口;0 取一个空闲的。",
    "What every request must bring; 'new' makes one. Needed beyond this machine.":
        "每个请求必须携带的口令;'new' 生成一个。超出本机时必须给。",
}  # fmt: skip
