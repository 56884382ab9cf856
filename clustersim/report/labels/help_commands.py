"""Help of the commands, a paragraph each: English as the program has it, and Chinese."""

from __future__ import annotations

__all__ = ["TEXTS"]

TEXTS: dict[str, str] = {
    "Simulate a GPGPU cluster from its hardware profile to throughput, cost per token and target price.":
        "从硬件参数仿真一个 GPGPU 集群:吞吐、每词元成本,直到厂商的目标价。",
    # --- the list of commands
    "Run a scenario through the whole chain, from card to target price.": "运行一个场景的全链条:从加速卡到目标价。",
    "Run the training job: its step, and its month at any fidelity.":
        "运行训练任务:单步时间,以及任一精细度的长期运行。",
    "Queue many jobs on one cluster and see how well it is used.": "在一个集群上排队运行许多任务,看利用得如何。",
    "Serve requests or video streams: latency, throughput, cost per token.":
        "推理请求或视频流:延迟、吞吐、每词元成本。",
    "Lay out a cluster's fabric as a graph beside its closed forms.": "把集群的互连画成图,并与解析式对照。",
    "Time collectives on a cluster as the library's tests do.": "按通信库测试的口径计算集合通信时间。",
    "Examine published claims of reliability against a scenario.": "用一个场景检验公开的可靠性说法。",
    "Show the chain of terms before and after a change of inputs.": "显示改动输入前后整条链上的各项。",
    "Check a scenario and its profiles; say where each value came from.": "检查场景及其参数文件,并说明每个值的出处。",
    "List every input: its key, unit, range, tier and readers.": "列出全部输入:键名、单位、范围、来源等级、何处使用。",
    "Print the JSON Schema of a kind of input file.": "输出某类输入文件的 JSON Schema。",
    "Read a file from outside by its content: results, logs, price lists, configurations.":
        "按内容读取外部文件:测试结果、日志、报价单、模型配置。",
    "Say what the files of a folder are and what they are good for.": "说明文件夹里各文件是什么、能做什么用。",
    "Write a kit that measures one server: a script, 15 minutes, one JSON.":
        "生成单台服务器的测量套件:一个脚本,15 分钟,一个 JSON。",
    "Find a card's constants from measured rows, with their ranges.": "由实测数据求加速卡的常数及其范围。",
    "List hardware profiles, show one, or compare two.": "列出硬件参数文件、显示一个,或比较两个。",
    "Price a cluster: bill, yearly cost, intervals, and the market's rent.":
        "为集群定价:物料清单、年成本、区间与市场租金。",
    "Say what it is worth to know each uncertain input, for a decision.": "就一项决策,说明弄清每个不确定输入值多少。",
    "Put the same demand on several clusters, side by side.": "把同一需求放到几个集群上并排比较。",
    "Ask backwards: which plan, how many cards.": "反过来问:用哪种方案,要多少张卡。",
    "Run every combination of varied inputs.": "运行所变输入的全部组合。",
    "Carry uncertain inputs through the chain: P10, P50, P90.": "让不确定的输入走完全链条:P10、P50、P90。",
    "Rank inputs by what they do to an output.": "按对输出的影响给输入排序。",
    "Find the best of a design space under constraints.": "在约束下寻找设计空间中的最优。",
    "Find the input that gives an output its target.": "求使输出达到目标值的输入。",
    "Resume, query and export studies kept in a folder.": "续跑、查询、导出保存在文件夹中的研究。",
    "The company model: statements, recovery, conventions, cases, Monte Carlo.":
        "公司模型:报表、还原、估值口径、情景、蒙特卡洛。",
    "Recompute a printed report and say what does not hold.": "重算一份印刷的报告,指出何处不成立。",
    "Take a forecast away: workbook, note, slides, evidence.": "导出预测:工作簿、研究报告、幻灯片、证据包。",
    "Write a proposal against alternatives: documents, workbook, page, evidence.":
        "写一份与备选方案对比的建议书:文档、工作簿、网页、证据包。",
    "Recompute a bundle of evidence from its own files and say what differs.": "用证据包自身的文件重算,指出差异。",
    "Compare or record what ties the forecast to the simulator.": "比较或记录预测与仿真之间的锚点。",
    "Serve the what-if page on this machine.": "在本机打开假设分析网页。",
    "Predict published measurements and print the errors.": "预测公开的实测数据并给出误差。",
    # --- one scenario
    "Run SCENARIO (a file or a shipped name): its demand on its site, from the cards to a target price.":
        "运行 SCENARIO(文件或自带的名称):把它的需求放到它的站点上,从加速卡直到目标价。",
    "Run a training workload of SCENARIO: its step by the stated plan or the best one, and the long run with"
    " failures and"
    " checkpoints.":
        "运行 SCENARIO 的训练负载:按给定方案或最优方案的单步时间,以及含故障与检查点的长期运行。",
    "Queue the jobs of SCENARIO on its cluster, with failures, priorities and pre-emption; or replay a trace.":
        "让 SCENARIO 的任务在其集群上排队,含故障、优先级与抢占;或回放一份作业记录。",
    "The cost of a useful card-hour is told where the site has prices (tco).":
        "站点有价格(tco)时,给出每有效卡时的成本。",
    "Serve the requests of SCENARIO, or its video streams, and print latency, throughput, use and cost.":
        "为 SCENARIO 的请求或视频流提供推理服务,给出延迟、吞吐、利用率与成本。",
    "Lay out what joins the cards of SCENARIO as a graph: parts, rates, what failures leave.":
        "把 SCENARIO 中连接各卡的网络画成图:部件、速率、故障后剩余的能力。",
    "Time collectives on the cluster of SCENARIO: those that the file names, or those of the options.":
        "计算 SCENARIO 集群上集合通信的时间:文件中列出的,或由选项给出的。",
    "Bytes and bus bandwidth are counted as the NCCL tests count them.": "字节数与总线带宽按 NCCL tests 的口径计。",
    "Examine the published claims of 5 and 30 days, 5 minutes and 95 % against SCENARIO.":
        "用 SCENARIO 检验公开的说法:5 天与 30 天、5 分钟、95 %。",
    "Show what a change of inputs does along the chain of SCENARIO, from the input to HKD per share.":
        "显示输入的改动沿 SCENARIO 全链条的影响,从输入直到每股港元。",
    "What the change makes the valuation say (that an input has no effect, and why; what binds) goes to stderr.":
        "估值因此要说明的话(某输入没有影响及其原因;何者起约束)写到标准错误。",
    "Check SCENARIO and every profile it names; all problems of a file are reported at once.":
        "检查 SCENARIO 及其引用的每个参数文件;一个文件的所有问题一次报出。",
    "Price the site of SCENARIO: bill of materials, cost over its life and of every workload's units, intervals, the"
    " market's rent beside it.":
        "为 SCENARIO 的站点定价:物料清单、全寿命成本与各负载单位的成本、区间,并列出市场租金。",
    "Say what it is worth to know each uncertain input of SCENARIO, for an output and a decision.":
        "对一个输出和一项决策,说明弄清 SCENARIO 的每个不确定输入值多少。",
    "Shares of the output's variance (first order, Shapley); with --decide the expected gain of knowing each input,"
    " of each"
    " measurement of the kit, and of knowing all; the order in which to measure.":
        "给出占输出方差的份额(一阶、Shapley);加 --decide 时给出弄清每个输入、做套件中每项测量、弄清全部的期望收益,"
        "以及测量的先后。",
    "Run one demand on the clusters of SCENARIOS, each at its sustainable rate: cost of every unit, power, service"
    " level,"
    " plans, and the difference by term. With --budget, --power or --racks at equal means: each cluster grows by whole"
    " servers or supernodes, unlike groups in their ratio.":
        "在各 SCENARIOS 的集群上运行同一需求,各取其可持续速率:单位成本、功率、服务水平、方案,以及逐项差异。给出"
        " --budget、--power 或 --racks 时按同等条件比较:各集群按整台服务器或整个超节点扩展,异种卡组保持比例。",
    "Keys of --set reach every side where they say what is asked, its price or a part; keys of a cluster reach the"
    " first;"
    " SCENARIO.KEY reaches one.":
        "--set 的键若说明需求、价格或部件,则作用于每一方;集群的键只作用于第一方;SCENARIO.KEY 只作用于所指的一方。",
    # --- files
    "List the keys that --set, --vary and study files take; with WORD those that have it in key or description.":
        "列出 --set、--vary 与研究文件可用的键;给出 WORD 时只列键名或说明中含它的。",
    "Names of your own stand in capitals: cards.NAME.price. The tiers are those with which the shipped scenarios"
    " state the"
    " key, or (with --scenario) what that scenario states.":
        "由您命名之处用大写:cards.NAME.price。等级是自带场景给该键的来源等级,或(加 --scenario 时)该场景所给的等级。",
    "Print the JSON Schema of a KIND of file: every field with its unit, bounds, tiers and meaning.":
        "输出某类文件 KIND 的 JSON Schema:每个字段的单位、上下限、来源等级与含义。",
    "Without KIND: list the kinds. With -o: write the schemas of all kinds (or of KIND) into a folder; the shipped"
    " files name"
    " ../schemas or ../../schemas in their first line, where an editor looks for them.":
        "不给 KIND:列出各类。加 -o:把各类(或 KIND)的 schema 写入文件夹;自带文件的首行写着 ../schemas 或 ../../schemas,"
        "编辑器据此查找。",
    "Read a FILE from outside by its content, whatever its name.": "按内容读取外部的 FILE,不论它叫什么。",
    "Results of serving benchmarks, logs of collectives tests and of training, sweeps of operators, samples of"
    " power, lists"
    " of prices, logs of failures and of requests, job traces, and a model's published config.json.":
        "推理测试结果、集合通信测试与训练的日志、算子扫描、功率采样、报价单、故障与请求日志、作业记录,以及模型公开的"
        " config.json。",
    "Without -f the file that it becomes is printed, or with -o written into the folder; with -f its rows or"
    " figures. What the"
    " file holds and this program cannot express is named, and nothing is written.":
        "不加 -f 时输出它变成的文件,或加 -o 写入文件夹;加 -f 时输出其行或数值。文件中有而本程序无法表达的内容会被指出,"
        "此时不写任何文件。",
    "Say of each file in FOLDER (and the folders in it) what it is, what it is good for, or why it cannot be read.":
        "对 FOLDER(及其子文件夹)中的每个文件,说明它是什么、能做什么用,或为何读不了。",
    "Write the kit that measures one server: a script that runs without this program, and how to run it.":
        "生成测量单台服务器的套件:一个不依赖本程序的脚本,以及运行方法。",
    "It takes about 15 minutes and writes one JSON, which `clustersim import` makes rows of.":
        "约需 15 分钟,写出一个 JSON,由 `clustersim import` 变成数据行。",
    "Find the factors on CARD's constants that measured rows show: posterior, what they say nothing about, outliers.":
        "由实测数据求 CARD 各常数的系数:后验、数据说明不了的、异常值。",
    "With -o the folder gets a profile of the card with the factors and their ranges (hwprofiles/cards/CARD.yaml),"
    " draws, a"
    " study of kind mc and the report. Interrupted, the same command takes up what was run.":
        "加 -o 时文件夹得到带系数及其范围的卡参数文件(hwprofiles/cards/CARD.yaml)、抽样、一份 mc 研究与报告。中断后,"
        "同一命令会接着算。",
    "List hardware profiles, show one with its sources, or compare two.":
        "列出硬件参数文件、显示一个及其出处,或比较两个。",
    "Compare two profiles field by field, with the ratio of the numbers.": "逐字段比较两个参数文件,并给出数值之比。",
    "List the profiles of a kind.": "列出某一类参数文件。",
    "Show every field of a profile with its range, tier and source; of a model also what they add up to.":
        "显示参数文件的每个字段及其范围、等级与出处;对模型还给出合计。",
    "Predict every row of DOMAIN's measurements and print the errors, in total and by whatever may hide them.":
        "预测 DOMAIN 的每一行实测数据,给出总误差,以及按各种可能掩盖误差的因素分组的误差。",
    "``-f csv`` prints one line a row: predicted, measured, error, and why a row was set aside.":
        "``-f csv`` 每行数据输出一行:预测、实测、误差,以及某行为何被搁置。",
    # --- backwards
    "Find plans and sizes that meet a goal.": "寻找满足目标的方案与规模。",
    "Find the price, share of hours sold, or tariff at which SCENARIO's site matches what it is held against.":
        "求 SCENARIO 的站点与对照相当时的卡价、售出时长占比或电价。",
    "Find the best cluster under limits: SCENARIOS at every size, with their own cards and NIC and those of --card"
    " and --nic.":
        "在限制下寻找最好的集群:各 SCENARIOS 的每种规模,用自己的卡与网卡以及 --card 与 --nic 给出的。",
    "Whole servers, the plan searched for each size, failures included. Differences under 0.5 % are ties, and the"
    " cheaper"
    " wins. Exit code 3 names the nearest cluster when none meets the limits.":
        "以整台服务器计,对每种规模搜索方案,计入故障。差异小于 0.5 % 视为并列,较便宜者优先。没有集群满足限制时,退出码"
        " 3 并"
        "给出最接近的集群。",
    "Ask SCENARIO's long run backwards: how many spares, which checkpoint intervals, what a promise costs, and what"
    " ETTR, cost"
    " and price become if its cards fail as those of other fleets do.":
        "就 SCENARIO 的长期运行反过来问:要多少备机、检查点间隔多长、一项承诺值多少,以及若故障率与其他机群相同,有效训"
        "练时间"
        "占比、成本与价格会怎样。",
    "Ask SCENARIO backwards: the largest rate at its service level, the cards for a demand, the cheapest plan.":
        "就 SCENARIO 反过来问:在其服务水平下的最大速率、满足需求所需的卡数、最便宜的方案。",
    "Find the cards, megawatts and capex for monthly TOKENS by class of model (a file, or a shipped name).":
        "按模型类别,由每月词元数 TOKENS(文件或自带的名称)求所需的卡数、兆瓦与资本开支。",
    "Find the fastest plans for a training workload of SCENARIO on its cards; under limits, the cluster for it.":
        "在 SCENARIO 的卡上寻找某训练负载的最快方案;有限制时,寻找所需的集群。",
    "With --tokens the days that they take are told. With --days, --budget, --power, --racks or --date the size is"
    " asked for:"
    " the cheapest cluster that meets a deadline, or the fastest within the other limits. Plans are ranked by time"
    " corrected"
    " for the known error of their kind; differences under 0.5 % are ties, and the cheaper wins.":
        "加 --tokens 时给出所需天数。加 --days、--budget、--power、--racks 或 --date 时求规模:满足期限的最便宜集"
        "群,或其他限制"
        "下最快的集群。方案按其类别的已知误差修正后的时间排序;差异小于 0.5 % 视为并列,较便宜者优先。",
    "Say what the forecast units of SCENARIO's card mean: thousand-card sites, deals, power, memory stacks, wafers.":
        "说明 SCENARIO 所用卡的预测销量意味着什么:千卡集群、订单、功率、显存堆叠、晶圆。",
    # --- many points
    "Run every combination of the varied inputs of STUDY (a scenario, or a study file of kind sweep).":
        "运行 STUDY(场景,或 sweep 类研究文件)所变输入的全部组合。",
    "Sample the uncertain inputs of STUDY (a study file) and print P10, P50 and P90 of its outputs.":
        "对 STUDY(研究文件)的不确定输入抽样,给出各输出的 P10、P50、P90。",
    "Rank the inputs of STUDY (a study file) by what they do to its first output.":
        "按对第一个输出的影响,给 STUDY(研究文件)的输入排序。",
    "Find the points of STUDY's design space that no other beats; the first goal's best stands first.":
        "寻找 STUDY 设计空间中不被任何其他点胜过的点;第一个目标的最优排在最前。",
    "Find the value of an input of SCENARIO that gives an output its target.":
        "求 SCENARIO 某输入的值,使输出达到目标。",
    "Resume, inspect, query and export studies that were kept in a folder.":
        "续跑、查看、查询、导出保存在文件夹中的研究。",
    "Write a study's table to one file of the folder -o.": "把研究的表写成文件夹 -o 中的一个文件。",
    "Run an SQL query (one SELECT) over a study; its table is called ``study``.":
        "对研究运行一条 SQL 查询(一个 SELECT);表名为 ``study``。",
    "Run what a study's FOLDER is missing.": "运行研究文件夹 FOLDER 中尚缺的部分。",
    "Say how much of a study is done and what it is.": "说明研究完成了多少、是什么研究。",
    # --- the company
    "Statements, recovery, calibration, conventions, grids, cases and Monte Carlo of the company.":
        "公司的报表、还原、校准、估值口径、敏感性表、情景与蒙特卡洛。",
    "Hold reported halves against the forecast, and lead the target price from before to after.":
        "把已披露的半年数与预测对照,并说明目标价如何由前到后。",
    "Figures come from `actuals` of the company file, or from FILE: a CSV of `line,value` in thousand CNY, or with a"
    " unit in"
    " the heading (`value (CNY mn)`).":
        "数值取自公司文件的 `actuals`,或取自 FILE:一份 `line,value` 的 CSV,单位为千元,或在表头写明单位(`value (CNY"
        " mn)`)。",
    "Solve units and prices by product from the printed revenue; bands, and what is not identified.":
        "由印刷的收入按产品求销量与单价;给出范围,并指出哪些无法确定。",
    "`--write` prints the drivers that the company file then holds: nothing is rescaled behind it.":
        "`--write` 输出公司文件随后采用的驱动因素:背后不再做任何缩放。",
    "Run the named cases of the company file beside the base, and the way to each, input by input.":
        "运行公司文件中列出的情景,与基准并列,并逐项说明如何到达。",
    "Put companies (or scenarios) side by side; without NAMES every company file that is found.":
        "把公司(或场景)并排比较;不给 NAMES 时列出找到的所有公司文件。",
    "Refresh the peers from FILE (CSV, long or with years across): multiples and target price before and after.":
        "用 FILE(CSV,长表或年份横排)更新可比公司:更新前后的倍数与目标价。",
    "Prints the block `peers.members` for the company file.": "输出公司文件所用的 `peers.members` 部分。",
    "Put ours beside a consensus FILE (CSV as a data vendor exports it, columns by alias).":
        "与一致预期 FILE 对照(数据商导出的 CSV,列名可用别名)。",
    "Hold the forecast against its market: which share of the domestic makers' sales it means, year by year.":
        "把预测与市场对照:逐年说明它意味着国产厂商销售中的多大份额。",
    "List where our drivers depart from the printed ones, what each is worth alone, and the journal of changes.":
        "列出我们的驱动因素与印刷值的不同之处、各自单独值多少,以及改动日志。",
    "Target price over WACC x growth, or price x volume, around the case.":
        "目标价对 WACC × 增长率或单价 × 销量的敏感性表。",
    "Show the income statement by halves or quarters.": "按半年或季度显示利润表。",
    "Draw the uncertain inputs of the company: P10, P50, P90 of the target price.":
        "对公司的不确定输入抽样:目标价的 P10、P50、P90。",
    "For the uncertain inputs of the cards and the cluster as well, use `clustersim mc`.":
        "若要连同加速卡与集群的不确定输入,请用 `clustersim mc`。",
    "Move each uncertain input over its range, and say at which value the target price would be the market's.":
        "让每个不确定输入走遍其范围,并说明取何值时目标价等于市价。",
    "Recover the revenue that the report does not print, and say how strongly its rows support it.":
        "还原报告没有印出的收入,并说明报告各行对它的支持有多强。",
    "Roll the base a year on: the first flow becomes cash, the others come nearer, the multiple is the next year's.":
        "把基准年后移一年:首笔现金流变为现金,其余更近,倍数取下一年。",
    "Show the statements, the cash-flow table, the products and the checks of SCENARIO.":
        "显示 SCENARIO 的报表、现金流表、产品与校验。",
    "Value the lines one by one, each by its own multiple (`sotp` of the company file) or the peers'.":
        "逐条业务线估值,各用自己的倍数(公司文件的 `sotp`)或可比公司的倍数。",
    "Split what the cards' worth does to the target price of SCENARIO: by line, by multiple and cash flow, by year.":
        "拆分各卡价值对 SCENARIO 目标价的影响:按产品线、按倍数与现金流、按年。",
    "Value SCENARIO under the usual conventions, and backwards from the printed value and the market price.":
        "按常用口径为 SCENARIO 估值,并由印刷值与市价反推。",
    "Audit the printed tables in FOLDER (or an XLSX file, a sheet a table): every figure that can be.":
        "审核 FOLDER 中的印刷表格(或一个 XLSX 文件,每个工作表一张表):能核对的每个数。",
    "Tables are known by name (income_statement.csv, 资产负债表.csv), lines by what reports call them in either"
    " language, long"
    " or with the years across, in any one currency. What is not understood is an error that says so.":
        "表按名称识别(income_statement.csv、资产负债表.csv),行按报告中的中英文叫法识别,长表或年份横排,任一种货币。看"
        "不懂的"
        "会作为错误指出。",
    "Take a forecast away: a live workbook, a research note, slides, or evidence that `verify` recomputes.":
        "导出预测:含公式的工作簿、研究报告、幻灯片,或可由 `verify` 复算的证据包。",
    "Write inputs, profiles, versions, seeds, digests and outputs of SCENARIO into the new folder -o.":
        "把 SCENARIO 的输入、参数文件、版本、种子、摘要与输出写入新文件夹 -o。",
    "`clustersim verify` recomputes all of it from the folder alone, on any machine, offline.":
        "`clustersim verify` 只凭该文件夹就能在任何机器上离线重算全部。",
    "Write a research note on SCENARIO into the folder -o, as NAME-LANGUAGE.docx and .pdf.":
        "把关于 SCENARIO 的研究报告写入文件夹 -o,文件名为 NAME-LANGUAGE.docx 与 .pdf。",
    "Thesis, corridor, products, forecast, valuation, scenarios, what would change our mind, risks, assumptions with"
    " tiers,"
    " disclosures as a template. Every number is one that the commands print.":
        "观点、传导链、产品、预测、估值、情景、何事会改变我们的看法、风险、带等级的假设、披露模板。每个数都是命令会"
        "输出的数。",
    "Write the note on SCENARIO as slides with native charts into the folder -o, NAME-LANGUAGE.pptx.":
        "把关于 SCENARIO 的报告写成带原生图表的幻灯片,放入文件夹 -o,文件名 NAME-LANGUAGE.pptx。",
    "Write SCENARIO as NAME.xlsx into the folder -o: inputs, statements, DCF, sensitivities, charts, checks.":
        "把 SCENARIO 写成文件夹 -o 中的 NAME.xlsx:输入、报表、DCF、敏感性、图表、校验。",
    "Write a proposal of SCENARIO against others at the same demand into the folder -o.":
        "把 SCENARIO 在同一需求下与其他方案对比的建议书写入文件夹 -o。",
    "Need, design, performance with intervals, reliability, bill, cash, cost against each alternative, risks,"
    " sources, terms"
    " as a template: as documents, a live workbook, a page with sliders, and the evidence that `verify` recomputes.":
        "需求、设计、带区间的性能、可靠性、物料清单、现金流、与各备选方案的成本对比、风险、出处、条款模板:形式为文档"
        "、活工作簿、"
        "带滑块的网页,以及可由 `verify` 重算的证据包。",
    "Recompute BUNDLE from its own files and print what differs; exit with 5 when anything does.":
        "用 BUNDLE 自身的文件重算并输出差异;有任何差异则退出码为 5。",
    "Compare the recorded anchors of the product lines with a fresh run, or record them anew.":
        "把各产品线已记录的锚点与新的运行比较,或重新记录。",
    "Serve the what-if page: drag an input, watch it go through to the price of a share.":
        "打开假设分析网页:拖动一个输入,看它一路传到股价。",
    "The page, its numbers and its charts come from this program alone: it works without a network.":
        "网页、数字与图表全部来自本程序:无需网络。",
}  # fmt: skip
