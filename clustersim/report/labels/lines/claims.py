"""Published claims as ``claims`` examines them: what each says, what must hold, what to ask, and what is found here."""

from __future__ import annotations

__all__ = ["LINES"]

LINES: dict[str, str] = {
    "a month without interruption on a thousand cards, five days of it without a fault":
        "千卡一个月不中断,其中五天无故障",
    "MTBF {} h here": "此处 MTBF {} 小时",
    "failures that need people stay away for 720 hours, all failures for 120":
        "需要人工的故障 720 小时不出现,任何故障 120 小时不出现",
    "how many runs, and whether a recovery without people counts as an interruption":
        "共多少次运行,无需人工的恢复是否算作中断",
    "checkpoints on three levels that hardly cost time": "三级检查点,几乎不占时间",
    "what a copy blocks is a small share of what lies between copies": "一次拷贝的停顿只占两次拷贝间隔的很小部分",
    "{} of the time is blocked, {} is work done again": "停顿占时间 {},重做占 {}",
    "the intervals of each level, and what blocks the step: staging, the network or the storage":
        "各级的间隔,以及什么使训练步停顿:暂存、网络还是存储",
    "a model of 100 billion is restored within five minutes": "千亿模型五分钟内恢复",
    "detection, a spare, start and load end within 300 s": "检测、换备机、启动与加载在 300 秒内完成",
    "{} of the simulated recoveries do": "仿真的恢复中 {} 做到",
    "whether the clock starts at the failure or at the load": "计时从故障开始还是从加载开始",
    "repeated runs give the same loss to the last bit, and it falls for a month":
        "重复运行的损失逐位相同,并连续下降一个月",
    "sums are added in a fixed order on all cards, and no card corrupts data in silence for 30 days":
        "所有卡按固定次序求和,且 30 天内没有卡静默损坏数据",
    "sums without reduction in switches cost {} of a step; {} silent corruptions are expected in 30 days":
        "不用交换机内归约使单步增加 {};30 天内预期静默损坏 {} 次",
    "on how many cards, whether kernels of attention are deterministic too, and how corruption is found":
        "在多少张卡上,注意力算子是否也确定,以及如何发现数据损坏",
    "95 % of linear scaling on a thousand cards": "千卡线性扩展 95 %",
    "tokens per card at a thousand are 95 % of those at the base count": "千卡时每卡词元为基准卡数时的 95 %",
    "{} ({}, from {} cards)": "{}({},自 {} 卡起)",
    "the base count, whether the batch grows, and the plan at both ends": "基准卡数、批量是否随之增大、两端的并行方案",
    "fifty language models and more, pictures from text, understanding of pictures, video":
        "五十多个语言模型、文生图、图像理解、视频",
    "each model has kernels in a format that the card has": "每个模型都有该卡所支持格式的算子",
    "{} has {}; `clustersim profiles list models` says what is described (`plan serving`, kind vision)":
        "{} 支持 {};已有数据的见 `clustersim profiles list models`(`plan serving`,`kind: vision`)",
    "which of them run at the release of today, and at which share of the card's peak":
        "其中哪些在今天的版本上能跑,达到该卡峰值的几成",
    "programs written for them run unchanged": "为其编写的程序无需改动即可运行",
    "three software platforms of other makers are supported": "支持其他厂商的三种软件平台",
    "nothing here measures portability: the unmeasured stack's range covers its cost in time":
        "此处没有对可移植性的实测:未实测软件栈的区间涵盖其时间代价",
    "the share of operators that fall back, and a list of what was ported by hand": "回退算子的占比,以及手工移植的清单",
    "not told: no host link is known, or the cards are unlike": "未给出:主机链路未知,或各卡不同",
    "it frees {} of {} GiB and adds {} to the step": "可释放 {1} GiB 中的 {0},单步增加 {2}",
    "parallel plans are found by themselves, with asynchronous offload against the wall of memory":
        "自动寻找并行方案,并以异步卸载应对显存墙",
    "states and activations travel over the host link while the card computes":
        "状态与激活经主机链路传输的同时,卡在计算",
    "the host link's rate with all cards of a server at once, and which models need it to fit":
        "一台服务器所有卡同时使用时主机链路的速率,以及哪些模型需要它才放得下",
    "supernodes by direct optics and optical circuit switches": "以直连光与光路交换构成超节点",
    "a larger coherent domain gains more than its switches and modules cost":
        "更大的一致性域的收益大于其交换机与模块的成本",
    "bandwidth of a card across the circuits, how many of them, and the price beside plain servers":
        "每卡经光路的带宽、光路数量,以及与普通服务器相比的价格",
    "ask `clustersim claims jiangsu-four-vendors`": "请用 `clustersim claims jiangsu-four-vendors`",
    "ask `clustersim compare optical-br166-4096 br166-1024 --demand optical-br166-4096`":
        "请用 `clustersim compare optical-br166-4096 br166-1024 --demand optical-br166-4096`",
    "{} groups reach {} of the sum of what each does alone": "{} 组合训达到各自单独之和的 {}",
    "one model on four makers' cards, a thousand and more together": "四家厂商的卡合计千张以上训练同一模型",
    "the work is shared out by speed, and the makers' libraries meet": "按速度分工,且各厂商的通信库互通",
    "which cards, what share of the sum of their speeds, and whether traffic passes through hosts":
        "哪些卡,达到速度之和的几成,流量是否经过主机",
    "not for this cluster: {}": "不适用于本集群:{}",
    "the same plan runs {} faster on optical supernodes of 128 (`tco` prices them)":
        "同一方案在 128 卡光超节点上快 {}(价格见 `tco`)",
    "Hohhot: 6.7 EFLOP/s in half precision with the maker's cards among ten thousand":
        "呼和浩特:万卡集群含该厂商的卡,半精度 6.7 EFLOP/s",
    "cards times their half-precision peaks sum to 6.7 EFLOP/s": "卡数乘半精度峰值之和为 6.7 EFLOP/s",
    "how many cards of which maker, dense or sparse": "各厂商各多少卡,稠密还是稀疏",
    "Jiangsu: four makers' cards trained one model": "江苏:四家厂商的卡训练同一模型",
    "cards of each, link, and share of the sum of speeds": "各家卡数、链路,以及达到速度之和的几成",
    "the mixture is faster than its fastest group alone": "混合训练快于最快一组单独训练",
    "Wuzhen: a pool for cars, manufacturing, finance and medicine": "乌镇:面向汽车、制造、金融、医疗的算力池",
    "cards, and hours sold to each customer": "卡数,以及售给各客户的时长",
    "the pool's hours are sold": "算力池的时长已售出",
    "Hunan: interrupted runs on a thousand cards resume within five minutes on average":
        "湖南:千卡上中断的运行平均五分钟内恢复",
    "mean over how many failures, and from which moment": "多少次故障的平均,从何时算起",
    "the mean of all recoveries is below 300 s": "全部恢复的平均低于 300 秒",
    "(this scenario)": "(本场景)", "`clustersim run {}`{}": "`clustersim run {}`{}",
    "{} days without a fault": "{} 天无故障", "{} days without interruption": "{} 天不中断",
    "How many runs of what length were counted, and over how many card-hours?":
        "统计了多少次、多长的运行,合计多少卡时?",
    "What counts as a fault: a retried link error, a straggler, a restart by hand?":
        "何为故障:重试的链路错误、慢节点、人工重启?",
    "Is the figure the mean of all runs or the longest of them?": "该数是全部运行的平均,还是其中最长的?",
    "Does the restore time hold detection, a replacement server, communicator start-up and recomputed work?":
        "恢复时间是否包含检测、更换服务器、通信初始化与重做的工作?",
    "From how many cards, under which batch rule and parallel plan is linear scaling counted?":
        "线性扩展从多少卡算起,用何种批量规则与并行方案?",
    "{n} days": "{} 天", "{} days clean: MTBF >= {} h": "{} 天无故障:MTBF ≥ {} 小时",
    "{} billion parameters restored within {} minutes": "{} 十亿参数在 {} 分钟内恢复",
    "{} B/parameter": "{} 字节/参数", "batch grows with the replicas": "批量随副本增大",
    "one batch for all": "全部用同一批量",
    "{} Gb/s per card between groups": "组间每卡 {} Gb/s", "together over each alone": "合训与各自单独之比",
    "{} Gb/s per card": "每卡 {} Gb/s", "{} sequences per replica": "每副本 {} 条序列",
    "{} sequences in all": "共 {} 条序列",
    "from storage {} s": "从存储 {} 秒", "from host {} s": "从主机 {} 秒", "from partner {} s": "从伙伴 {} 秒",
    "from storage": "从存储",
    "{} (P10 to P90 {} to {} s, within it in {} of the draws)": "{}(P10 至 P90 {} 至 {} 秒,在 {} 的抽样中在此之内)",
    "P10 to P90 of {} draws of every input with a range": "P10 至 P90 由 {} 次抽样得出,抽取每个带范围的输入",
    "{}: {} cards, nothing is trained here: the claims of 5 and 30 days, of restores, of scaling and of the loss are of"
    " a training run (`clustersim claims nanjing-1024`)":
        "{}:{} 张卡,此处没有训练:5 天与 30 天、恢复、扩展与损失各项声明属于训练运行(`clustersim claims nanjing-1024`)",
    "mean gap": "平均间隔", "weak": "弱扩展", "strong": "强扩展",
}  # fmt: skip
