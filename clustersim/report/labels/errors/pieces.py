"""Pieces that errors are put together from: hints, lists of what is known, what a value or a cell must be."""

from __future__ import annotations

__all__ = ["TEXTS"]

TEXTS: dict[str, str] = {
    "--given {}: write COLUMN=VALUE": "--given {}:请写 COLUMN=VALUE",
    "--target {}: write NAME=NUMBER": "--target {}:请写 NAME=NUMBER",
    "--set {}: write {}": "--set {}:请写 {}",
    "--vary {}: write KEY=a,b,c or KEY=lo:hi:n or KEY=log:lo:hi:n":
        "--vary {}:请写 KEY=a,b,c、KEY=lo:hi:n 或 KEY=log:lo:hi:n",
    "{}: {} must be finite and not negative": "{}:{} 须为有限且不为负的数",
    "the time of submission is missing": "缺提交时间",
    "never started": "从未开始",
    "{} {} is not a number": "{} {} 不是数",
    "still ran at the end of the trace": "轨迹结束时仍在运行",
    "ended in the second in which it started": "在开始的同一秒结束",
    "steps of a job": "作业的步骤",
    "the arrival is missing": "缺到达时刻",
    "the arrival {} is negative or not finite": "到达 {} 为负或不是有限的数",
    "{} {} must be a whole number of at least 1 and at most {}": "{} {} 须为 1 至 {} 的整数",
    "the arrival {} is neither seconds nor a date and time": "到达 {} 既不是秒数也不是日期时间",
    "the prompt length": "提示长度",
    "the output length": "输出长度",
    "the prompt length {} must be a whole number of at least 1 and at most {}":
        "提示长度 {} 须为 1 至 {} 的整数",
    "the output length {} must be a whole number of at least 1 and at most {}":
        "输出长度 {} 须为 1 至 {} 的整数",
    "tp={}: the tensor-parallel degree must be at least 1": "tp={}:张量并行度须至少为 1",
    "and must be above zero": "且须大于零",
    "{}value: is needed and missing; write {value: …, low: …, high: …}":
        "{}value:必需而缺失;请写 {value: …, low: …, high: …}",
    "the tag {} is not read; quote what must stay text": "不读取标签 {};须保持为文本的请加引号",
    "the alias *{} is not read; write the value out": "不读取别名 *{};请把值写全",
    "a second document begins; give one in a file": "第二个文档开始;每个文件请只给一个",
    "this process": "本进程",
    "another process": "另一进程",
    "it holds {} points, not {}": "其中有 {} 个点,不是 {} 个",
    "its points are not those of its name": "其点与其名称所说不同",
    "its columns are not those of the other parts": "其列与其他部分不同",
    "its checksum is not that of its name": "其校验和与其名称所说不同",
    "{} has full-width signs; write {}": "{} 有全角符号;请写 {}",
    "{}. It has: {}. Needed columns: {}": "{}。现有:{}。需要的列:{}",
    "{}={} cannot be split by {}={}; the nearest that divide are {}":
        "{}={} 不能被 {}={} 整除;最接近的因数为 {}",
    "{}={}: {} has no such peak (it has: {})": "{}={}:{} 没有这个峰值(现有:{})",
    "the budget": "预算",
    "no load meets the SLO: at the smallest that is looked at, in bursts of variation {}, TTFT is {} s "
    "and TPOT {} ms in the median":
        "没有负载满足 SLO:在所看的最小负载、变异系数为 {} 的突发下,中位 TTFT 为 {} s、TPOT 为 {} ms",
    "the SLO is below the unloaded latency (best reachable: TTFT {} s, TPOT {} ms in the median)":
        "SLO 低于空载时延(最好可达:中位 TTFT {} s、TPOT {} ms)",
    "has no year": "没有年份",
    "has no time that is known": "没有可识别的时间",
    "write {}": "请写 {}",
    "known: {}": "已有:{}",
    "known are {}": "已知的有 {}",
    "{}, … ({} in all)": "{}、…(共 {} 个)",
    "one of {}": "{} 之一",
    "leave it out to list all": "不写则列出全部",
    "did you mean {}?{}": "是否指 {}?{}",
    "{} to below {}": "{} 至小于 {}",
    "{} to {}": "{} 至 {}",
    "at least {}": "至少 {}",
    "at most {}": "至多 {}",
    "above {}": "大于 {}",
    "below {}": "小于 {}",
    "a whole number": "整数",
    "a finite number": "有限的数",
    "one number": "一个数",
    "an index": "下标",
    "{} must be {}": "{} 须为 {}",
    "{}: {} must be {}": "{}:{} 须为 {}",
    "must be {}": "须为 {}",
    "{} must be greater than {}": "{} 须大于 {}",
    "{} must be less than {}": "{} 须小于 {}",
    "{} or {}": "{} 或 {}",
    "{} and {}": "{} 与 {}",
    "the value": "该值",
    "a valid {}": "有效的 {}",
    "positive and at most {}": "为正且至多 {}",
    "at least {} and at most {}": "至少 {} 且至多 {}",
    "is {}": "是 {}",
    "is {}, and {} {}": "是 {},而 {} 是 {}",
    "write the whole unit, for example '{}B/s' (bytes), '{}b/s' (bits) or '{}B'":
        "请写完整的单位,例如 '{}B/s'(字节)、'{}b/s'(位)或 '{}B'",
    "is what {} is read as: {}, as ports are sold": "是 {} 的读法:{},端口按此出售",
    "is outside the usual range, {} to {}; read as it is written": "在常见区间 {} 至 {} 之外;按所写读取",
    "{} is outside the usual range, {} to {}; read as it is written": "{} 在常见区间 {} 至 {} 之外;按所写读取",
    "{} is what {} is read as: {}, as ports are sold": "{} 是 {} 的读法:{},端口按此出售",
    "a value of a batch": "批次中的一个值",
    "{}.{} is stated and not read: {}": "{}.{} 已写明而不被读取:{}",
    "the share that is known is stated (hit_share), and not found in what the memories hold":
        "已知份额由 hit_share 写明,不由各存储层所存之物得出",
    "is empty": "为空",
    "is longer than": "长于",
    "{}: is longer than {} MB; set {} where so long a file is meant":
        "{}:长于 {} MB;确要这么长的文件时请设 {}",
    "{}: unpacks to more than {} MB; set {} where so long a file is meant":
        "{}:解包后超过 {} MB;确要这么长的文件时请设 {}",
    "{}; it may be UTF-16 without its mark: save it as UTF-8": "{};可能是没有标记的 UTF-16:请存为 UTF-8",
    "{}; it is no text file": "{};不是文本文件",
    "{}; copy its content into a file and give that": "{};请把内容复制到文件再给出",
    "it may be UTF-16 without its mark: save it as UTF-8": "可能是没有标记的 UTF-16:请存为 UTF-8",
    "it is no text file": "不是文本文件",
    "copy its content into a file and give that": "请把内容复制到文件再给出",
    "is nested deeper than {}": "嵌套深于 {} 层",
    "holds more than {} values": "多于 {} 个值",
    "a number has more than {} digits": "有一个数多于 {} 位",
    "not valid CSV ({})": "不是有效的 CSV({})",
    "a quotation mark that begins here is never closed, or the cell is too long; close it, or double it":
        "从此处开始的引号没有闭合,或该格太长;请闭合,或写成双引号两个",
    "text follows a closing quotation mark; double the marks inside a cell":
        "闭合引号之后还有文本;格内的引号请写两个",
    "column {} stands twice": "列 {} 出现两次",
    "columns without a name": "没有名称的列",
    "fewer cells than columns ({}, not {})": "格数少于列数({},应为 {})",
    "more cells than columns ({}, not {})": "格数多于列数({},应为 {})",
    "the key stands twice (first on line {})": "该键出现两次(先在第 {} 行)",
    "keep one of them": "请只留一个",
    "a key must be plain text": "键须为纯文本",
    "{} begins with a zero": "{} 以零开头",
    "in brackets a comma separates: write 1024 for 1,024; quote what is text":
        "括号内逗号是分隔:1,024 请写成 1024;文本请加引号",
    "{} ends in a semicolon": "{} 以分号结尾",
    "remove it": "请去掉",
    "{} is in full-width digits": "{} 是全角数字",
    "write {}, or quote it": "请写 {},或加引号",
    "the top level must be a mapping of keys to values": "顶层须为键与值的映射",
    "not valid YAML: {}": "不是有效的 YAML:{}",
    "{}, the first {} of them here": "{},此处为前 {} 个",
    "does not use {}": "不使用 {}",
    "what is finished is kept: make room, then `clustersim study resume {}`":
        "已完成的保留:请腾出空间,再运行 `clustersim study resume {}`",
    "cannot be written": "无法写入",
    "the extra {}: pip install {}": "扩展 {}:pip install {}",
    "`clustersim {} {}` runs it": "用 `clustersim {} {}` 运行",
    "`clustersim run {}` and its like take it": "`clustersim run {}` 等命令接受它",
    "`clustersim forecast show {}` and its like take it": "`clustersim forecast show {}` 等命令接受它",
    "`clustersim study status {}` and its like take it": "`clustersim study status {}` 等命令接受它",
    "`clustersim profiles show {}` shows it": "用 `clustersim profiles show {}` 查看",
    "a study is run by the command of its kind: sweep, mc, sensitivity or optimise":
        "研究由其类别的命令运行:sweep、mc、sensitivity 或 optimise",
    "terms, inputs, explain(), text() and to_dict() have the rest":
        "其余见 terms、inputs、explain()、text() 与 to_dict()",
    "kept study": "保存的研究",
    "one value": "一个值",
    "unpacks to more than": "解包后超过",
    "(for example in {})": "(例如 {})",
    "{}:1: these columns are of no known job trace; known are {}":
        "{}:1:这些列不属于任何已知的作业轨迹;已知的有 {}",
    "no row can be predicted of {}": "{} 没有可预测的行",
    "and at most {}": "且至多 {}",
    "the total": "合计",
    "none given": "没有给出",
    "it is empty": "它为空",
    "… and {} more lines": "…另有 {} 行",
    "needs a file": "需要文件",
    "takes no file": "不接受文件",
    "reads it": "读取它",
    "read it": "读取它",
    "write it without a unit": "请不带单位书写",
    "{} must be above zero, not {}": "{} 须大于零,不是 {}",
    "and of {}": "与 {}",
    "{}: holds another study; give another folder, or undo the change:\n  {}":
        "{}:是另一项研究;请给另一个文件夹,或撤销改动:\n  {}",
    "a pipe": "管道",
    "a device": "设备",
    "a folder": "文件夹",
    "a socket": "套接字",
    "{} is missing": "{} 缺失",
    "is missing": "缺失",
    "{}: {}": "{}:{}",
    "{} of {} points failed and are kept out of the statistics; the first is point {}: {}":
        "{1} 个点中有 {0} 个失败,不计入统计;第一个是点 {2}:{3}",
    "pattern {}: a bracket is not closed": "pattern {}:括号没有闭合",
    "attention.pattern {}: a bracket is not closed": "attention.pattern {}:括号没有闭合",
    "no number format is stated": "没有写明数字格式",
    "number format {} is unknown; {}": "数字格式 {} 未知;{}",
    "needs {value, source, tier}: a profile never states a number without its source":
        "需要 {value, source, tier}:档案中的数都须有来源",
    "{} follows {} follows {}": "{} 随 {} 随 {}",
    "{} follows {}": "{} 随 {}",
    "no line {}; {}": "没有产品线 {};{}",
    "{} part(s) with {}": "{} 个部件,含 {}",
    "this question needs it": "此问题需要它",
    "is needed": "是必需的",
    "means nothing": "没有意义",
    "{} is needed where wiring is {}": "wiring 为 {1} 时需要 {0}",
    "{} means nothing where wiring is {}": "wiring 为 {1} 时 {0} 没有意义",
    "is needed where wiring is {}": "wiring 为 {} 时是必需的",
    "means nothing where wiring is {}": "wiring 为 {} 时没有意义",
    "--set {}: {} does not read it; {}": "--set {}:{} 不读取它;{}",
    "--set {}: {} does not read workloads of kind {}; {} and run do":
        "--set {}:{} 不读取 {} 类工作负载;{} 与 run 读取",
    "it shapes the gaps of process gamma, and this is {}": "它决定 gamma 过程的间隔,而此处为 {}",
    "the wave is that of process diurnal, and this is {}": "波动属于 diurnal 过程,而此处为 {}",
    "users of a closed_loop ask when they are answered": "closed_loop 的用户在得到回答后才再问",
    "there is no trace": "没有轨迹",
    "the trace has its own arrivals and lengths": "轨迹自带到达与长度",
    "lengths of shape {} have none to choose": "形状为 {} 的长度没有可选的",
    "sessions begin without a daily wave": "会话的开始没有日内波动",
    "policy.{}: no job or service has the tenant {}": "policy.{}:没有作业或服务属于租户 {}",
    "none is named": "没有写明",
    "the admission of streams to one pool": "单一池对视频流的接纳",
    "the records of one fleet": "一个机群的记录",
    "its price": "它的价格",
    "moe.moe_layers={} is more than layers={}": "moe.moe_layers={} 多于 layers={}",
    "moe.experts_per_token={} is more than moe.experts={}": "moe.experts_per_token={} 多于 moe.experts={}",
    "moe.router_groups={} does not divide moe.experts={}": "moe.router_groups={} 不能整除 moe.experts={}",
    "moe.groups_per_token={} is more than moe.router_groups={}":
        "moe.groups_per_token={} 多于 moe.router_groups={}",
    "attention.pattern spells out {} layers, which do not divide layers={}":
        "attention.pattern 写了 {} 层,不能整除 layers={}",
    "{}heads={} is not a multiple of {}kv_heads={}": "{}heads={} 不是 {}kv_heads={} 的倍数",
    "attention.kinds.{}.value_heads={} is not a multiple of attention.kinds.{}.key_heads={}":
        "attention.kinds.{}.value_heads={} 不是 attention.kinds.{}.key_heads={} 的倍数",
    "attention.kinds.{}.heads={} is not a multiple of attention.kinds.{}.groups={}":
        "attention.kinds.{}.heads={} 不是 attention.kinds.{}.groups={} 的倍数",
    "heads={} is not a multiple of attention.kinds.{}.o_groups={}":
        "heads={} 不是 attention.kinds.{}.o_groups={} 的倍数",
    "attention.kinds.{} is latent, and the section mla is missing":
        "attention.kinds.{} 为 latent,而缺 mla 部分",
    # What the system says of a file.
    "No such file or directory": "没有该文件或文件夹", "Permission denied": "没有权限",
    "No space left on device": "设备上没有剩余空间", "Read-only file system": "文件系统只读",
    "File name too long": "文件名过长", "Is a directory": "是文件夹", "Not a directory": "不是文件夹",
    "Input/output error": "读写出错", "Disk quota exceeded": "超出磁盘配额",
    "{} are more than layers={}": "{} 多于 layers={}",
    "prediction.kind={} names a kind, and the section attention is missing":
        "prediction.kind={} 写明了一类,而缺 attention 部分",
    "attention.kinds.{} stands in no layer of attention.pattern":
        "attention.kinds.{} 不在 attention.pattern 的任何一层中",
    "a card-hour costs what the site's own cluster and tco say: cost is gone":
        "卡时的成本由站点自己的 cluster 与 tco 决定:不再有 cost",
    "other cards are scenarios of their own for `clustersim compare`: compare is gone":
        "其他卡各为场景,用 `clustersim compare` 比较:不再有 compare",
    "a second segment is a workload with a share: market.inference is gone":
        "第二部分是带占比的工作负载:不再有 market.inference",
    "not a year of the forecast ({} to {})": "不是预测年份({} 至 {})",
    "{}: not a year of the forecast ({} to {})": "{}:不是预测年份({} 至 {})",
    "years: {} is no year; write 2026E for a forecast one and 2025A for an actual one":
        "years:{} 不是年份;预测年份写 2026E,实际年份写 2025A",
    "years: {} does not follow {}; write each year once, in order and without a gap":
        "years:{} 不接在 {} 之后;每个年份写一次,按顺序且不间断",
    "opening.year: {} is not the year before {}, the first of the forecast":
        "opening.year:{} 不是预测首年 {} 的前一年",
    "fx_per_cny: is needed for a listing in {}; add {} per CNY with its source, or fx by date":
        "fx_per_cny:以 {} 上市时需要;请补上每 CNY 的 {} 及其来源,或按日期的 fx",
    "fx_per_cny: the listing is in CNY, so that it is 1; leave it out, or say the currency of the listing":
        "fx_per_cny:以 CNY 上市,因而为 1;请去掉,或写明上市货币",
    "products: is needed and missing; add units and asp by year":
        "products:必需而缺失;请逐年给出 units 与 asp",
    "{}: the label {} is not understood and enters no sum; {}": "{}:科目 {} 无法识别,不计入任何合计;{}",
    "{}: column {} is no column of such a table": "{}:列 {} 不属于这类表",
    "{} {}: no unit; say which, for example CNY_thousand, in a column, in the heading or by --unit":
        "{} {}:没有单位;请在列中、表头中或用 --unit 写明,例如 CNY_thousand",
    "{} {}: {} has no currency; write USD million or the like, or --unit":
        "{} {}:{} 没有货币;请写 USD million 之类,或用 --unit",
    "{}: period {} is no year (2025 or 2026E) and no part of one (2025H1)":
        "{}:期间 {} 不是年份(2025 或 2026E),也不是其一部分(2025H1)",
    "the statements are in several currencies ({}): print them in one": "各报表用了多种货币({}):请以一种列出",
    "{}: its name is no table's ({})": "{}:其名称不是任何表的({})",
    "{}: {} {} stands in line {} already": "{}:{} {} 已在第 {} 行出现",
    "{}: unit {} is not understood; write a currency and a scale, for example CNY_thousand or 'USD "
    "million'; {}":
        "{}:单位 {} 无法识别;请写货币与量级,例如 CNY_thousand 或 'USD million';{}",
    "{}.csv: a second {}; keep one of them": "{}.csv:第二个 {};请只留一个",
    "the layout is not understood: neither columns item, period, value, unit nor years across (the "
    "heading is {})":
        "布局无法识别:既没有 item、period、value、unit 列,也没有横排的年份(表头为 {})",
    "{}:{}: {} of {} stands in line {} as well, with another amount; keep one row an item (the mean "
    "where brokers stand apart)":
        "{0}:{1}:{3} 的 {2} 在第 {4} 行也有,而数额不同;每个项目请只留一行(各家不同时取均值)",
    "{} in {}": "{} 以 {}",
    "{} findings say that something is wrong": "{} 项发现说明有误",
    "no row can be predicted of {}; the rows name other cards ({})": "{} 没有可预测的行;各行写的是其他卡({})",
    "the rows name other cards ({})": "各行写的是其他卡({})",
    "columns {}": "列 {}",
    "semicolons": "分号",
    "tabs": "制表符",
    "no cluster of {} meets {}; the nearest is {} cards of {}, which takes {}{}":
        "{} 没有满足 {} 的集群;最接近的是 {} 张卡的 {},需要 {}{}",
    "{}; with its batch of {} sequences no more cards can share the work: allow more time, a larger "
    "demand.{}.global_batch, or --batch auto":
        "{};批次为 {} 个序列,更多的卡分不到工作:请给更多时间、更大的 demand.{}.global_batch,或 --batch auto",
    "with its batch of {} sequences no more cards can share the work: allow more time, a larger "
    "demand.{}.global_batch, or --batch auto":
        "批次为 {} 个序列,更多的卡分不到工作:请给更多时间、更大的 demand.{}.global_batch,或 --batch auto",
    "no cluster of {} has a training plan that fits; take another model or card":
        "{} 没有放得下的训练计划;请换模型或换卡",
    "no subset of the groups meets {}; the nearest is {}, which takes {}":
        "没有分组的子集满足 {};最接近的是 {},需要 {}",
    "no subset of the groups can train the model: {}": "没有分组的子集能训练该模型:{}",
    "at most training of {} days": "训练至多 {} 天",
    "training of {} days": "训练 {} 天",
    "write it with its unit, for example {}T for trillions, {}G for billions":
        "请带单位书写,例如 {}T 表示万亿、{}G 表示十亿",
    "{} replicas do not carry {} requests/s at the service level; relax it, or ask for less":
        "{} 个副本在服务水平下承载不了每秒 {} 个请求;请放宽服务水平,或少要求",
    "no pair of up to {} prefill and decode replicas carries {} requests/s at the service level; relax "
    "it, or ask for less":
        "至多 {} 个预填与解码副本的任何组合在服务水平下都承载不了每秒 {} 个请求;请放宽服务水平,或少要求",
    "{}: a prompt of {} and an answer of {} tokens need a cache of {} tokens, and an empty replica holds "
    "{}{}":
        "{}:{} 个词元的提示与 {} 个词元的回答需要 {} 个词元的缓存,而空副本只容 {}{}",
    "every request is rejected": "所有请求都被拒绝",
    "{} of {} requests are rejected": "{1} 个请求中有 {0} 个被拒绝",
    "the fewest cards of a replica that hold it: {}": "容得下它的副本最少卡数:{}",
    "the smallest that fits is tp={}": "放得下的最小值为 tp={}",
    "the smallest tp that fits is {} (with dp smaller in proportion)": "放得下的最小 tp 为 {}(dp 相应减小)",
    "no tp fits; raise pp, recompute more, use ZeRO or offload the optimizer":
        "没有放得下的 tp;请提高 pp、多重算、用 ZeRO 或卸载优化器",
    "{}; no tp fits; raise pp, recompute more, use ZeRO or offload the optimizer":
        "{};没有放得下的 tp;请提高 pp、多重算、用 ZeRO 或卸载优化器",
    "a budget of {} M CNY": "预算 {} 百万元",
    "delivery of {} weeks": "交货 {} 周",
    "power of {} kW": "功率 {} kW",
    "racks of {}": "机柜 {} 个",
    "at most {} and {}": "至多 {} 与 {}",
    "a limit must be above zero, not {}": "限制须大于零,不是 {}",
    "{}'s price": "{} 的价格",
    "the rent's price": "租金价",
    "the incumbent's price": "对照的价格",
    "zero": "零",
    "the memory of its cards": "其卡的显存",
    "{} GiB per card": "每卡 {} GiB",
    "{} {} s (best reachable {} s)": "{} {} s(最好可达 {} s)",
    "a log is replayed event by event": "日志逐事件重放",
    "failures come in bursts": "故障成串到来",
    "events are needed for {}": "{} 需要逐个事件",
    "a failure log": "故障日志",
    "infant mortality": "早期失效",
    "lemon servers": "劣质服务器",
    "preventive drain": "预防性排空",
    "silent corruption": "静默损坏",
    "warm or cold spares": "热备或冷备",
    "restarts that fail": "失败的重启",
    "planned maintenance": "计划维护",
    "flapping links": "抖动的链路",
    "elastic replicas": "弹性副本",
    "rolling upgrades": "滚动升级",
    "several servers at once": "同时多台服务器",
    "storage contention": "存储争用",
    "corrupted copies": "损坏的副本",
    "{} is no length of time": "{} 不是时长",
    "{} has no unit: write {} h, or name the column {}_h": "{} 没有单位:请写 {} h,或把列命名为 {}_h",
    "{} is not a number of hours, nor a time stamp{}": "{} 既不是小时数也不是时间戳{}",
    "{} is not a number of hours": "{} 不是小时数",
    "{} is no time stamp, as the others are{}": "{} 不像其他行那样是时间戳{}",
    "{} has no zone, and others have one; write all alike": "{} 没有时区而其他行有;请统一书写",
    "{} has a zone, and others have none; write all alike": "{} 有时区而其他行没有;请统一书写",
    "{}: which is the month? write 2026-03-01 12:00": "{}:哪个是月份?请写成 2026-03-01 12:00",
    "which is the month? write 2026-03-01 12:00": "哪个是月份?请写成 2026-03-01 12:00",
    # --- the page's own, put together or told by its server
    "unknown field {}": "未知字段 {}",
    "{}: a file cannot be named from the page; import it": "{}:不能从页面指定文件;请导入",
    "{}: {} is no number that can be used": "{}:{} 不是可用的数",
    "{}: {} is neither a quantity nor a name": "{}:{} 既不是量也不是名称",
    "set: {} is no key": "set:{} 不是键",
    "set: an object of at most {} keys and values": "set:至多 {} 组键与值的对象",
    "scenario {} is none of the shipped ones; {}": "场景 {} 不在随附场景之列;{}",
    "the process of the job ended without an answer; ask again": "任务的进程未给出结果即结束;请重新提问",
    "the server made a mistake; its log says which": "服务器出错;详情见其日志",
    "a body of at most {} bytes is read": "请求正文至多读取 {} 字节",
}  # fmt: skip
