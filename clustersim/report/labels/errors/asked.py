"""What a question, a study, a page or a document lacks."""

from __future__ import annotations

__all__ = ["TEXTS"]

TEXTS: dict[str, str] = {
    "cite takes the result of a run: cs.cite(scenario.run())":
        "cite 要求一次运行的结果:cs.cite(scenario.run())",
    "no company or scenario {}; {}": "没有公司或场景 {};{}",
    "no language {} of a note; write en or zh": "纪要没有语言 {};请写 en 或 zh",
    "the anchors of {} are stale; run `clustersim anchors --write`":
        "{} 的锚点已过时;请运行 `clustersim anchors --write`",
    "{}: is a file of kind {}, and {} is asked for; {}": "{}:是 {} 类文件,而所问须为 {};{}",
    "value takes the name of a term as text, not {}": "value 要求以文本给出项的名称,不是 {}",
    "explain takes a scenario: cs.load(name), with its changes":
        "explain 要求一个场景:cs.load(name) 及其改动",
    "{}: {} is one value; give a list of values, or text like '1:2:5'":
        "{}:{} 是一个值;请给一列值,或 '1:2:5' 这样的文本",
    "'': names no scenario": "'':没有给出场景名",
    "explain needs a change: set an input, or give another scenario":
        "explain 需要一处改动:请改写一个输入,或给另一个场景",
    "--restore {}: a time to recover within is above zero": "--restore {}:恢复时限须大于零",
    "{}: its groups are what is chosen from; write the clusters of {} into it as groups, or ask for "
    "scenarios of equal cards":
        "{}:所选范围就是它的分组;请把 {} 的集群作为分组写入其中,或问卡型单一的场景",
    "no study or scenario {}; {}": "没有研究或场景 {};{}",
    "two columns of the answer are called {}; name them apart with AS": "答案中有两列同名 {};请用 AS 区分",
    "{}: a study is exported as {}": "{}:研究可导出为 {}",
    "{}: no point is done yet; run `clustersim study resume {}`":
        "{}:尚无已完成的点;请运行 `clustersim study resume {}`",
    "the query must be one SELECT: a study is only read": "查询须为一条 SELECT:研究只能读取",
    "the query cannot be run: {}{}": "查询无法执行:{}{}",
    "{}: is a scenario, and {} takes a study file, which names the uncertain inputs (docs/studies.md); "
    "`clustersim sweep {}` and `clustersim run {}` take a scenario":
        "{}:是场景,而 {} 要求研究文件,其中写明不确定的输入(docs/studies.md);`clustersim sweep {}` 与 "
        "`clustersim run {}` 接受场景",
    "--rate {}: a rate is greater than zero": "--rate {}:汇率须大于零",
    "--rate {}: write a currency and CNY per unit of it, for example EUR=7.8":
        "--rate {}:请写币种及每单位的人民币元数,例如 EUR=7.8",
    "{} is no finite number": "{} 不是有限的数",
    "-o '': names no folder; give one, or -o . for this one":
        "-o '':没有文件夹名;请给一个,或用 -o . 表示当前文件夹",
    "{}: no folder can have this name": "{}:文件夹不能用这个名称",
    "Missing option '-o' / '--output': the folder to write to.":
        "缺少选项 '-o' / '--output':要写入的文件夹。",
    "--cards {}: write whole numbers above zero, for example 512,1024":
        "--cards {}:请写大于零的整数,例如 512,1024",
    "--scaling {}: write LOW:HIGH, for example 8:131072": "--scaling {}:请写 LOW:HIGH,例如 8:131072",
    "give either a SCENARIO, or --trace with --servers": "请给 SCENARIO,或给 --trace 与 --servers,二者取一",
    "--host {} can be reached by others: give --token new, or serve on 127.0.0.1":
        "--host {} 会让他人可以访问:请给 --token new,或用 127.0.0.1",
    "--token: at least 16 characters, or 'new'": "--token:至少 16 个字符,或写 'new'",
    "matplotlibrc in this folder is no file; figures cannot be drawn until it is moved away":
        "此文件夹中的 matplotlibrc 不是文件;移走之前无法作图",
    "matplotlibrc, the settings of figures, is no UTF-8 text; mend it, or move it away from this folder":
        "作图设置 matplotlibrc 不是 UTF-8 文本;请改正,或将其移出此文件夹",
    "figures cannot be drawn here: {}": "此处无法作图:{}",
    "--set {} and --set {}: are one input; keep one": "--set {} 与 --set {}:是同一个输入;请只留一个",
    "--set {}: would be lost in --set {}, which comes after it; keep one":
        "--set {}:会被其后的 --set {} 覆盖;请只留一个",
    "the page needs {}; install {}": "此页面需要 {};请安装 {}",
    "cannot serve on {}:{} ({})": "无法在 {}:{} 提供服务({})",
    "an input is given, not computed": "输入是给定的,不是算出的",
    "{}: a cost is too large to count with ({}); mend its inputs": "{}:成本太大,无法计数({});请更正其输入",
    "training and steps exclude each other: an input that trains passes one step, by lot":
        "训练与步数互斥:训练中每个输入只随机经过一步",
    "training in {} is not modelled; use one of {}": "{} 训练未建模;请用 {} 之一",
    "{}: has no training workload, and this question is about one": "{}:没有训练工作负载,而此问题是问训练的",
    "{}: trains nothing, so that no trained token has a cost": "{}:不训练,因此没有每训练词元的成本",
    "{}: is no name of a file in {}; give a name without a path":
        "{0}:不是 {1} 中文件的名称;请给不带路径的名称",
    "{}: is too long for the name of a file; give a shorter one": "{}:作文件名太长;请给更短的",
    "{}: holds other files ({}); give a new folder with -o": "{}:有其他文件({});请用 -o 给新文件夹",
    "{} is no format; write one of {}": "{} 不是格式;请写 {} 之一",
    "no answer holds {}": "没有答案含 {}",
    "{}: lies outside the working folder, and another file names it; copy it below the working folder "
    "and name it from there":
        "{}:在工作文件夹之外,而另一文件提到它;请复制到工作文件夹之下并改写其位置",
    "bundle: {} is not the same from the bundle's own files": "证据包:{} 由包内文件重算的结果不同",
    "{}:{}: {} is no digest and name of a file": "{}:{}:{} 不是摘要与文件名",
    "{}: format {}; this program reads {}": "{}:格式 {};本程序读取 {}",
    "{}: is no manifest of a bundle": "{}:不是证据包的清单",
    "manifest: {} is no question; known: {}": "清单:{} 不是问题;已知:{}",
    "manifest: {} is no number of draws": "清单:{} 不是抽样次数",
    "manifest: {} names no scenario or company": "清单:{} 没有写明场景或公司",
    "{}: is no folder; give the one that `clustersim export bundle` wrote, unpacked where it was packed":
        "{}:不是文件夹;请给 `clustersim export bundle` 写出的文件夹,若已打包请先解开",
    "{}: is no bundle (it lacks {} or {}); `clustersim export bundle` makes one":
        "{}:不是证据包(缺 {} 或 {});请用 `clustersim export bundle` 生成",
    "{}: {} thing(s) differ from what the bundle says": "{}:{} 处与证据包所说不同",
    "${}={}: is no font that can be drawn with": "${}={}:不是可用来绘图的字体",
    "${}={}: no font file, and no installed family of this name":
        "${}={}:没有这个字体文件,也没有已装的同名字体族",
    "{} is no language of this program; write {}": "{} 不是本程序的语言;请写 {}",
    "{}: no such folder": "{}:没有这个文件夹",
    "{}: has none of {}{}": "{}:没有 {} 中的任何一个{}",
    "--kind {}: no collective of this name; {}": "--kind {}:没有这个集合通信;{}",
    "company {} has no printed forecast: nothing to recover": "公司 {} 没有已印的预测:无可还原",
    "every year of the forecast is printed: nothing to recover": "预测的每一年都已印出:无可还原",
    "--date {} is not a date of the form 2026-06-02": "--date {} 不是形如 2026-06-02 的日期",
    "the company file names no cases; add `cases: {bear: {asp_scale: 0.85}}`":
        "公司文件没有情景;请补上 `cases: {bear: {asp_scale: 0.85}}`",
    "{}: no year of the consensus is in the forecast ({})": "{}:一致预期的年份都不在预测中({})",
    "the company file gives no market_size; add the market of two years and its source":
        "公司文件没有 market_size;请补上两年的市场规模及其来源",
    "price book {}: no rate for USD; add it under currencies": "价格表 {}:没有 USD 的汇率;请补入 currencies",
    "the company file reports no half; add `actuals: {2026H1: {lines: {revenue: 900000}}}` or give FILE":
        "公司文件没有半年报;请补上 `actuals: {2026H1: {lines: {revenue: 900000}}}` 或给 FILE",
    "--half: say which half FILE reports, for example --half 2026H1":
        "--half:请说明 FILE 报告的是哪个半年,例如 --half 2026H1",
    "the company file has no peers to refresh; add company.peers":
        "公司文件没有可更新的可比公司;请补上 company.peers",
    "{}: no group can: {}": "{}:没有分组可以:{}",
    "{}: the groups of a site are what is chosen from, each with its own cards and NICs; change them "
    "with --set cluster.groups.NAME.card=… or --vary, and leave this out":
        "{}:站点的分组就是选择的范围,各有其卡与网卡;请用 --set cluster.groups.NAME.card=… 或 --vary "
        "改动它们,并去掉此项",
    "--columns: name three: of the arrival, of the prompt's tokens, of the answer's tokens":
        "--columns:请写三列:到达时刻、提示词元数、回答词元数",
    "--skip {}: give a number of lines, or leave it out": "--skip {}:请给行数,或不写",
    "{}: is no folder": "{}:不是文件夹",
    "{}: holds no file": "{}:没有文件",
    "{}: holds more than {} files; name a folder of them": "{}:文件多于 {} 个;请写其中的一个文件夹",
    "no kind {} of a note; {}": "纪要没有 {} 类;{}",
    "--cards states the size, and limits ask for it; give one of them":
        "--cards 给定规模,而限制求的是规模;请给其一",
    "--days needs the tokens that are to be trained: --tokens, for example --tokens 2T":
        "--days 需要要训练的词元数:--tokens,例如 --tokens 2T",
    "--write {}: the plan has no price to promise: {}": "--write {}:计划没有可许诺的价格:{}",
    "no kind of profile {}; {}": "没有 {} 类档案;{}",
    "{}: kind: {} is no kind of profile; {}": "{}:kind:{} 不是档案的种类;{}",
    "proposal of {}: name what it is held against with --against SCENARIO":
        "{} 的投标书:请用 --against SCENARIO 写明对比对象",
    "no form {} of a proposal; {}": "投标书没有 {} 形式;{}",
    "no language {} of a proposal; write en or zh": "投标书没有语言 {};请写 en 或 zh",
    "{}: demand.{}.slo has no bound, and a plan needs a service level; give ttft, tpot or e2e":
        "{}:demand.{}.slo 没有界限,而计划需要服务水平;请给 ttft、tpot 或 e2e",
    "--diurnal shapes a demand; give --demand, --tokens-per-day or --streams with it, or a workload's "
    "own traffic.process: diurnal":
        "--diurnal 决定需求的形状;请同时给 --demand、--tokens-per-day 或 --streams,或工作负载自己的 "
        "traffic.process: diurnal",
    "--formats widens a search; give --search with it": "--formats 扩大搜索;请同时给 --search",
    "{}: every answer is one token, and has no pace for a frontier; ask --search":
        "{}:每个回答只有一个词元,前沿无步调可言;请用 --search",
    "--top cuts the list of a search; give --search with it": "--top 截取搜索结果;请同时给 --search",
    "--admitted is of video streams; give --streams with it": "--admitted 用于视频流;请同时给 --streams",
    "{}: {} is of video; ask for its cards with --streams, for example --streams 5000":
        "{}:{} 是视频;请用 --streams 问所需的卡数,例如 --streams 5000",
    "{}: {} is of requests; ask for its cards with --demand or --tokens-per-day":
        "{}:{} 是请求;请用 --demand 或 --tokens-per-day 问所需的卡数",
    "--demand, --tokens-per-day, --streams, --plans, --search, --frontier and the limits (--budget, "
    "--power, --racks together) are questions of their own; ask one of them":
        "--demand、--tokens-per-day、--streams、--plans、--search、--frontier 与各限制(--budget、"
        "--power、--racks 合起来)是各自的问题;请只问一个",
    "optimise needs a goal: give --minimise or --maximise an output":
        "optimise 需要目标:请给 --minimise 或 --maximise 一个输出",
    "{} cannot be both least and greatest; keep one of --minimise and --maximise":
        "{} 不能既最小又最大;--minimise 与 --maximise 请只留一个",
    "no point satisfies every constraint ({} of {} points ran){}":
        "没有点满足全部约束({1} 个点中运行了 {0} 个){2}",
    "--input {}: write KEY=lo:hi with numbers": "--input {}:请写 KEY=lo:hi,均为数",
    "to_xarray needs xarray; install {}": "to_xarray 需要 xarray;请安装 {}",
    "{}: has groups of unlike cards, and scaling asks for more of one kind; sweep "
    "cluster.groups.NAME.cards instead":
        "{}:有异型卡的分组,而 scaling 要的是同一种卡加多;请改为扫描 cluster.groups.NAME.cards",
    "--as-scenario: rows of {} are no scenarios; those of {} are":
        "--as-scenario:{} 的行不能成为场景;{} 的行可以",
    "--coverage: rows of {} are no predictions of a time; those of training, serving are":
        "--coverage:{} 的行不是时间的预测;training、serving 的才是",
    "--coverage: no row of {} is predicted": "--coverage:{} 没有被预测的行",
    "--leave-out: constants of {} are not found again here; those of training and of serving engines are":
        "--leave-out:此处不重求 {} 的常数;重求的是 training 与推理引擎的常数",
    "--leave-out {}: no row is predicted": "--leave-out {}:没有被预测的行",
    "{}: give a file that ends in .xlsx": "{}:请给以 .xlsx 结尾的文件",
    "drivers.tax_regime {}: the workbook has no formula for a tax regime of another package; with --set "
    "company.drivers.tax_regime=loss_pool it can be written":
        "drivers.tax_regime {}:工作簿没有另一软件包税制的公式;用 --set "
        "company.drivers.tax_regime=loss_pool 可以写出",
    "case {}: the workbook's selector does not switch {}; {}": "情景 {}:工作簿的选择器不切换 {};{}",
    "the study has no output {} to draw": "研究没有可画的输出 {}",
    "the manifest does not say what to draw ({})": "清单没有说明画什么({})",
    "the workbook needs product_mode `calibrated` or `simulated`: its products drive revenue":
        "工作簿需要 product_mode 为 `calibrated` 或 `simulated`:收入由其产品推动",
    "the workbook needs company.response.pricing=shared: the best price against rivals has no closed form":
        "工作簿需要 company.response.pricing=shared:对竞争者的最优价格没有闭式",
    "no font here draws {}: install one with Chinese (on Debian fonts-noto-cjk or fonts-wqy-microhei), "
    "or give a font file or family in ${}":
        "此处没有能画 {} 的字体:请安装含中文的字体(Debian 上为 fonts-noto-cjk 或 fonts-wqy-microhei),"
        "或在 ${} 中给字体文件或字体族",
    "{} is needed for this kind of document and cannot be loaded ({}); install {}":
        "这类文档需要 {},而它无法加载({});请安装 {}",
    "a sample needs at least one point and one input, not {} and {}":
        "样本至少需要一个点与一个输入,不是 {} 与 {}",
    "Morris screening needs an even number of levels, not {}": "Morris 筛选需要偶数个水平,不是 {}",
    "unknown sampling {}; known: sobol, lhs, random": "未知的抽样方式 {};已知:sobol、lhs、random",
    "{}: {} has no parameter {}; {}": "{}:{} 没有参数 {};{}",
    "{}: the parameters of {} must be finite": "{}:{} 的参数须为有限的数",
    "{}: normal needs sd > 0, not {}": "{}:normal 要求 sd > 0,不是 {}",
    "{}: lognormal needs median > 0 and sigma > 0, not {} and {}":
        "{}:lognormal 要求 median > 0 且 sigma > 0,不是 {} 与 {}",
    "{}: uniform needs low < high, not {} and {}": "{}:uniform 要求 low < high,不是 {} 与 {}",
    "{}: triangular needs low <= mode <= high, not {}, {}, {}":
        "{}:triangular 要求 low <= mode <= high,不是 {}、{}、{}",
    "{}: beta-PERT needs low <= mode <= high, not {}, {}, {}":
        "{}:beta-PERT 要求 low <= mode <= high,不是 {}、{}、{}",
    "{}: {}: holds no finite numbers": "{}:{}:没有有限的数",
    "{}: unknown distribution {}; {}": "{}:未知的分布 {};{}",
    "the correlation matrix is {} wide, but {} inputs vary": "相关矩阵宽 {},而变动的输入有 {} 个",
    "the correlation matrix must be symmetric with ones on its diagonal": "相关矩阵须对称且对角线为一",
    "the correlation matrix is not positive definite (smallest eigenvalue {}); make the correlations weaker":
        "相关矩阵不是正定的(最小特征值 {});请减弱相关",
    "{}: {}: {}; the first column must hold numbers": "{}:{}:{};第一列须为数",
    "none of the first points can be run; the first says: {}": "最初的点都不能运行;第一个说:{}",
    "{}: its profiles or scenario differ from the study's; give all the same files{}":
        "{}:其档案或场景与研究的不同;请给全部相同的文件{}",
    "--scheduler {}: has no workers; start at least one": "--scheduler {}:没有工作进程;请至少启动一个",
    "--scheduler {}: all workers are gone; what is finished is kept: start a worker, then resume the study":
        "--scheduler {}:工作进程都不在了;已完成的保留:请启动工作进程后续跑研究",
    "worker {} has clustersim {}, and this is {}; install the same version":
        "工作进程 {} 的 clustersim 为 {},而本机为 {};请安装同一版本",
    "--scheduler {}: lost it ({}); what is finished is kept, resume the study":
        "--scheduler {}:失去联系({});已完成的保留,请续跑研究",
    "--scheduler {}: no answer from it ({}); is it running?": "--scheduler {}:没有回应({});它在运行吗?",
    "a worker process ended unexpectedly (killed, or out of memory); use fewer with --workers; a study "
    "kept in a folder can be resumed":
        "一个工作进程意外结束(被终止,或内存不足);请用 --workers 减少数量;保存在文件夹中的研究可以续跑",
    "no kind of file {}; {}": "没有 {} 类文件;{}",
    "{}: {} is running this study; wait for it, or stop it and resume":
        "{}:{} 正在运行此研究;请等待,或停止它再续跑",
    "{}: cannot be written ({})": "{}:无法写入({})",
    "output {} is unknown; {}": "输出 {} 未知;{}",
    "{}: is damaged ({}); remove it, then `clustersim study resume` its folder":
        "{}:已损坏({});请删除它,再对其文件夹运行 `clustersim study resume`",
    "{}: {} and {} hold the same points (two runs wrote here); remove one of them, then `clustersim "
    "study resume` the folder":
        "{}:{} 与 {} 含有相同的点(两次运行写到了这里);请删除其一,再对文件夹运行 `clustersim study resume`",
    "{} = {} is not reached for {} between {} and {} {}: it is {} and {} at the ends":
        "{} = {} 对 {} 在 {} 与 {} {} 之间达不到:两端为 {} 与 {}",
    "constraint {}: {} must be like '<= 100' or '>= 0.9'": "约束 {}:{} 须写成 '<= 100' 或 '>= 0.9'",
    "{} outputs do not fit a design of {} inputs": "{} 个输出与 {} 个输入的设计不符",
    "only {} complete base points are left; at least 8 are needed": "只剩 {} 个完整的基点;至少需要 8 个",
    "a Sobol sample has at most {} columns (half as many inputs of a sensitivity study), not {}; sample "
    "by lhs, or vary fewer":
        "Sobol 样本至多 {} 列(敏感度研究的输入减半),不是 {};请用 lhs 抽样,或减少变动的输入",
    "--vary {}: the list of values is empty": "--vary {}:值的列表为空",
    "--vary {}: a value stands twice in {}": "--vary {}:{} 中有一个值出现两次",
    "--vary: {} after a comma: a list is meant here; write 1024 for 1,024":
        "--vary:逗号后是 {}:此处按列表理解;1,024 请写成 1024",
    "--vary {}={}: write lo:hi:n, for example {}=1:2:5": "--vary {}={}:请写 lo:hi:n,例如 {}=1:2:5",
    "--vary {}={}: at most {} values an input": "--vary {}={}:每个输入至多 {} 个值",
    "--vary {}={}: the range is empty; give lo < hi and n >= 2":
        "--vary {}={}:范围为空;请给 lo < hi 且 n >= 2",
    "--vary {}={}: a logarithmic range must begin above zero": "--vary {}={}:对数范围须从大于零开始",
    "--vary {}: {} and {} are not of one dimension": "--vary {}:{} 与 {} 量纲不同",
    "--vary {}: varied twice; put all its values in one --vary":
        "--vary {}:变动了两次;请把全部值放入一个 --vary",
    "--vary {}={}: the count {} must be a whole number": "--vary {}={}:个数 {} 须为整数",
    "the study has no points; vary at least one input": "研究没有点;请至少变动一个输入",
    "{} is both set and varied; keep one": "{} 既设定又变动;请只留一个",
    "no uncertain input is named": "没有写明不确定的输入",
    "{}: no such number in {}; {}": "{}:{} 中没有这个数;{}",
    "{}: has no low-high range in its file; give it a distribution": "{}:其文件中没有 low-high 区间;请给分布",
    "{}: is damaged ({}: {}); run the study anew in another folder":
        "{}:已损坏({}:{});请在另一文件夹重新运行研究",
    "{}: {}={} is not of the dimension of {}": "{}:{}={} 与 {} 量纲不同",
    "{}: is not empty and holds no study; give another folder": "{}:不为空,也没有研究;请给另一个文件夹",
    "{}: holds parts of a study without its manifest; give another folder":
        "{}:有研究的部分而没有其清单;请给另一个文件夹",
    "{}: holds no study (no manifest.json)": "{}:没有研究(没有 manifest.json)",
    "{}: is damaged; it must name the study's kind, scenario and points":
        "{}:已损坏;须写明研究的类别、场景与点",
    "{}: is missing, damaged or changed; run the study anew in another folder":
        "{}:缺失、已损坏或被改动;请在另一文件夹重新运行研究",
    "{}: does not agree with {} in {}: it was changed or damaged; run the study anew in another folder":
        "{0}:与 {2} 中的 {1} 不一致:被改动或已损坏;请在另一文件夹重新运行研究",
    "{}: points {} to {} are missing; resume the study": "{}:缺点 {} 至 {};请续跑研究",
    "{}: holds points beyond the study's {}; remove it": "{}:有超出研究 {} 的点;请删除它",
    "{}a design is an object: {scenario: NAME, set: {KEY: VALUE}}":
        "{}设计是一个对象:{scenario: NAME, set: {KEY: VALUE}}",
    "designs: a list of {} to {}": "designs:{} 至 {} 个的列表",
    "{}: {} is no quantity; write it with its unit, such as 1 MW": "{}:{} 不是量;请带单位书写,如 1 MW",
    "{}: a whole number from {} to {}, not {}": "{}:{} 至 {} 的整数,不是 {}",
    "the process that worked on this has ended; ask again": "处理此事的进程已结束;请再问一次",
    "{} jobs wait or run: cancel some": "有 {} 个任务在等待或运行:请取消一些",
    "kind {} is none of {}": "类别 {} 不是 {} 之一",
    "others: a proposal is held against another scenario than its own": "others:投标书对比的须是另一个场景",
    "{}: a list of {} or more of {}": "{}:{} 个或更多 {} 的列表",
    "{}: a list of 1 to {} scenarios": "{}:1 至 {} 个场景的列表",
    "{}: a list of at most {} designs": "{}:至多 {} 个方案的列表",
    "designs with changes of their own name their card and NIC there: cluster.card, cluster.nic": (
        "带有自身修改的方案须在修改中给出卡与网卡:cluster.card、cluster.nic"
    ),
    "{}: one of {}, not {}": "{}:{} 之一,不是 {}",
    "{}: {} is none of the shipped scenarios": "{}:{} 不是随附场景之一",
    "{} is a JSON object": "{} 是 JSON 对象",
    "values: a list of 1 to {}": "values:1 至 {} 个的列表",
    "the upload is empty": "上传的内容为空",
    "options: an object of names and values": "options:名称与值的对象",
    "as: one of {}, not {}": "as:{} 之一,不是 {}",
    "{} is no JSON": "{} 不是 JSON",
    "no view {}; one of {}, compare": "没有视图 {};有 {}、compare",
    "{}: neither trains nor serves, and a limit is of one of them":
        "{}:既不训练也不推理,而限制是针对其中之一的",
    "marks: an object of {}": "marks:{} 的对象",
    "marks: {}: a price in CNY above zero, not {}": "marks:{}:以 CNY 计且大于零的价格,不是 {}",
    "term: {} is none of the corridor": "term:{} 不是传导链中的项",
    "term: {} has no {}": "term:{} 没有 {}",
    "a mix of workloads has a cost of its own for each": "混合工作负载各有其成本",
    "--scheduler {}: a Dask {} answers; give its scheduler's address":
        "--scheduler {}:应答的是 Dask {};请给其 scheduler 的地址",
    "--scheduler {}: is not an address that can be used ({}); give tcp://host:8786":
        "--scheduler {}:不是可用的地址({});请写 tcp://host:8786",
    "--scheduler {}: what listens there says nothing within {} s; is it a scheduler?":
        "--scheduler {}:该处的监听者在 {} s 内没有回应;它是 scheduler 吗?",
    "--scheduler {}: what answers is no Dask scheduler ({})": "--scheduler {}:应答的不是 Dask scheduler({})",
}  # fmt: skip
