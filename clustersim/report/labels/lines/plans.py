"""Lines of ``plan training``, ``plan cluster`` and of studies: ``sweep``, ``mc``, ``sensitivity``, ``optimise``."""

from __future__ import annotations

__all__ = ["LINES"]

LINES: dict[str, str] = {
    # --- unlike groups
    # --- plan training
    "no cost per token: {}": "没有每词元成本:{}",
    "--batch auto sizes the batch of a cluster that is asked for; here it is kept":
        "--batch auto 只用于求集群时调整批量;此处保持不变",
    "of {} draws of all that is uncertain the plans are the best in {}":
        "对全部不确定性抽样 {} 次,各方案为最优的占比:{}",
    "one step by each kind of plan": "每类方案各测一步", "one step by each of these plans": "这些方案各测一步",
    "{}: a tie, that {} measured on this card would settle": "{}:并列;在此卡上{}即可分出",
    "planned for demand.{}: {}": "为 demand.{} 规划:{}",
    "written: {}; run it with clustersim run {}": "已写入:{};用 clustersim run {} 运行",
    "{} possible plans, {} fit the memory": "{} 种可能的方案,{} 种放得进显存",
    "{} of the others tie with the first: within {}, where the cheaper comes first, or within what is known of the"
    " error of"
    " their kinds":
        "其余有 {} 种与第一名并列:相差在 {} 之内(较便宜者在前),或在其类别已知误差之内",
    "all groups together: {}": "全部组一起:{}",
    "{}, {}: {} ways that could be the fastest, of every subset and share":
        "{},{}:在各种子集与分工中,可能最快的有 {} 种",
    # --- plan cluster
    "{} cards of {}, planned for demand.{}: {};": "{} 卡({}),为 demand.{} 规划:{};",
    "{} tokens/s kept, {} CNY per million tokens.": "留存 {} 词元/秒,每百万词元 {} 元。",
    "no date: a lead time is not published": "没有日期:有部件未公布交期",
    "looked at": "所考察的", "best in": "为最优的占比",
    "next size": "下一档规模", "cheapest cluster": "最便宜的集群", "cheapest token": "最便宜的词元",
    "most tokens kept": "留存词元最多",
    "{}: {} candidates, {} within the limits and with a plan; {}": "{}:{} 个候选,{} 个在限制内且有方案;{}",
    "{n} cards of {}": "{} 卡({})",
    "tie: within 0.5 % of the first, and dearer: {}": "并列:与第一名相差不到 0.5 % 而更贵:{}",
    "{} tokens at {} of the card-hours, ordered on {}; by the luck of its failures alone {} to {} days (P10, P90 of"
    " {} simulated"
    " runs, {})":
        "{} 词元,占卡时 {},{} 下单;仅因故障的运气为 {} 至 {} 天(P10、P90,{} 次仿真,{})",
    "best in the draws: {}: {} leads": "抽样中为最优的占比:{}:{} 领先",
    "best in the draws: {}: a tie": "抽样中为最优的占比:{}:并列",
    "best in the draws: {}: a tie; most would be settled by {}": "抽样中为最优的占比:{}:并列;最能分出胜负的是 {}",
    "no cheaper cluster keeps more tokens than these": "没有更便宜而留存词元更多的集群",
    "the limits are met in {} of them or more, as asked": "如所要求,其中至少 {} 满足限制",
    "P10 to P90 of {} draws of every input with a range, of the errors of predictions and of failures{}":
        "P10 至 P90 由 {} 次抽样得出,抽取带范围的输入、预测误差与故障{}",
    "the batch is kept at {} sequences; --batch auto sizes it": "批量保持 {} 条序列;--batch auto 可调整",
    "the batch is sized within a tenth of the scenario's: {} sequences for the first":
        "批量在场景值的十分之一内调整:第一名 {} 条序列",
    "the budget": "预算", "the delivery": "交期", "the power": "功率", "the racks": "机柜数", "the date": "日期",
    "the days": "天数", "the probability": "概率", "largest size": "最大规模",
    "nothing binds: it is the {}": "没有约束:它是{}", "largest size looked at": "所考察的最大规模",
    "the probability binds: {} cards would meet the limits at the inputs' values, but in fewer of the draws than asked":
        "概率起约束:按输入的值 {} 卡可满足限制,但满足的抽样少于所求",
    "{} binds: {} cards would break it{}": "{}起约束:{} 卡会超出{}", "({} days)": "({} 天)",
    "nothing binds: {} cards meet the limits, too, and do no better or fit no plan":
        "没有约束:{} 卡也满足限制,但并不更好或没有方案",
    # --- studies
    "{} of {} points failed and are kept out of the statistics; the first is point {}: {}":
        "{}/{} 个点失败,不计入统计;第一个是点 {}:{}",
    "{} of {} points were run one by one: {}": "{}/{} 个点逐个运行:{}",
    "{}: run {} times, reused {} times": "{}:运行 {} 次,重用 {} 次",
    "the first that failed: {}": "第一个失败的:{}",
    "{} ({} x {} of its points)": "{}({} × {} 个点)",
    "({} x {} of its points)": "({} × {} 个点)",
    "{}: no output moves with it here (`clustersim explain {} --set {}=…` says why)":
        "{}:此处没有输出随之变动(原因见 `clustersim explain {} --set {}=…`)",
    "{} files in {}": "{1} 中有 {0} 个文件", "1 file in {}": "{} 中有 1 个文件",
    "stopped; finished points are kept: clustersim study resume {}": "已停止;完成的点已保存:clustersim study resume {}",
}  # fmt: skip
