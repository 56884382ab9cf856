"""Labels of the workbook, in English and Chinese."""

from __future__ import annotations

__all__ = ["label"]

_WORDS: dict[str, tuple[str, str]] = {
    "cover": ("Forecast and target price", "预测与目标价"),
    "control": ("Control: scenario and conventions", "控制:情景与约定"),
    "inputs": ("Inputs", "输入"),
    "cluster": ("Cluster and cost per token", "集群与每词元成本"),
    "drivers": ("Drivers: units, price, cost by product", "驱动因素:分产品销量、单价与成本"),
    "income": ("Income statement", "损益表"),
    "balance": ("Balance sheet", "资产负债表"),
    "cash_flow": ("Cash flow", "现金流量表"),
    "dcf": ("Discounted cash flow and target price", "现金流折现与目标价"),
    "multiples": ("Peer multiples", "可比公司估值"),
    "sensitivities": ("Sensitivities", "敏感性分析"),
    "charts": ("Charts", "图表"),
    "checks": ("Checks", "检查"),
    "audit": ("Printed against recomputed", "印刷值与重算值"),
    "revenue": ("Revenue", "收入"),
    "cost_of_sales": ("Cost of sales", "销售成本"),
    "gross_profit": ("Gross profit", "毛利"),
    "gross_margin": ("Gross margin", "毛利率"),
    "selling_and_marketing_expenses": ("Selling and marketing", "销售及营销开支"),
    "general_and_administrative_expenses": ("General and administrative", "一般及行政开支"),
    "research_and_development_expenses": ("Research and development", "研发开支"),
    "other_income": ("Other income", "其他收入"),
    "other_gains_losses_net": ("Other gains and losses", "其他收益/(亏损)净额"),
    "operating_profit": ("Operating profit (EBIT)", "息税前利润"),
    "net_finance_cost": ("Net finance income", "财务收入/(成本)净额"),
    "profit_before_income_tax": ("Profit before tax", "税前利润"),
    "income_tax": ("Income tax", "所得税"),
    "net_profit": ("Net profit", "净利润"),
    "property_plant_equipment": ("Property, plant and equipment", "物业、厂房及设备"),
    "right_of_use_assets": ("Right-of-use assets", "使用权资产"),
    "intangible_assets": ("Intangible assets", "无形资产"),
    "other_non_current_assets": ("Other non-current assets", "其他非流动资产"),
    "total_non_current_assets": ("Non-current assets", "非流动资产"),
    "inventories": ("Inventories", "存货"),
    "trade_and_notes_receivables": ("Trade and notes receivables", "贸易应收款项及应收票据"),
    "cash_and_cash_equivalents": ("Cash and cash equivalents", "现金及现金等价物"),
    "other_current_assets": ("Other current assets", "其他流动资产"),
    "total_current_assets": ("Current assets", "流动资产"),
    "total_assets": ("Total assets", "总资产"),
    "lease_liabilities_non_current": ("Lease liabilities", "租赁负债"),
    "other_non_current_liabilities": ("Other non-current liabilities", "其他非流动负债"),
    "total_non_current_liabilities": ("Non-current liabilities", "非流动负债"),
    "trade_and_other_payables": ("Trade and other payables", "贸易及其他应付款项"),
    "other_current_liabilities": ("Other current liabilities", "其他流动负债"),
    "total_current_liabilities": ("Current liabilities", "流动负债"),
    "total_liabilities": ("Total liabilities", "总负债"),
    "total_equity": ("Total equity", "权益总额"),
    "depreciation_and_amortisation": ("Depreciation and amortisation", "折旧及摊销"),
    "change_in_working_capital": ("Change in working capital", "营运资金变动"),
    "capital_expenditure": ("Capital expenditure", "资本开支"),
    "free_cash_flow": ("Free cash flow", "自由现金流"),
    "net_cash_from_operating": ("Net cash from operating", "经营活动现金净额"),
    "net_cash_from_investing": ("Net cash from investing", "投资活动现金净额"),
    "net_cash_from_financing": ("Net cash from financing", "融资活动现金净额"),
    "net_change_in_cash": ("Net change in cash", "现金变动净额"),
    "opening_cash": ("Opening cash", "期初现金"),
    "closing_cash": ("Closing cash", "期末现金"),
    "asp_scale": ("Price scale (ASP)", "单价系数"),
    "units_scale": ("Volume scale (units)", "销量系数"),
    "wacc": ("WACC", "加权平均资本成本"),
    "terminal_growth": ("Terminal growth", "永续增长率"),
    "peers.discount": ("Discount to peers", "估值折价"),
    "target_price": ("Target price per share", "每股目标价"),
    "upside": ("Upside", "潜在升幅"),
    "rating": ("Rating", "评级"),
}


def label(key: str, language: str) -> str:
    """Return the label of a key: ``en``, ``zh``, or ``both``; a key without one is shown with spaces.

    >>> label("revenue", "both")
    'Revenue 收入'
    >>> label("own_goodput", "zh")
    'own goodput'
    """
    # A key may name its table (`printed.income:revenue`); a heading in words stays as it is.
    plain = key if " " in key else key.rsplit(":", 1)[-1]
    words = _WORDS.get(plain)
    if words is None:
        return plain.replace("_", " ")
    if language == "both":
        return f"{words[0]} {words[1]}"
    return words[1] if language == "zh" else words[0]
