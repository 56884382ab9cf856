"""What a simulated run cannot do."""

from __future__ import annotations

__all__ = ["TEXTS"]

TEXTS: dict[str, str] = {
    "jobs of {} cards: p90 {} s lies below the median": "{} 卡作业:p90 {} s 低于中位数",
    "job {}: {} cards; a share is of one card, more are whole":
        "作业 {}:{} 张卡;份额只能是一张卡的一部分,更多须为整数",
    "job {}: {} is less than a thousandth of a card": "作业 {}:{} 不足一张卡的千分之一",
    "job {} may run on {}; the site has {}": "作业 {} 可在 {} 上运行;该站点有 {}",
    "job {} needs {} cards at once, {} processors and {} bytes; the largest group of servers that it may "
    "use has {} cards":
        "作业 {} 同时需要 {} 张卡、{} 个处理器与 {} 字节;它可用的最大一组服务器有 {} 张卡",
    "two jobs have the same name, {}; give each its own": "两个作业同名 {};请各取其名",
    "policy.{}: {} is unknown; {}": "policy.{}:{} 未知;{}",
    "job {} needs {} cards; {} may hold {}": "作业 {} 需要 {} 张卡;{} 至多可占 {} 张",
    "service {} asks {} servers; the site has {}": "服务 {} 要 {} 台服务器;该站点有 {} 台",
    "{}: no job of this trace has a known length ({})": "{}:此轨迹没有时长已知的作业({})",
    "{}: a Philly log is a list of jobs, each with its attempts":
        "{}:Philly 日志是作业的列表,每个作业带其各次尝试",
    "{}:1: a table of servers has count, cards and, where known, card, cpus, memory_bytes; or PAI's sn, "
    "cpu_milli, memory_mib, gpu, model":
        "{}:1:服务器表须有 count、cards,以及(如已知)card、cpus、memory_bytes;或 PAI 的 sn、cpu_milli、"
        "memory_mib、gpu、model",
    "{}: layout {} is unknown; {}": "{}:布局 {} 未知;{}",
    "zero arrivals: raise the rate or the duration": "没有到达:请提高速率或延长时间",
    "an arrival rate of {} per second gives no arrivals; it must be above zero":
        "每秒 {} 的到达率不产生到达;须大于零",
    "arrival process {} is unknown; known: {}": "到达过程 {} 未知;已知:{}",
    "swing must be at least 0 and below 1: the rate may not fall below zero":
        "swing 须至少为 0 且小于 1:速率不能低于零",
    "a mean length of {} tokens; it must be at least 1": "平均长度为 {} 个词元;须至少为 1",
    "length distribution {} is unknown; known: {}": "长度分布 {} 未知;已知:{}",
    "a {} stream cannot be drawn in parts; take poisson or gamma arrivals":
        "{} 流不能分段抽取;请用 poisson 或 gamma 到达",
    "burstiness (coefficient of variation of the gaps) must be above zero":
        "burstiness(到达间隔的变异系数)须大于零",
    "cache tier {}: capacity, time per token and latency must be zero or more":
        "缓存层 {}:容量、每词元时间与延迟须不小于零",
    "requests: arrival, prompt, output and blocks must have one length":
        "请求:arrival、prompt、output 与 blocks 须长度相同",
    "requests: zero arrivals; give a rate above zero, a longer run, or a trace":
        "请求:没有到达;请给大于零的速率、更长的运行时间或一条轨迹",
    "requests: arrivals must be finite and in ascending order": "请求:到达时刻须为有限的数并按升序排列",
    "requests: an arrival is before time zero": "请求:有一个到达早于零时刻",
    "requests: every request needs at least one prompt and one output token":
        "请求:每个请求至少要有一个提示词元与一个输出词元",
    "a load factor of {} is not above zero": "负载系数 {} 不大于零",
    "none of the requests can be served even alone: each is larger than an empty replica's cache":
        "任何请求即使单独也无法服务:每个都大于空副本的缓存",
    "failures need a random generator: pass rng": "故障需要随机数发生器:请传入 rng",
    "a decode pool needs a transfer, and a transfer a decode pool": "解码池需要传输,传输也需要解码池",
    "cached_share={}: it must be at least 0 and below 1": "cached_share={}:须至少为 0 且小于 1",
    "router {} is unknown; {}": "路由方式 {} 未知;{}",
    "a card-hour of {} CNY is below zero": "每卡时 {} 元低于零",
    "a daily swing of {}; it must be at least 0 and below 1": "日内波动为 {};须至少为 0 且小于 1",
    "{}: the SLO is below the unloaded latency: {}. Relax it, raise tp, or use a faster card":
        "{}:SLO 低于空载延迟:{}。请放宽 SLO、提高 tp,或用更快的卡",
    "requests that come in parts can have no prefix blocks and no turns": "分段到来的请求不能有前缀块与多轮",
    "parts of a stream must come one after another in time": "流的各段须按时间先后排列",
    "costs to be stacked must share their token counts: take them at the same knots":
        "要叠加的成本须共用词元数:请取相同的节点",
    "multimodal: frames, sampled and requests must have one length":
        "多模态:frames、sampled 与 requests 须长度相同",
    "multimodal: a request cannot sample more frames than its clip has":
        "多模态:请求采样的帧数不能多于其片段的帧数",
    "multimodal: the card has no codec channels; decode elsewhere or choose another card":
        "多模态:该卡没有编解码通道;请在别处解码或另选一卡",
    "multimodal: rates, workers and tokens per frame must be above zero":
        "多模态:速率、工作进程数与每帧词元数须大于零",
    "batching: max_tokens={} leaves no room for prompts beside {} sequences; raise it or lower max_sequences":
        "批处理:max_tokens={} 在 {} 个序列之外没有给提示留出空间;请调高它或调低 max_sequences",
    "sessions: block_tokens must be at least 1; shared tokens, users and pauses zero or more":
        "会话:block_tokens 须至少为 1;共享词元、用户与停顿须不小于零",
    "a pool of {} replicas; it needs at least 1": "副本池有 {} 个副本;至少需要 1 个",
    "a split plant is sized by split_for: its pools have counts of their own":
        "分离式部署由 split_for 定规模:两个池各有其数量",
    "no request of this stream can be served: none fits the cache": "此流没有可服务的请求:都放不进缓存",
    "split_for needs a plant with a decode pool; use replicas_for":
        "split_for 要求带解码池的部署;请用 replicas_for",
    "no rate meets the SLO: at {} requests/s fewer than {} do":
        "没有速率满足 SLO:在每秒 {} 个请求时达标的少于 {}",
    "no steady state: {} requests/s are offered and {} can be sustained":
        "没有稳态:每秒到来 {} 个请求,而可持续的为 {}",
    "requests that all arrive at one instant have no rate: spread them, or give a rate":
        "同一时刻到来的请求没有速率:请把它们分散,或给出速率",
    "a stream of {} requests/s; the rate must be above zero": "每秒 {} 个请求的流;速率须大于零",
    "a stream draws from prompt and output lengths, or from a sample: give one of them":
        "流取自提示与输出的长度,或取自样本:请给其一",
    "trace {} is not shipped; {}": "没有随附的轨迹 {};{}",
    "{}:1: needs the columns {}; it has: {}": "{}:1:需要列 {};现有:{}",
    "{}:1: column {} stands twice; which one is meant?": "{}:1:列 {} 出现两次;指哪一个?",
    "is no JSON object": "不是 JSON 对象",
    "the timestamp {} is not a number of milliseconds": "时间戳 {} 不是毫秒数",
    "hash_ids must be a list of whole numbers": "hash_ids 须为整数的列表",
    "{}: {} bad line(s), {} may be skipped": "{}:{} 行有误,允许跳过 {} 行",
    "{}: zero arrivals; the trace holds no request": "{}:没有到达;轨迹中没有请求",
    "{}; shipped traces: {}": "{};随附的轨迹:{}",
    "correct the line or allow it to be skipped": "请更正该行或允许跳过它",
    "codec {} is unknown; known: {}": "编解码器 {} 未知;已知:{}",
    "video: no streams; give at least one": "视频:没有流;请至少给一路",
    "an admitted share of {}; it must lie between 0 and 1: every loss system blocks some":
        "接纳比例为 {};须在 0 与 1 之间:任何损失系统都会拒绝一部分",
    "{} cards of {} streams each do not admit {} of {} streams": "{} 张卡(每张 {} 路)无法接纳 {} 路({} 路中)",
    "card {} has no codec channels in its profile; video needs them: choose a card that has, or add "
    "cards.{}.codec with its source":
        "卡 {} 的档案没有编解码通道,而视频需要它:请选有通道的卡,或补上 cards.{}.codec 并注明来源",
    "card {} has no {} channels, and stream {} needs them": "卡 {} 没有 {} 通道,而流 {} 需要它",
    "no request of this run ended, so that it has no steady window": "此次运行没有请求结束,因而没有稳态窗口",
    "a run of {} s is too short for a steady window: a request stays {} s on average; serve at least {} "
    "requests":
        "{} s 的运行太短,没有稳态窗口:请求平均停留 {} s;请至少服务 {} 个请求",
    "a probability must lie between 0 and 1, not {}": "概率须在 0 与 1 之间,不是 {}",
    "reliability.mttf_scale={} must be greater than zero": "reliability.mttf_scale={} 须大于零",
    "reliability.failures_per_year.{}: unknown component; {}":
        "reliability.failures_per_year.{}:未知的部件;{}",
    "checkpoint.{}: an interval of {} s is not shorter than the run of {} s":
        "checkpoint.{}:间隔 {} s 不短于运行的 {} s",
    "checkpoint.{}: a copy takes {} s to become durable, longer than the interval of {} s; the shortest "
    "sustainable interval is {} s":
        "checkpoint.{}:一份副本需 {} s 才能持久,长于间隔 {} s;可持续的最短间隔为 {} s",
    "checkpoint.{}: corrupt_share must lie between 0 and 1, not {}":
        "checkpoint.{}:corrupt_share 须在 0 与 1 之间,不是 {}",
    "checkpoint.partner: {} partner copies need {} servers; there are {}":
        "checkpoint.partner:{} 份伙伴副本需要 {} 台服务器;现有 {} 台",
    "checkpoint.placement: {} is unknown; known: {}": "checkpoint.placement:{} 未知;已知:{}",
    "unknown fidelity {}; known: {}": "未知的精细度 {};已知:{}",
    "--fidelity {} cannot answer {}; use --fidelity des or auto":
        "--fidelity {} 无法回答 {};请用 --fidelity des 或 auto",
    "a spread between fleets needs two of them at least": "机群之间的离散至少需要两个机群",
    "a log of {} failures in {} card-hours cannot be": "{} 次故障对 {} 卡时的日志不可能成立",
    "the log counts {}, which is no component; known: {}": "日志统计了 {},它不是部件;已知:{}",
    "{}: holds no events": "{}:没有事件",
    "{}:1: lacks the column(s) of {}; it has: {}": "{}:1:缺 {} 的列;现有:{}",
    "reliability.log: all {} events come after the end of the run ({} h); set reliability.duration, or "
    "reliability.log_start where the log has time stamps":
        "reliability.log:全部 {} 个事件都在运行结束({} h)之后;请设 reliability.duration,日志带时间戳时设 "
        "reliability.log_start",
    "{} is unknown": "{} 未知",
    "comes before the failure itself": "早于故障本身",
    "{} is no component that is known": "{} 不是已知的部件",
    "reliability.log_start: {} is no time stamp; write 2026-03-01T08:00+08:00":
        "reliability.log_start:{} 不是时间戳;请写成 2026-03-01T08:00+08:00",
    "{} is before the start of the run": "{} 早于运行的开始",
    "some lines have dates and others seconds since boot": "有的行带日期,有的行是开机后的秒数",
    "a probability of waiting must lie between 0 and 1, not {}": "等待的概率须在 0 与 1 之间,不是 {}",
    "an availability must lie between 0 and 1, not {}": "可用率须在 0 与 1 之间,不是 {}",
    "with {} servers out for repair no number of spares keeps waits that rare":
        "有 {} 台服务器在修时,多少备机也不能让等待如此少见",
    "nothing fails in this run: no outcome of failures can be sampled":
        "此次运行没有故障:没有可抽样的故障结果",
    "vectorised replications cannot answer {}; use --fidelity des":
        "向量化的重复无法回答 {};请用 --fidelity des",
    "checkpoint.{}: {} GB/s of checkpoints and {} GB/s of other jobs can never drain through {} GB/s of "
    "storage; the shortest sustainable interval is {} s":
        "checkpoint.{}:{} GB/s 的检查点与其他作业的 {} GB/s 永远排不过 {} GB/s 的存储;可持续的最短间隔为 "
        "{} s",
    "checkpoint: at least one level is needed": "检查点:至少需要一级",
    "checkpoint: counted_by must be 'steps' or 'time', not {}":
        "检查点:counted_by 须为 'steps' 或 'time',不是 {}",
    "reliability: on_shortage must be 'wait' or 'shrink', not {}":
        "可靠性:on_shortage 须为 'wait' 或 'shrink',不是 {}",
    "checkpoint: no level survives a failure of domain {}": "检查点:没有一级能经受 {} 域的故障",
    "the failure log goes back in time: {} s comes after {} s; sort it":
        "故障日志时间倒退:{} s 在 {} s 之后;请排序",
    "a share of {} % within the service level cannot be shown: a run of {} requests without one miss shows {} %; ask "
    "for no more than that":
        "服务水平内 {} % 的份额无法证明:{} 个请求的运行即使无一超限,也只证明 {} %;请问不高于此的份额",
}  # fmt: skip
