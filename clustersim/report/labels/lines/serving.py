"""Lines of ``serve`` and ``plan serving``."""

from __future__ import annotations

__all__ = ["LINES"]

LINES: dict[str, str] = {
    "prompts on {} ({}), answers on {} ({}); what a card-hour costs is the mean of the whole site":
        "提示在 {}({})上,回答在 {}({})上;每卡时成本为整个站点的均值",
    "{}: {} (requests of the first class go before all others that wait; capacity in closed form knows no classes)":
        "{}:{}(第一类请求先于所有其他等待的请求;解析式的能力不分类别)",
    "{} requests on {} ({} {}), {}: {} completed, {} rejected": "{} 个请求,在 {}({} {})上,{}:完成 {},拒绝 {}",
    "{} requests/s offered, {} output tokens/s, {} requests in the system on average, service level met by {}":
        "到达 {} 请求/秒,{} 输出词元/秒,系统内平均 {} 个请求,达到服务水平的占 {}",
    "percentiles within {}; at most {} requests in memory at once": "百分位误差在 {} 之内;内存中同时至多 {} 个请求",
    "use, energy and cost need the log of every iteration: serve without --records":
        "利用率、电量与成本需要每次迭代的记录:请不用 --records 运行",
    "skipped: {}": "略去:{}",
    "none stated": "未给出",
    "no cost: the scenario has no tco section": "没有成本:场景没有 tco 部分",
    "a card-hour costs {} CNY at this load; cost by the card-hours that are held":
        "此负载下每卡时 {} 元;成本按占用的卡时计",
    "no cost per token: what is overloaded cannot be kept up, ask `clustersim run` for its capacity":
        "没有每词元成本:过载无法持续,请用 `clustersim run` 求其能力",
    "engine constants assumed from the card's own efficiencies: {}": "引擎常数由该卡自身的效率假设:{}",
    "on the cards {}": "卡上 {}",
    "known of the prompts: {} ({})": "关于提示的已知信息:{}({})",
    "figures of the whole run: {}": "全程数值:{}",
    "asked for: these requests from the first to the last, start and drain included":
        "按所求:这些请求自首至尾,含起始与收尾",
    "a trace is served whole, start and drain included: it has no steady state":
        "轨迹整体服务,含起始与收尾:没有稳态",
    "sessions are served whole: what is known of a prompt depends on all that came before":
        "会话整体服务:对提示的已知信息取决于此前的全部请求",
    "a daily wave is served whole, start and drain included: it has no steady state":
        "日内波动整体服务,含起始与收尾:没有稳态",
    "an overloaded stream has no steady state: a finite run, start and drain included":
        "过载的请求流没有稳态:有限运行,含起始与收尾",
    "not below the target: {}": "未低于目标:{}",
    "steady state: {} of {} requests served, from {} to {} s ({} stretches of {} residence times); standard errors:"
    " {}{}":
        "稳态:服务 {}/{} 个请求,从 {} 到 {} 秒({} 段,每段 {} 个驻留时间);标准误差:{}{}",
    "out tok/s": "输出词元/秒", "at most req/s": "最多请求/秒",
    "busy {n}%": "繁忙 {}%",
    "TPOT p50": "每词元时间 p50", "TTFT p50": "首词元时间 p50",
}  # fmt: skip
