"""What stands in cells of tables: words of results that are no keys, of plans, promises, parts, and of an audit."""

from __future__ import annotations

__all__ = ["LINES"]

LINES: dict[str, str] = {
    # --- fabric, failures, plans
    "coherent domain": "一致性域", "between servers": "服务器之间", "ring": "环", "all to all": "全对全",
    "all_to_all": "全对全", "leaf": "叶交换机", "spine": "脊交换机", "core": "核心交换机", "nics": "网卡",
    "switch_side_modules": "交换机侧光模块", "nic_side_modules": "网卡侧光模块",
    "switched": "交换式", "mesh": "全互联", "{n} switches": "{} 台交换机", "{n} circuit switches": "{} 台光路交换机",
    "{n} modules": "{} 个模块", "{n} links": "{} 条链路", "{n} cables": "{} 根线缆",
    "host": "主机", "partner": "伙伴节点", "closed form": "解析式", "fails": "不达标", "holds": "达标",
    "not refuted": "未被否定", "not_refuted": "未被否定", "no_steady_state": "无稳态", "none_left": "无副本可减",
    "not_looked_at": "未查看", "within the known error of its kind": "在其类别已知误差之内",
    "full": "全部", "zero": "ZeRO 级别", "capacity": "容量", "supernode": "超节点", "failures": "故障", "slow": "变慢",
    "decode": "解码", "encode": "编码", "prefill": "预填充", "finished": "已完成", "sweep": "扫描",
    "restored within {}": "{}内恢复",
    "{} of the smallest cluster's tokens per card": "每卡词元为最小集群的 {}",
    "failures included (points of a hundred)": "含故障(以百分点计)",
    "{n} days without an interruption that needs people": "{} 天内没有需要人工处理的中断",
    "every part of the run has a mean in closed form": "运行的每一部分都有解析均值",
    "one more server": "多一台服务器", "order: {}": "次序:{}", "backfill: {}": "回填:{}", "ahead": "允许插前",
    "without pre-emption": "不抢占", "shortest": "最短优先", "fair_share": "公平份额", "arrival": "先到先服务",
    "backfill": "回填", "priority {n}": "优先级 {}", "over {n} cards": "超过 {} 卡",
    "useful {n}": "有效 {}", "unsuccessful {n}": "未成功 {}", "lost {n}": "丢失 {}", "down {n}": "停机 {}",
    "idle {n}": "空闲 {}",
    "the queue of jobs does not read reliability: {}": "任务队列不读取 reliability 的:{}",
    "failures that reach several servers (each takes one)": "波及多台服务器的故障(各计一台)", "contention": "争用",
    "trained together by batch: {}": "按批量共同训练:{}", "trained together by layers: {}": "按层共同训练:{}",
    "large-mixtures": "大型混合专家", "middle-models": "中型模型", "small-models": "小型模型",
    "throughput {n} to {n} tokens/s": "吞吐 {} 至 {} 词元/秒", "throughput {n} to {n}": "吞吐 {} 至 {}",
    "bubble {}": "气泡 {}", "TTFT p50 {n} to {n} s": "首词元时间 p50 {} 至 {} 秒",
    "TPOT p50 {n} to {n} s": "每词元时间 p50 {} 至 {} 秒", "output {n} to {n} tokens/s": "输出 {} 至 {} 词元/秒",
    "stable: {} of at most {} requests/s ({})": "稳定:{}/最多 {} 请求/秒({})",
    "{}: stable: {n} of at most {n} requests/s ({}); {n} of {n} requests are rejected: a prompt of {n} and an answer of"
    " {n} tokens need a cache of {n} tokens, and an empty replica holds {n}":
        "{}:稳定:{}/最多 {} 请求/秒({});{}/{} 个请求被拒绝:{} 个词元的提示与 {} 个词元的回答需要"
        " {} 个词元的缓存,而空副本只容 {}",
    "{}: overloaded: {n} requests/s are offered and at most {n} can be sustained; the queue grows without end."
    " Latencies below are those of this finite run only.":
        "{}:过载:到达 {} 请求/秒,最多可持续 {};队列无止境地增长。以下时延只属于此次有限的运行。",
    "{}: overloaded: {n} requests/s are offered and at most {n} can be sustained; the queue grows without end."
    " Latencies below are those of this finite run only.; {n} of {n} requests are rejected: a prompt of {n} and an"
    " answer of {n} tokens need a cache of {n} tokens, and an empty replica holds {n}":
        "{}:过载:到达 {} 请求/秒,最多可持续 {};队列无止境地增长。以下时延只属于此次有限的运行。"
        "{}/{} 个请求被拒绝:{} 个词元的提示与 {} 个词元的回答需要 {} 个词元的缓存,而空副本只容 {}",
    "{}: overloaded: {n} requests/s are offered and at most {n} can be sustained; the queue grows without end."
    " Latencies below are those of this finite run only.; {n} of the requests are turned away ({})":
        "{}:过载:到达 {} 请求/秒,最多可持续 {};队列无止境地增长。以下时延只属于此次有限的运行。"
        "{} 的请求被拒之门外({})",
    "{n} of the requests are turned away ({})": "{} 的请求被拒之门外({})",
    "{}: every request is turned away ({}): nothing is served, and nothing has a cost; allow more to wait, or for"
    " longer":
        "{}:所有请求都被拒之门外({}):什么也没有服务,什么也没有成本;请允许更多请求等待,或等更久",
    "they fit no replica": "没有副本容得下",
    "closed loop of {} users: {} of at most {} requests/s ({})": "{} 个用户的闭环:{}/最多 {} 请求/秒({})",
    "more users raise the rate, up to about {} of them": "再增用户会提高速率,至约 {} 个为止",
    "saturated: beyond {} users every further one only waits longer": "已饱和:超过 {} 个用户后,再增者只是等得更久",
    "mean of the long run by vector": "长期运行的均值,向量化",
    "{} needs {} GB per card at tp={} (weights {}, the engine's reserve {}), but {} gives {} GB ({} of {}): it does not"
    " fit; the smallest that fits is tp={}":
        "{0} 在 tp={2} 时每卡需 {1} GB(权重 {3},引擎预留 {4}),而 {5} 提供 {6} GB({8} 的 {7}):放不下;最小可行为 tp={9}",
    "software of {} networks as NVIDIA's MLPerf submissions have it": "{}网络的软件,同 NVIDIA 的 MLPerf 提交",
    "diffusion": "扩散", "convolution": "卷积", "encoder": "编码器",
    "on another maker's card see {}": "用于其他厂商的卡,见 {}", "on another maker's card see": "用于其他厂商的卡,见",
    "{} of the width": "占宽度 {}", "no market section": "没有 `market` 部分",
    "priced at its unit cost": "按单位成本定价", "the buyer would pay less": "买方愿付的更少",
    "{}: {} cards, MTBF {} h ({} card-hours per failure; component rates of Llama 3, a prediction), P10 to P90 {n} to"
    " {n} h":
        "{}:{} 卡,MTBF {} 小时(每次故障 {} 卡时;部件故障率同 Llama 3,为预测值),P10 至 P90 为 {} 至 {} 小时",
    "{n} sourced numbers": "{} 个有出处的数", "{n} card-hours per failure": "每次故障 {} 卡时",
    "component rates of Llama 3": "部件故障率同 Llama 3", "a prediction": "预测值",
    "{} to {} hours": "{} 至 {} 小时", "{n} days clean": "{} 天无故障", "probability {}": "概率 {}",
    "median gap (P = {})": "间隔中位数(P = {})", "guarantee (P = {})": "保证(P = {})",
    "automatic recovery counted ({} of failures)": "计入自动恢复(故障的 {})", "P = {}": "P = {}",
    "sums without reduction in switches cost {} of a step": "交换机不做归约时,求和多占单步的 {}",
    "{} silent corruptions are expected in {n} days (probability {})": "{} 次静默错误,在 {} 天内预期(概率 {})",
    "all {n} points are done": "全部 {} 个点已完成",
    "{n} values recomputed; {n} differences: the bundle holds": "重算 {} 个值;{} 处不同:证据包成立",
    "{n} values recomputed; {n} differences": "重算 {} 个值;{} 处不同",
    "{}: made with {}, verified with {}": "{}:制作时为 {},核对时为 {}",
    # --- parts, silicon, calibration, measurement, worth
    "dies": "裸片", "package": "封装", "test": "测试", "board": "板卡", "matrix": "矩阵乘", "attention": "注意力",
    "experts": "专家", "layer": "层", "step": "单步", "request": "请求", "exposed": "未隐藏", "identified": "可确定",
    "not seen": "未涉及", "rate of matrix products": "矩阵乘速率", "rate of device memory": "显存速率",
    "rate of fused attention": "融合注意力速率", "rate of experts' products": "专家矩阵乘速率",
    "rate of links inside a domain": "域内链路速率", "rate of links between domains": "域间链路速率",
    "time of a message inside a domain": "域内消息时间",
    "time beside the kernels of a layer (serving)": "一层核外时间(推理)",
    "time beside the kernels of a layer": "一层核外时间",
    "host's time of an iteration (serving)": "一次迭代的主机时间(推理)",
    "host's time of an iteration": "一次迭代的主机时间", "time of a request outside the engine": "请求在引擎外的时间",
    "host's time of a layer (training)": "一层的主机时间(训练)", "host's time of a layer": "一层的主机时间",
    "exchange that cannot hide (training)": "无法隐藏的通信(训练)", "exchange that cannot hide": "无法隐藏的通信",
    "memory: copy and triad of large arrays": "显存:大数组的复制与三元组运算", "products": "矩阵乘",
    "streams": "显存流", "allreduce": "全归约", "hostlink": "主机链路",
    "matrix products by size and number format": "按尺寸与数值格式的矩阵乘",
    "copy and triad of large arrays": "大数组的复制与三元组运算",
    "fused causal attention, forward": "融合因果注意力,前向",
    "all-reduce over the server's cards by size": "服务器内各卡按数据量的全归约",
    "copies between host and card": "主机与卡之间的拷贝",
    "power and clocks under matrix products": "矩阵乘下的功率与频率",
    "training step of two layers": "两层的训练步",
    "first token, time per token and rate of a short serving run": "一次短推理的首词元时间、每词元时间与速率",
    "quote of {}": "{} 的报价", "price of {}": "{} 的价格",
    "two-layer training step ({}) on {}": "{1} 上两层训练步({0})",
    "small all-reduce on {}": "{} 上的小数据量全归约", "memory streams on {}": "{} 上的显存流",
    "matrix products on {}": "{} 上的矩阵乘", "of no kind that can be imported": "不是可导入的种类",
    "parameters": "参数", "{n} parameters": "{} 个参数", "{n} layers x {}": "{} 层 × {}",
    "keys and values: {}": "键与值:{}", "{n} values x {}": "{} 个值 × {}",
    "a plain number": "纯数", "byte": "字节", "token": "词元", "joule": "焦耳", "second": "秒",
    "by meaning, too: {}": "按含义还有:{}", "code of another package, tried: {}": "已试运行其他软件包的代码:{}",
    # --- groups of unlike cards, a card that is taken as unknown
    "what joins the groups": "连接各组的部分", "what a group adds to all the others": "一组对其余各组的增益",
    "the traffic goes to the groups by what each carries at the service level on the workload's replicas":
        "流量按各组在服务等级下以该负载副本所能承载的量分配",
    "a collective is one group's: what passes between groups is in the step (clustersim train)":
        "集合通信在一组之内:组间传输计入训练步(clustersim train)",
    "{} requests/s by groups, the cheapest token first": "{} 请求/秒分给各组,词元最便宜者在前",
    "{}, {}: {} subsets of the groups, {} within the limits and with a plan; the best by {} first":
        "{},{}:{} 种组的子集,{} 种在限制内且有方案;按 {} 最优者在前",
    "{} taken as unknown: errors on the rows that were not given, mean or median over rows, median over {} lots":
        "{} 视为未知:未给出各行的误差,按行取均值或中位,按 {} 次抽签取中位",
    # --- company
    "the target price": "目标价", "gross margin": "毛利率", "as now": "同现在", "now": "当前", "mean": "均值",
    "median": "中位数", "dilution, %": "稀释(%)", "adjusted earnings a share": "每股经调整盈利",
    "adjusted earnings": "经调整盈利", "share-based pay added back": "加回股份支付", "members:": "成员:",
    "that of {} on revenue of {}": "用 {} 的倍数乘 {} 的收入", "no member has one of {}": "没有成员有 {} 的值",
    "ratios": "比率", "checks": "校验", "income": "利润表", "balance": "资产负债表", "cash flow": "现金流量表",
    "other income": "其他收入", "other gains": "其他收益", "finance net": "净财务收入", "services share": "服务占比",
    "nothing in every year": "各年均为零",
}  # fmt: skip
