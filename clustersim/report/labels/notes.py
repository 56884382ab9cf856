"""What the engine says beside its numbers, in Chinese: every note by its English pattern, with the places in braces.

The engine speaks English; a note is recognised by its pattern, and what stands in its places is put into the other
words. A note of one workload begins with its name, which stays. A law holds every note that the engine can make to a
pattern here (tests/laws/test_notes_have_both_languages.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

__all__ = ["NOTES", "Told", "keyed", "translated"]

#: A note by its pattern and what stands in its places, which may be notes themselves; or words that are none.
Told = str | tuple[str, Mapping[str, "Told"]]
_OF = "{work}: {note}"
NOTES: dict[str, str] = {
    _OF: "{work}:{note}",
    # --- training
    "tie: {one} leads {other} by {lead}, which is inside the known error of both":
        "难分高下:{one}领先{other} {lead},在两者已知误差之内",
    "a job stands on cards of one group, the first that has room in the order of cluster.groups, and runs as long on"
    " any: say card_types of jobs whose work is stated for some cards":
        "一个任务只用一组卡,即按 cluster.groups 的次序第一个有空位的组,在哪组都运行同样久;工作量按某种卡给出的任务请写"
        "明 card_types",
    "sharded weights": "权重切分",
    "sharded optimizer": "优化器切分",
    "known to fit, though the formulas put {need} GiB on a card of {has}":
        "已知放得下,尽管公式算得每卡 {need} GiB,而卡为 {has}",
    "nobody measured this stack on cards of {maker}: its kernels take {factor} times as long as a tuned stack's, the"
    " centre of {what} (software.kernel_factor states another)":
        "无人在{maker}的卡上实测过该软件栈:其算子耗时为调优软件栈的 {factor} 倍,取自{what}的中位"
        "(可用 software.kernel_factor 另行给定)",
    "{what} of {tokens} tokens are longer than max_seq_len={most} of {model}: positions must be stretched to them":
        "{what}共 {tokens} 词元,超过 {model} 的 max_seq_len={most}:位置编码须外推到该长度",
    "prompt and answer": "输入与回答",
    "sequences": "序列",
    "first ports, and not NVIDIA's mean": "首次移植者(而非英伟达均值)",
    "stacks that nobody named": "未具名软件栈",
    "mean of the long run by {fidelity}: {why}": "长期运行均值按 {fidelity} 求得:{why}",
    "the queue for spares is replayed on common random numbers": "备件排队以公共随机数重放",
    "trained together by {share}: {names}": "联合训练,按 {share} 分工:{names}",
    "trained together by alone: {names}": "由一组单独训练:{names}",
    "trained together by batch: {names}": "联合训练,按批量分工:{names}",
    "trained together by layers: {names}": "联合训练,按层分工:{names}",
    "left out, for the mixture is no faster with them: {names}": "未纳入(加入后并不更快):{names}",
    "all groups together: {why}": "全部分组一起:{why}",
    "a spare of any group stands in for any server: waits for the right kind of card are not modelled":
        "任何分组的备件可顶替任何服务器:未模拟等待同型号卡的时间",
    "idle, for it cannot: {why}": "闲置,因无法承担:{why}",
    "{share} of {group} idle: the other group is too small": "{group} 的 {share} 闲置:另一组卡数不足",
    # --- serving, vision, video, jobs
    "capacity by simulation: {why}": "容量由仿真求得:{why}",
    "no SLO stated: the rate is {share} of the saturated one, at whatever latency":
        "未给定服务等级:速率取饱和值的 {share},不限时延",
    "engine constants are the card's default: none were fitted on this card and model (assumption)":
        "引擎常数取该卡默认值:未在此卡与模型上拟合(假设)",
    "{engine}: {words}; constants of {release}": "{engine}:{words},采用 {release} 的常数",
    "no release is stated": "未注明版本",
    "release {stated} is no number": "版本 {stated} 不是数字",
    "{engine} is older than every file: constants of {release}": "{engine} 早于所有文件:采用 {release} 的常数",
    "{engine} is numbered otherwise than the files ({numbers}): constants of the latest, {release}": (
        "{engine} 的编号方式与文件({numbers})不同:采用最新的 {release} 的常数"
    ),
    "{engine}: constants of the nearest earlier {release}": "{engine}:采用最近的较早版本 {release} 的常数",
    "gaps vary more than four times their mean": "到达间隔的波动超过均值的四倍",
    "the longest requests do not fit the cache": "最长的请求放不进缓存",
    "requests queue for the host's work on their prompts": "请求要排队等主机处理其提示词",
    "the cache holds too few sequences to be a fluid": "缓存容纳的序列太少,不能按流体近似",
    "whole prompts exceed an iteration's tokens": "整段输入超过单次迭代的词元数",
    "hardly one sequence decodes at a time": "同时解码的序列几乎不足一个",
    "bursts give one rate two balances, a small and a large batch": "突发使同一速率有大小两种批量平衡",
    "the load is above the saturated rate: there is no steady state": "负载超过饱和速率:没有稳态",
    "the SLO leaves less than a fiftieth of the saturated rate": "服务等级只留下不足饱和速率的五十分之一",
    "the share within the SLO hardly depends on the rate": "达标占比几乎不随速率变化",
    "software of {family} networks as NVIDIA's MLPerf submissions have it; on another maker's card see `validate"
    " mlperf`":
        "{family} 网络的软件水平取自英伟达的 MLPerf 提交;其他厂商的卡见 `validate mlperf`",
    "a network in training runs operator by operator, as frameworks do: exchange of gradients, fused operators and the"
    " reading of its inputs are not modelled": "训练中的网络按框架的方式逐算子执行：梯度交换、算子融合与输入读取未建模",
    "memory use while the tensor units wait is taken for the rest of the time": "张量单元等待期间按显存占用计其余时间",
    "power of codec channels is not modelled: it is inside the card's idle power":
        "未单独模拟编解码通道功耗:已含于卡的空载功耗",
    "the power of busy cards is that of a middling training step: the jobs' programs are not described":
        "忙碌卡的功耗取一般训练步的水平:未描述各作业的程序",
    "the queue of jobs does not read reliability: {names}": "作业队列不读取以下可靠性输入:{names}",
    "{trace}: {count} lines left out: {why}": "{trace}:略去 {count} 行:{why}",
    # --- the run as a whole
    "{idle} of the card-hours on sale are given to no workload: the others pay for them":
        "待售卡时中有 {idle} 未分配给任何任务,由其余任务分摊",
    "no market section: the card is not valued, and moves no forecast": "没有市场部分:不对此卡估值,也不影响预测",
    "{card} is no product of {company}: its forecast stays as it is": "{card} 不是 {company} 的产品:其预测不变",
    # --- market
    "{product}: priced at its unit cost; the buyer would pay less": "{product}:按单位成本定价;买方只愿付得更低",
    "{product}: units stand at the most that can be made beyond the plan (company.response.headroom); more worth moves"
    " its price alone":
        "{product}:销量已达计划之外可生产的上限(company.response.headroom);价值再高只影响价格",
    "{product}: its market saturates: it would sell more than {share} of all of it":
        "{product}:市场饱和:销量将超过整个市场的 {share}",
    "{product}: no card and no line to follow: an event of the market does not reach it":
        "{product}:既无对应的卡也不跟随其他产品:市场事件不影响它",
    # --- company
    "company.{key} has no effect on the target price because {why}": "company.{key} 不影响目标价,因为{why}",
    "the free cash flow is before financing: net profit and cash move, the target price does not":
        "自由现金流为融资前口径:净利润与现金会变,目标价不变",
    "finance_mode is given, not cash; and {why}": "finance_mode 为给定而非 cash;且{why}",
    "revenue is as printed: nothing departs that costs could follow": "收入与报告一致:没有可让成本跟随的变化",
    "cumulative volume is that of the plan: learning is in its unit costs":
        "累计销量与计划一致:学习效应已含在单位成本中",
    "no capital expenditure departs from the printed one": "资本开支与报告一致",
    "redeemable shares turn into equity without cash": "可赎回股份转为权益不涉及现金",
    "it is inside operating costs; adjusted profit adds it back": "已含于经营费用;经调整利润会加回",
    "every line has unit costs of its own": "每个产品都有自己的单位成本",
    "it is a cost without cash, and {years} bear no tax": "它是非现金成本,且 {years} 年无税",
    "company.wacc is given; leave it out and CAPM sets it": "已给定 company.wacc;去掉它则由 CAPM 确定",
    "company.dcf_weight is {weight}": "company.dcf_weight 为 {weight}",
    "company.peers.price_to_sales is given; leave it out to use the members":
        "已给定 company.peers.price_to_sales;去掉它则采用各可比公司",
    "the options are out of the money at the market price": "按现价期权为价外",
    "drivers.product_mode is printed: revenue is the printed one": "drivers.product_mode 为 printed:收入取报告值",
    "drivers.product_mode is printed": "drivers.product_mode 为 printed",
    "no year asks for more than it allows": "没有任何年份超过其上限",
    "company.products.{key} has effect only up to the {units} units that supply allows":
        "company.products.{key} 仅在供应允许的 {units} 件以内有效",
    "the WACC is only {points} points above terminal growth: the terminal value is a quotient of two small numbers and"
    " moves the target price by any amount":
        "WACC 仅高出永续增长率 {points} 个百分点:永续价值是两个小数之商,目标价可因此任意变动",
    "the flow after the last year is negative: {why}; nobody would run on like this":
        "末年之后的现金流为负:{why};不会有人如此持续经营",
    "products sell for less than they cost (company.products.NAME.asp, unit_cost)":
        "产品售价低于成本(company.products.NAME.asp、unit_cost)",
    "operating costs stay as planned while revenue has fallen (company.drivers.variable_opex_share)":
        "收入下降而经营费用不变(company.drivers.variable_opex_share)",
    "operating costs, tax, investment and working capital take more than the gross profit":
        "经营费用、税、投资与营运资金超过毛利",
    "the discounted flows and net cash come to {equity} m {currency}: shareholders owe nothing, so that leg counts as"
    " zero, and no change that leaves it below zero moves it":
        "折现现金流与净现金合计 {equity} 百万{currency}:股东不承担负债,该项按零计,其仍为负的变动不影响结果",
    "the cards' worth has no effect because drivers.product_mode is {mode}":
        "因 drivers.product_mode 为 {mode},卡的价值不产生影响",
    "terminal growth is {growth} %": "永续增长率取 {growth} %",
    "net cash is the opening cash: no debt is deducted": "净现金取期初现金:未扣除债务",
    "without peers the DCF alone sets the target price": "没有可比公司,目标价仅由现金流折现确定",
    "the DCF and the peers' multiple count half each": "现金流折现与可比倍数各占一半",
    "{names}: nothing in every year": "{names}:各年均为零",
    "costs that are shares follow revenue in full (drivers.variable_opex_share 1)":
        "按占比计的费用完全随收入变动(drivers.variable_opex_share 为 1)",
    "tax at 15 %, the rate of high-technology enterprises in China": "税率取 15 %(中国高新技术企业税率)",
    "{name} is that of {year} in every year ({value})": "{name}各年取{year}的值({value})",
    "capex share is 5 % of revenue in every year ({value})": "资本开支各年取收入的5 %({value})",
    "The printed present values do not follow from the printed cash flows at the printed WACC and growth under any"
    " usual convention; recomputed from the same flows (year-end, valued at the end of the last actual year)"
    " the enterprise value is higher, and so is the target price.":
        "报告的现值在任何通常口径下都不能由其现金流、WACC 与增长率得出;按相同现金流(年末口径,以最后实际年度末为估值"
        "时点)重算,企业价值更高,目标价亦更高。",
    # --- claims and predictions
    "{days} days without a fault": "{days}天无故障",
    "{days} days without interruption": "{days}天不中断",
    "mean gap": "平均间隔",
    "median gap (P = {p})": "中位间隔(P = {p})",
    "guarantee (P = {p})": "保证(P = {p})",
    "automatic recovery counted ({share} of failures), P = {p}": "计入自动恢复(占故障 {share}),P = {p}",
    "{class}: {rows} residuals of {sources} sources, of {all} in all":
        "{class}:{sources} 个来源的 {rows} 个残差,共 {all} 个来源",
    "error of {work} on {card} by {software} ({share} of the width)":
        "{software}在 {card} 上运行 {work} 的预测误差(占区间宽度 {share})",
    "{what} ({share} of the width)": "{what}(占区间宽度 {share})",
    # --- logs of failures
    "log: {gone} of {all} events come after the end of the run ({hours} h) and are left out":
        "日志:{all} 个事件中有 {gone} 个晚于运行结束({hours} 小时),已略去",
    "log: {count} x {text} is read as {name}": "日志:{count} 处 {text} 读作 {name}",
    "log: the lines are not in order of time; they are sorted": "日志:各行未按时间排序,已排序",
    "log: {count} lines are the same as another; each counts": "日志:有 {count} 行与他行相同,均计入",
    "log: column {have} is read as {what}": "日志:列 {have} 读作 {what}",
    "log: not read: {names}": "日志:未读取:{names}",
    "log: read as the kernel's; {count} lines without an Xid are left out":
        "日志:按内核日志读取;略去 {count} 行无 Xid 者",
    "log: {gone} lines repeat an error of the same card within an hour and are left out":
        "日志:{gone} 行为同一卡一小时内的重复错误,已略去",
    "log: {count} lines that begin with # are left out": "日志:略去 {count} 行以 # 开头者",
    "log: {gone} samples show no error and are left out": "日志:{gone} 个样本无错误,已略去",
    "log: {gone} samples still show the last error of their card and are left out":
        "日志:{gone} 个样本仍显示该卡上一错误,已略去",
    "log: bare numbers of {column} are read as hours since the start of the run":
        "日志:列 {column} 的纯数字读作自运行开始的小时数",
    "log: no start of the run is given; hours count from {start}, the beginning of the day of the first event"
    " (reliability.log_start states another)":
        "日志:未给定运行开始时间;小时数自 {start}(首个事件当日零点)起算(可用 reliability.log_start 另行给定)",
}  # fmt: skip


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Every pattern as an expression, those with most words of their own first."""
    out = []
    for english in NOTES:
        if english != _OF:
            parts = re.split(r"\{(\w+)\}", english)
            text = "".join(f"(?P<{p}>.+?)" if i % 2 else re.escape(p) for i, p in enumerate(parts))
            out.append((english, re.compile(text, re.DOTALL)))
    return tuple(sorted(out, key=lambda one: -len(re.sub(r"\{\w+\}", "", one[0]))))


def keyed(note: str) -> Told:
    """Return a note by its pattern and what stands in its places; words that are no known note stay as they are.

    >>> keyed("chat: no SLO stated: the rate is 90% of the saturated one, at whatever latency")[1]["work"]
    'chat'
    """
    for english, pattern in _patterns():
        found = pattern.fullmatch(note)
        if found:
            return english, {name: keyed(text) for name, text in found.groupdict().items()}
    work, colon, rest = note.partition(": ")
    inner = keyed(rest) if colon else rest
    # What stands before a colon is a name; a place that takes everything would take any sentence for one.
    return (_OF, {"work": work, "note": inner}) if isinstance(inner, tuple) else note


def translated(note: str, language: str) -> str:
    """Return a note in ``en`` or ``zh``; one that is not known stays English.

    >>> translated("pretrain: left out, for the mixture is no faster with them: biren", "zh")
    'pretrain:未纳入(加入后并不更快):biren'
    """
    return note if language != "zh" else _put(keyed(note))


def _put(told: Told) -> str:
    if isinstance(told, str):
        from clustersim.report.spoken_errors import chinese_sentence

        return chinese_sentence(told) or _named(told)
    pattern, parts = told
    return NOTES[pattern].format(**{name: _put(part) for name, part in parts.items()})


def _of_key(words: str) -> str | None:
    """The name of an input whose key a note writes with spaces; nothing where no input is called so."""
    from clustersim.report.labels.label import known, label

    key = words.replace(" ", "_")
    return label(key, "zh") if "_" in key and known(key) else None


def _named(words: str) -> str:
    """Names of lines, one or several, as tables have them; others stay as they are."""
    from clustersim.report.labels.lines import LINES

    said = [LINES.get(one) or _of_key(one) for one in words.split(", ")]
    return ",".join(one for one in said if one) if all(said) else words
