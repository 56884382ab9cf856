"""What an audit of a printed report says in its cells: which check, the verdict, and why."""

from __future__ import annotations

__all__ = ["LINES"]

LINES: dict[str, str] = {
    # --- verdicts
    "ok": "成立", "info": "说明", "rounding": "取整", "mismatch": "不一致", "inconsistent": "自相矛盾",
    "misprint": "误印", "omission": "遗漏", "{n} ok": "{} 成立", "{n} info": "{} 说明", "{n} rounding": "{} 取整",
    "{n} mismatch": "{} 不一致", "{n} inconsistent": "{} 自相矛盾", "{n} misprint": "{} 误印",
    "{n} omission": "{} 遗漏",
    # --- checks
    "{} is absent": "缺 {}", "its checks were left out": "其校验略去",
    "ticker": "代码", "{} printed twice": "{} 印刷两次", "sign of {}": "{} 的符号", "ticker of {}": "{} 的代码",
    "ticker {}": "代码 {}",
    "unit of {}": "{} 的单位", "order of {}": "{} 的次序", "ranked members within the whole": "排名各家之和不超过总量",
    "{} is a share": "{} 是占比", "{} is a margin": "{} 是利润率",
    "{} at the printed WACC and growth": "{}(按印刷的 WACC 与增长)",
    "{} in both statements": "{} 在两张表中", "{} rolls forward": "{} 逐年衔接",
    "fixed assets {} roll forward": "固定资产 {} 逐年衔接", "{} from the balances": "{}(由资产负债表)",
    "{} from CAPM": "{}(由 CAPM)", "{} in text and table": "{}(正文与表)", "weights sum to {}": "权重之和为 {}",
    "{} from the income statement": "{}(由利润表)", "{} follows a driver": "{} 跟随某个驱动",
    "price within its 52 weeks": "价格在其 52 周区间内", "rating on the house's own scale": "评级按该机构自己的标准",
    "shares of {} within {}": "{} 的份额之和不超过 {}", "{} is not before {}": "{} 不早于 {}",
    "first year of the cash flow and the report": "现金流首年与报告年",
    "{} as a share of the whole market": "{} 占整个市场的份额", "average {}": "平均 {}",
    "WACC that the printed enterprise value implies, %": "印刷的企业价值所隐含的 WACC(%)",
    "one WACC for both present values, %": "两个现值共用的 WACC(%)",
    "ratio of the two present values, at any valuation date": "两个现值之比,不论估值日",
    "net cash is that of {}": "净现金是 {} 的", "tax of the cash flow levied on EBIT": "现金流的税按 EBIT 征收",
    "tax of the cash flow levied on EBIT, {}": "现金流的税按 EBIT 征收,{}",
    "tax of the cash flow beyond the statements levied on EBIT, {}": "报表年份之后现金流的税按 EBIT 征收,{}",
    "financing {} with the conversion of redeemable shares": "{} 的融资含可赎回股份转换",
    "{} enters equity": "{} 进入权益",
    "other_non_current_assets move by other_investing": "other_non_current_assets 随 other_investing 变动",
    "{} of {} printed twice": "{1} 的 {0} 印刷两次",
    "{} (text p.{})": "{}(正文第 {} 页)", "{} (Front-page summary table)": "{}(首页摘要表)",
    "{} (Figure {})": "{}(图 {})",
    "{n}E to {n}E": "{}E 至 {}E",
    # --- why
    "{n} conventions were tried and none gives both present values": "试过 {} 种口径,没有一种同时给出两个现值",
    "the value beside is for year-end flows": "旁边的值按年末现金流",
    "valued at the end of the year before": "估值于上年末",
    "nearest: year-end flows, valued at the two year ends before": "最接近:年末现金流,估值于前两个年末",
    "valued at the two year ends before": "估值于前两个年末",
    "year-end flows valued at the end of the year before": "年末现金流,估值于上年末",
    "printed flows, WACC and growth": "印刷的现金流、WACC 与增长",
    "at {} % its base is not EBIT but EBIT plus income that grows: pre-tax profit":
        "按 {} % 其税基不是 EBIT,而是 EBIT 加逐年增长的收入,即税前利润",
    "base less EBIT: {}": "税基减 EBIT:{}", "a cost of debt is not negative": "债务成本不会为负",
    "net interest income over debt is no cost of debt": "净利息收入除以债务不是债务成本",
    "it is cash less the printed debt ratio ({} percent) of equity of {}":
        "它是现金减去印刷的负债率({}%)乘 {} 年权益",
    "whose cash flow is discounted beside it": "而该年现金流又一并折现",
    "{} ({}) prints {}": "{}({})印为 {}", "{} prints {}": "{} 印为 {}",
    "the difference of {} equals the change of {}": "差额 {} 等于 {} 的变动",
    "it is the income statement's, levied on pre-tax profit": "它是利润表的税,按税前利润征收",
    "proceeds cannot be negative": "处置收入不会为负",
    "liabilities of {} turn into equity, as at a listing, but no proceeds are in the cash flow":
        "{} 的负债如上市时转为权益,而现金流中没有募资",
    "shares counted after the listing and cash before it do not go together": "上市后的股数与上市前的现金不能并用",
    "cash moves by an exchange effect in {}, and equity by profit alone": "现金在 {} 受汇率影响,权益只随利润变动",
    "cash moves by an exchange effect in {} and equity by profit alone": "现金在 {} 受汇率影响,权益只随利润变动",
    "no other comprehensive income is printed": "未印其他综合收益",
    "they move by more than that flow ({}): they take up what passes the other lines by":
        "变动超过该现金流({}):它们吸收了其他行之外的差额",
    "they move by more than that flow ({})": "变动超过该现金流({})",
    "they take up what passes the other lines by": "它们吸收了其他行之外的差额", "{} in {n}E": "{}({}E)",
    "of {n} conventions the nearest is {}": "{} 种口径中最接近的是{}",
    "mid-year flows from {} with the stub of the first year": "自 {} 起的年中现金流并计首年余期",
    "the flows imply {} % and the terminal value {} %": "现金流隐含 {} %,终值隐含 {} %", "printed {} %": "印刷 {} %",
    "{n} shares at {} % mean {} shares": "{} 股占 {} %,即 {} 股",
    "price and market value give {}, and no power of ten reconciles them": "价格与市值给出 {},任何十的幂都不能调和",
    "one code stands for several companies": "一个代码对应多家公司",
    "in one of these places it is misplaced": "其中一处放错了",
    "what is printed beside the number is no unit of this quantity": "数字旁所印的不是该量的单位",
    "net profit and redeemable shares that turn into equity without cash explain it":
        "净利润与不经现金转为权益的可赎回股份可解释",
    "plant, right-of-use and intangible assets: opening + capital expenditure - depreciation":
        "固定、使用权与无形资产:期初 + 资本开支 - 折旧",
    "disposals, leases or exchange rates must explain the rest": "其余须由处置、租赁或汇率解释",
    "is {} % of revenue": "为收入的 {} %", "held at {}": "固定为 {}", "from {}": "自 {}",
    "its average balance is {} days of {}": "其平均余额为 {1} 的 {0} 天",
    "printed without a minus and taken off: {}": "印刷时未带负号,已按减项处理:{}",
    "{n} numbers: {}": "{} 个数:{}", "{n} numbers in {} ({})": "{} 个数,以 {} 计({})", "claims": "声明",
    "comps": "可比公司",
    "tickers": "代码", "long-run": "长期",
    # --- the way to what would hold
    "present values recomputed": "重算现值", "peers' mean not rounded": "可比公司均值不取整",
    "depreciation and capital expenditure as in the cash-flow statement": "折旧与资本开支同现金流量表",
    "tax on EBIT at the printed rate": "按印刷税率对 EBIT 征税", "net cash at the end of {}": "{} 年末的净现金",
    "flows from the valuation date on, with the stub of the first year": "自估值日起的现金流并计首年余期",
}  # fmt: skip
