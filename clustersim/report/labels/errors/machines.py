"""What a machine, a network or a plan cannot do."""

from __future__ import annotations

__all__ = ["TEXTS"]

TEXTS: dict[str, str] = {
    "price book {} has no part {}, needed by {}; {}; add it to hwprofiles/prices/{}.yaml":
        "价格表 {} 没有部件 {}(由 {} 需要);{};请补入 hwprofiles/prices/{}.yaml",
    "{}.height is not in the profile, and the racks need it; add it with its source":
        "档案中没有 {}.height,而机柜需要它;请补上并注明来源",
    "cards.{}.power is not in the profile, and the racks need it": "档案中没有 cards.{}.power,而机柜需要它",
    "cluster.storage.capacity is {} PB; {} checkpoints of {} TB and the data of {} tokens need {} PB":
        "cluster.storage.capacity 为 {} PB;{} 份检查点(每份 {} TB)加 {} 个词元的数据需要 {} PB",
    "cards.{}.price is not in the profile, and this run needs it":
        "档案中没有 cards.{}.price,而本次运行需要它",
    "{}: gives no graph with the parts ('server', 0) to ('server', {})":
        "{}:没有给出含部件 ('server', 0) 至 ('server', {}) 的图",
    "{}: its links hold {} NICs, not the {} of {} cards": "{}:其链路共有 {} 张网卡,而不是 {} 张({} 张卡)",
    "traffic to everyone is found on graphs of at most {} servers; let the builder state graph.graph[{}]":
        "全交换流量只在至多 {} 台服务器的图上求解;请由构造函数给出 graph.graph[{}]",
    "company.fx: no rate up to {}; the first is of {}": "company.fx:截至 {} 没有汇率;最早的是 {}",
    "company {}: capm lacks {}; give all parts, or only wacc": "公司 {}:capm 缺 {};请给全各项,或只给 wacc",
    "company {}: first_taxed_year {} is not a year of the forecast ({} to {})":
        "公司 {}:first_taxed_year {} 不是预测年份({} 至 {})",
    "company {}: drivers.product_mode=printed needs a printed block":
        "公司 {}:drivers.product_mode=printed 需要 printed 部分",
    "company {}: neither drivers nor the last actual year ({}) give {}; add them under drivers, for "
    "example research_share: 40 %":
        "公司 {}:drivers 与最近一个实际年度({})都没有 {};请在 drivers 下补上,例如 research_share: 40 %",
    "company.fx: {}; write dates as 2026-06-02": "company.fx:{};日期请写成 2026-06-02",
    "cards.{}.host_link is not in the profile, and traffic through hosts needs it; add it with its "
    "source, or set cluster.link.through_hosts=false":
        "档案中没有 cards.{}.host_link,而经主机的流量需要它;请补上并注明来源,或设 "
        "cluster.link.through_hosts=false",
    "{}: job {}: nodes says how many servers, and those of this site have {} cards; say cards instead":
        "{}:作业 {}:nodes 表示多少台服务器,而该站点的服务器有 {} 张卡不等;请改写 cards",
    "{}\ntenants of this workload: {}": "{}\n此工作负载的租户:{}",
    "drawn.load asks {} jobs in {} days, of {} card-hours each; at most {} are drawn: shorten "
    "reliability.duration, or draw fewer, longer jobs":
        "drawn.load 要 {} 个作业({} 天内),每个 {} 卡时;至多抽取 {} 个:请缩短 reliability.duration,"
        "或抽取更少、更长的作业",
    "company {}: history has no actual year (2025A)": "公司 {}:history 没有实际年度(2025A)",
    "company {}: the opening balance sheet of {} does not balance: assets {} less liabilities {} less "
    "equity {} leave {} kCNY; leave total_equity out to let it follow, or give total_assets and "
    "total_liabilities":
        "公司 {}:{} 的期初资产负债表不平:资产 {} 减负债 {} 减权益 {} 余 {} 千元;请去掉 total_equity "
        "让它推出,或给出 total_assets 与 total_liabilities",
    "{} is not in the profile, and this run needs it; add it with its source, or use --set {}=…":
        "档案中没有 {},而本次运行需要它;请补上并注明来源,或用 --set {}=…",
    "{}.memory is not in the profile, and this run needs it": "档案中没有 {}.memory,而本次运行需要它",
    "cards.{}.scale_up is not in the profile, and this run needs it":
        "档案中没有 cards.{}.scale_up,而本次运行需要它",
    "{}: a dragonfly needs a whole number of NICs in a server, not {}":
        "{}:dragonfly 要求每台服务器的网卡数为整数,不是 {}",
    "company {}: products.{} sells units in {} and has no price; add asp: {{}: 100}":
        "公司 {}:products.{} 在 {} 有销量而没有价格;请补上 asp: {{}: 100}",
    "company {}: supply.{}: no such line; {}": "公司 {}:supply.{}:没有这条产品线;{}",
    "cluster.storage.capacity: {} checkpoints of {} TB and the one being written need {} TB; the storage "
    "holds {} TB":
        "cluster.storage.capacity:{} 份检查点(每份 {} TB)加正在写入的一份需要 {} TB;存储只有 {} TB",
    "reliability.recovery: growth and measured_at belong together; give both, or leave both out":
        "reliability.recovery:growth 与 measured_at 须同时给出;请都给或都不给",
    "reliability.fleet: {} counts one kind of part, not the failures of a job; set "
    "reliability.failures_per_year for that part instead":
        "reliability.fleet:{} 统计的是一类部件,而不是作业的故障;请改设该部件的 reliability.failures_per_year",
    "reliability.domains.{}.servers={}: the cluster has only {} servers":
        "reliability.domains.{}.servers={}:集群只有 {} 台服务器",
    "checkpoint.{}: give its interval or its steps, one of the two":
        "checkpoint.{}:interval 与 steps 请给其一",
    "{}: give one of bandwidth_left, clock_left and slowdown; it has {}":
        "{}:bandwidth_left、clock_left 与 slowdown 请给其一;现有 {}",
    "reliability.{}.{}: unknown component; {}": "reliability.{}.{}:未知的部件;{}",
    "checkpoint.{}.steps: counts optimizer steps, and nothing here is trained by steps":
        "checkpoint.{}.steps:以优化器步数计,而此处没有按步训练的工作",
    "{}.{}: nothing here is trained by steps; give its slowdown":
        "{}.{}:此处没有按步训练的工作;请给它的 slowdown",
    "{} keeps the cache in {} and {} in {}: what one hands over the other could not read; state one "
    "format in precision.cache":
        "{0} 的缓存格式为 {1},{2} 的为 {3}:一方交出的缓存另一方无法读取;请在 precision.cache 写明同一格式",
    "{}: failures of replicas need the site's reliability section; add it":
        "{}:副本故障需要站点的 reliability 部分;请补上",
    "cards.{}.power is not in the profile, and this run needs it":
        "档案中没有 cards.{}.power,而本次运行需要它",
    "speculative drafts {} tokens, and nothing says how many are kept; give speculative.acceptance (at "
    "every position) or speculative.acceptance_by_position":
        "speculative 草拟 {} 个词元,而没有说明保留多少;请给 speculative.acceptance(各位置相同)或 "
        "speculative.acceptance_by_position",
    "a coherent domain of {} cards: supernodes.{} joins at most {}; set {} to fewer":
        "{} 张卡的一致性域:supernodes.{} 至多连接 {} 张;请把 {} 设小",
    "cards.{}.scale_up.domain is {}, and servers.{} joins {}: the price of what joins them is asked for; "
    "name {} (clustersim profiles list supernodes), a server whose price holds "
    "the domain, or set cards.{}.scale_up.domain={}":
        "cards.{}.scale_up.domain 为 {},而 servers.{} 连接 {} 张:需要连接部件的价格;请写明 "
        "{}(clustersim profiles list supernodes)、价格已含该域的服务器,或设 "
        "cards.{}.scale_up.domain={}",
    "{}: stream {} makes tokens; name the workload's model": "{}:流 {} 产生词元;请写明工作负载的 model",
    "unknown collective {}; {}": "未知的集合通信 {};{}",
    "the size of a collective must not be negative or not a number": "集合通信的大小不能为负或非数",
    "local={} cards do not share a domain of {}; give at most the domain's size":
        "local={} 张卡不在 {} 张的同一个域内;至多给域的大小",
    "{} has no algorithm {}; {}": "{} 没有算法 {};{}",
    "in_switch needs network.scale_up_reduction_efficiency above 0":
        "in_switch 需要 network.scale_up_reduction_efficiency 大于 0",
    "a dragonfly needs servers with NICs, routers of at least 4 ports, oversubscription >= 1":
        "dragonfly 要求服务器有网卡、路由器至少 4 个端口、收敛比 >= 1",
    "routers of {} ports cannot join {} servers of {} NICs in a dragonfly: a router needs a link to each "
    "of {} other groups, and {} ports are left; choose a fat tree, or routers with more ports":
        "{} 端口的路由器无法以 dragonfly 连接 {} 台各有 {} 张网卡的服务器:每台路由器都须连到其他 {} 个组,"
        "而只剩 {} 个端口;请选胖树,或端口更多的路由器",
    "every link needs a capacity that is a number and not negative": "每条链路的容量须为数且不为负",
    "sizes of flows must not be negative": "流的大小不能为负",
    "a path names link {}; there are links 0 to {}": "路径提到链路 {};只有链路 0 至 {}",
    "a flow crosses a link without capacity and never ends": "有一条流经过没有容量的链路,永不结束",
    "scale_up wiring {} is unknown; {}": "scale_up 布线 {} 未知;{}",
    "a torus, and nothing else, has scale_up_dims: the sizes of its dimensions":
        "只有 torus 才有 scale_up_dims,即各维的大小",
    "network.{} is {} and out of its range": "network.{} 为 {},超出范围",
    "network.{} is {}; it must be finite, {}{}": "network.{} 为 {};须为有限的数,{}{}",
    "three levels of {}-port switches cannot join this many NICs, even in {} planes; choose switches "
    "with more ports, or slower NICs that share a port":
        "三级 {} 端口的交换机无法连接这么多网卡,即使分 {} 个平面;请选端口更多的交换机,或共用端口的较慢网卡",
    "a NIC of {} B/s on a port of {} B/s: both must be positive":
        "{} B/s 的网卡接 {} B/s 的端口:两者都须为正",
    "a NIC of {} Gb/s does not fit a switch port of {} Gb/s; choose a faster switch or a slower NIC":
        "{} Gb/s 的网卡不适合 {} Gb/s 的交换机端口;请选更快的交换机或更慢的网卡",
    "a switch of {} ports, oversubscribed {} to 1, is no leaf; give at least 2 ports and an "
    "oversubscription of at least 1":
        "{} 端口、收敛比 {} 比 1 的交换机不能作叶;请至少给 2 个端口,收敛比至少为 1",
    "{} cards of {} NICs make {} rails; a server needs a whole number":
        "{} 张卡、{} 张网卡构成 {} 个轨道;每台服务器须为整数",
    "{} cards with {} NICs each: there must be at least one NIC": "{} 张卡、每张 {} 张网卡:至少须有一张网卡",
    "unknown topology {}; {}": "未知的拓扑 {};{}",
    "unknown pattern {}; {}": "未知的通信模式 {};{}",
    "the fabric has no {}; the placement needs more servers than it has":
        "网络中没有 {};该布局需要的服务器多于现有",
    "the order {} names an axis twice": "次序 {} 把一个轴写了两次",
    "a server must hold at least one card": "服务器至少须有一张卡",
    "axis {} is not in the order; {}": "轴 {} 不在次序中;{}",
    "{}={}: a parallel degree must be at least 1": "{}={}:并行度须至少为 1",
    "there is no axis {}; {}": "没有轴 {};{}",
    "{} is no part of the fabric": "{} 不是网络的部件",
    "no path leads from {} to {}: the fabric is in pieces": "{} 到 {} 没有通路:网络不连通",
    "{} cards make no torus with at least three in a dimension": "{} 张卡不能构成每维至少三张的 torus",
    "wiring {} is unknown; {}": "布线 {} 未知;{}",
    "a supernode's cards, ports, block and degree must be at least 1":
        "超节点的卡数、端口数、块与度须至少为 1",
    "a coherent domain of {} cards is no whole number of servers of {}; {} would be":
        "{} 张卡的一致性域不是 {} 张卡服务器的整数倍;可用 {}",
    "an optical domain of {} cards is no whole number of blocks of {}; {} would be":
        "{} 张卡的光互连域不是 {} 张卡一块的整数倍;可用 {}",
    "{} spare circuits of {} leave none": "{1} 条光路备用 {0} 条后已无可用",
    "switches of {} ports cannot join a coherent domain of {} cards; more ports would, or a smaller domain":
        "{} 端口的交换机无法连接 {} 张卡的一致性域;需要更多端口或更小的域",
    "{} cards, {} in a server, {} NICs each: a server needs a whole number of NICs, at least one":
        "{} 张卡、每台服务器 {} 张、每张 {} 张网卡:每台服务器的网卡数须为整数,至少一张",
    "a dragonfly needs at least one group, router and server":
        "dragonfly 至少需要一个组、一台路由器与一台服务器",
    "{} routers with {} global links cannot reach {} other groups; give at least {} global links per router":
        "{} 台路由器(各 {} 条全局链路)到不了其他 {} 个组;每台路由器请至少给 {} 条全局链路",
    "a torus needs positive dimensions, not {}": "torus 的各维须为正,不是 {}",
    "{} cards of {} dies with {} B/s between them: counts must be positive, and so must the link of "
    "several dies":
        "{} 张卡、各 {} 个裸片、裸片间 {} B/s:数量须为正,多裸片间的链路也须为正",
    "a switched domain needs at least one switch, not {}": "交换式的域至少需要一台交换机,不是 {}",
    "a PCIe switch must hold at least one card, not {}": "PCIe 交换机至少须接一张卡,不是 {}",
    "blocks, cards per block, degree and ports of an optical switch must be at least 1":
        "块数、每块卡数、度与光交换机的端口数须至少为 1",
    "{} spare links of {} ports leave none; give fewer": "{1} 个端口备用 {0} 条链路后已无可用;请少给",
    "bandwidths must be positive and the reconfiguration time not negative": "带宽须为正,重构时间不能为负",
    "there are blocks 0 to {}; a failure names {}": "只有块 0 至 {};故障提到了 {}",
    "a block has lost all its optical links; repair it or leave it out":
        "有一块失去了全部光链路;请修复或去掉它",
    "demand must be a symmetric, non-negative {} x {} matrix": "需求须为对称且非负的 {} x {} 矩阵",
    "block {} has {} ports and wants more peers; use a ring of blocks, or a higher degree":
        "块 {} 有 {} 个端口而要连更多对端;请用块的环,或更高的度",
    "unknown kind of part {}; {}": "未知的部件种类 {};{}",
    "link {}-{}: {} links of {} B/s; both must be positive": "链路 {}-{}:{} 条 {} B/s 的链路;两者都须为正",
    "the fabric has no parts": "网络没有部件",
    "the fabric is in {} pieces: {}{}; add a link between": "网络分成 {} 片:{}{};请在其间补一条链路",
    "link {}-{}: {} is no part of the fabric": "链路 {}-{}:{} 不是网络的部件",
    "card {} has no {} peak in its profile (it has: {}); choose another data type or add "
    "cards.{}.peak.{} with its source":
        "卡 {} 的档案没有 {} 峰值(现有:{});请另选数据类型,或补上 cards.{}.peak.{} 并注明来源",
    "{}={} is no known format; {}": "{}={} 不是已知的格式;{}",
    "two parts have the same name; give each its own": "两个部分同名;请各取其名",
    "a mixed cluster needs at least one part": "混合集群至少需要一个部分",
    "all parts must use one micro-batch, not {}": "各部分须用同一个微批次,不是 {}",
    "{} micro-batches are fewer than the {} replicas; enlarge the batch":
        "{} 个微批次少于 {} 个副本;请加大批次",
    "a batch of {} is no multiple of the micro-batch {}": "批次 {} 不是微批次 {} 的倍数",
    "part {} differs from {} in {}; one job has one of each": "部分 {} 与 {} 的 {} 不同;一个作业只有一种",
    "{} does not fit on part {}: {} GiB per card of {} GiB; split it over more of its cards":
        "{} 放不进部分 {}:每卡 {} GiB,而卡有 {} GiB;请分到更多的卡",
    "{} micro-batches cannot be shared out over replicas of {}: {} are left over; a global batch of {} "
    "micro-batches would do":
        "{} 个微批次无法分给 {} 的副本:余 {} 个;全局批次取 {} 个微批次即可",
    "a pipeline over unlike cards needs at least two parts": "跨异型卡的流水线至少需要两个部分",
    "a pipeline over unlike cards runs the schedule 1f1b; set interleave=1, schedule=1f1b":
        "跨异型卡的流水线用 1f1b 调度;请设 interleave=1、schedule=1f1b",
    "offload is not modelled for a pipeline over unlike cards; switch it off":
        "跨异型卡的流水线不模拟卸载;请关闭它",
    "a batch of {} is no multiple of dp x micro_batch = {}": "批次 {} 不是 dp x micro_batch = {} 的倍数",
    "{} layers cannot be given out to {} stages; take fewer stages": "{} 层无法分给 {} 级;请少用几级",
    "{} does not fit on these parts; take more cards or stages": "{} 放不进这些部分;请用更多的卡或更多级",
    "a pipeline over unlike cards needs one {} in all parts, not {}":
        "跨异型卡的流水线要求各部分 {} 相同,不是 {}",
    "plan: tp x pp x dp x cp = {} x {} x {} x {} = {}, but the cluster has {} cards{}":
        "plan: tp x pp x dp x cp = {} x {} x {} x {} = {},而集群有 {} 张卡{}",
    "plan: {} heads do not divide by tp={}; tp={} would do": "plan:{} 个注意力头不能被 tp={} 整除;可用 tp={}",
    "plan: ep={} needs experts divisible by it ({}) and dp x cp x tp divisible by ep x etp = {}":
        "plan:ep={} 要求专家数({})能被它整除,且 dp x cp x tp 能被 ep x etp = {} 整除",
    "plan: etp={} must divide tp={}; etp=1 would do": "plan:etp={} 须整除 tp={};可用 etp=1",
    "training.global_batch={} is no multiple of dp x micro_batch = {}; {} would be":
        "training.global_batch={} 不是 dp x micro_batch = {} 的倍数;可用 {}",
    "plan: unknown schedule {}; known: {}": "plan:未知的调度 {};已知:{}",
    "plan: zero={} is unknown; known: 0, 1, 2, 3": "plan:zero={} 未知;已知:0, 1, 2, 3",
    "plan: shard={} must divide dp x cp = {}; {} would do": "plan:shard={} 须整除 dp x cp = {};可用 {}",
    "plan: unit_layers must be at least 1, prefetch and shard at least 0":
        "plan:unit_layers 须至少为 1,prefetch 与 shard 至少为 0",
    "plan: {} has {} layers{}, fewer than pp x interleave = {} x {} chunks; at most {} chunks, one layer each":
        "plan:{} 有 {} 层{},少于 pp x interleave = {} x {} 段;至多 {} 段,每段一层",
    "reliability: fleet and card_hours_per_failure are two rates of one job; state one":
        "reliability:fleet 与 card_hours_per_failure 是同一作业的两个故障率;只给其一",
    "training and latency exclude each other: nobody waits for a batch that trains":
        "training 与 latency 互斥:训练的批次没有人在等",
    "dtype {} is the recipe {}, and recipe says {}; state one of them":
        "dtype {} 即配方 {},而 recipe 为 {};只给其一",
    "no profile of the {} {}; {}": "没有{} {} 的参数文件;{}",
    "the {} is not named": "未给{}名",
    "row {}: {} is a form of the literature at what the row states, and no site's run gives it; what went in stands in"
    " the row's details (`validate reliability -f json`)":
        "行 {}:{} 是文献公式代入该行所给之数,任何场景的运行都不给出;代入之数见该行的 details(`validate reliability"
        " -f json`)",
    "row {} is of a card, and no site's run gives it: `clustersim profiles show {}` prints it as {}":
        "行 {} 是一张卡的数,任何场景的运行都不给出:`clustersim profiles show {}` 以 {} 给出",
    "row {}: {} is of one machine, and no site's run gives it; its parts stand in the row's details (`validate tco -f"
    " json`)":
        "行 {}:{} 是一台机器的数,任何场景的运行都不给出;其组成见该行的 details(`validate tco -f json`)",
    "plan: interleave > 1 needs pp > 1; set interleave=1":
        "plan:interleave > 1 要求 pp > 1;请设 interleave=1",
    "plan: schedule {} with interleave={}; interleave above 1 and schedule 'interleaved' go together":
        "plan:schedule {} 与 interleave={}:interleave 大于 1 与 schedule 'interleaved' 须同时使用",
    "plan: schedule 'dualpipe' serves a stage and its mirror; pp={} must be even":
        "plan:schedule 'dualpipe' 由一级及其镜像共用;pp={} 须为偶数",
    "plan: an interleaved schedule needs micro-batches ({}) in multiples of pp={}":
        "plan:交错调度要求微批次数({})为 pp={} 的倍数",
    "plan: schedule {} needs at least {} micro-batches, not {}":
        "plan:schedule {} 至少需要 {} 个微批次,不是 {}",
    "{} does not fit on {}: it needs {} GiB per card and the card has {} GiB (weights {}, gradients {}, "
    "optimizer {}, activations {}); {}":
        "{} 放不进 {}:每卡需要 {} GiB,而卡有 {} GiB(权重 {}、梯度 {}、优化器 {}、激活 {});{}",
    "attention: heads={} is not a multiple of kv_heads={}": "注意力:heads={} 不是 kv_heads={} 的倍数",
    "linear attention: value_heads={} is not a multiple of key_heads={}":
        "线性注意力:value_heads={} 不是 key_heads={} 的倍数",
    "model {}: heads={} is not a multiple of kv_heads={}": "模型 {}:heads={} 不是 kv_heads={} 的倍数",
    "model {}: moe_layers={} is more than layers={}": "模型 {}:moe_layers={} 多于 layers={}",
    "model {}: experts_per_token={} is more than experts={}": "模型 {}:experts_per_token={} 多于 experts={}",
    "model {}: router_groups={} must divide experts={} and be at least groups_per_token={}":
        "模型 {}:router_groups={} 须整除 experts={},且至少为 groups_per_token={}",
    "the range {}:{} of cards is empty": "卡数范围 {}:{} 为空",
    "unknown kind of scaling {}; known: {}": "未知的扩展方式 {};已知:{}",
    "no count between {} and {} cards can run this plan (a replica takes {} cards and must fit their memory)":
        "{} 与 {} 张卡之间没有能运行此计划的数量(一个副本需 {} 张卡,且须放得进显存)",
    "no plan can lay out {} ({} layers, {} heads) on {} cards with a batch of {}; change the number of "
    "cards or the batch":
        "没有计划能把 {}({} 层、{} 个头)铺到 {} 张卡上,批次为 {};请改卡数或批次",
    "no plan of {} fits {} x {}: none of {} is below {} GiB; take more cards or offload the optimizer":
        "没有 {} 的计划放得进 {} x {}:{} 个中没有一个低于 {} GiB;请用更多的卡或卸载优化器",
    "adapters on {} attention of {} are not modelled": "{1} 的 {0} 上的注意力不模拟适配器",
    "cards.{}.host_link.bandwidth is not in the profile, and adapters beyond the resident {} come over "
    "it: state it, or keep all {} resident":
        "档案中没有 cards.{}.host_link.bandwidth,而常驻 {} 个之外的适配器须经它传来:请写明,或让全部 {} "
        "个常驻",
    "{} needs {} GB per card at tp={} (weights {}, the engine's reserve{} {}), but {} gives {} GB ({} of "
    "{}): it does not fit; {}":
        "{0} 在 tp={2} 时每卡需要 {1} GB(权重 {3},引擎预留{4} {5}),而 {6} 给 {7} GB({9} 的 {8}):放不下;{10}",
    "{} cannot be served so: {}": "{} 不能这样服务:{}",
    "speculative decoding: an acceptance of {} is no probability from 0 to 1":
        "投机解码:接受率 {} 不是 0 至 1 的概率",
    "plan: ep={} must divide tp x dp = {}: experts live on those cards":
        "plan:ep={} 须整除 tp x dp = {}:专家放在这些卡上",
    "efficiency {}={} must be above 0 and at most 1": "效率 {}={} 须大于 0 且至多为 1",
    "{} experts per token of {}: cannot choose more than there are":
        "每词元 {} 个专家,共 {} 个:不能选得比现有的多",
    "card {} has no host_link.bandwidth in its profile; offload needs it":
        "卡 {} 的档案没有 host_link.bandwidth;卸载需要它",
    "share {} is unknown; {}": "分配方式 {} 未知;{}",
    "{} groups of unlike cards; at most {} are tried together": "{} 组异型卡;一起试的至多 {} 组",
    "no cluster can train the model": "没有集群能训练该模型",
    "no plans of one micro-batch fit all clusters": "没有同一微批次的计划放得进所有集群",
    "no number of replicas gives every cluster whole stages for a pipeline through all":
        "没有副本数能让每个集群在贯通流水线中得到整数级",
    "number format {} is unknown here; known: {}": "数字格式 {} 此处未知;已知:{}",
    "{} at a batch of {} needs {} GiB of {}": "{0} 在批次 {1} 时需要 {2} GiB,而有 {3}",
    "not one input of {} ends within {} s on {}, or fits its memory":
        "{0} 没有一个输入能在 {1} s 内在 {2} 上完成,或放得进其显存",
    "one card exchanges nothing": "一张卡没有可交换的",
    "{} cards exchange on a cluster of {}; give at most these": "{} 张卡在 {} 张卡的集群上交换;至多给这些",
    "cards_per_domain={}: {} cards on domains of {} cannot stand so; {} would do":
        "cards_per_domain={}:{} 张卡不能这样分在 {} 张的域上;可用 {}",
    "{}: demand.{}: no job does useful work within {} days": "{}:demand.{}:没有作业在 {} 天内做出有用的工作",
    "the long run makes no progress: failures undo all that it does":
        "长期运行没有进展:故障抵消了它所做的一切",
    "no group can: {}": "没有分组可以:{}",
    "no way of training together is left at these numbers": "在这些数下没有可行的共同训练方式",
    "{} cannot serve {} at the service level: {}. Relax the level, change the plan, or use another card":
        "{} 无法以服务水平服务 {}:{}。请放宽服务水平、改计划,或另选一卡",
    "the long run makes no progress: {} of its time it is down, and what it does is lost again ({} "
    "failures in {} days)":
        "长期运行没有进展:{} 的时间停机,所做的又丢失({} 次故障,{} 天内)",
    "{} streams to carry; it must be above zero": "要承载 {} 路;须大于零",
    "{}: no network {} was read": "{}:没有读取网络 {}",
    "demand: channel_fps is needed where frames are decoded; add it to the vision workload":
        "demand:解码帧时需要 channel_fps;请补入视觉工作负载",
    "groups: {}: a group's name has no '.' or '+' and is not empty; rename it":
        "groups:{}:组名不得含 '.' 或 '+',且不得为空;请改名",
    "{}: --budget, --power and --racks size a fleet of equal cards, and this workload's phases are on unlike groups;"
    " ask for --demand, or change cluster.groups.NAME.cards":
        "{}:--budget、--power 与 --racks 给同型卡定规模,而该负载的各阶段在不同型的组上;请用 --demand,或改"
        " cluster.groups.NAME.cards",
}  # fmt: skip
