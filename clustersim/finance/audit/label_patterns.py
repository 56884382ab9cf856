# ruff: noqa: E501 (a pattern stays on one line)
"""Families of line items that no list of names ends, by what their labels hold."""

from __future__ import annotations

import re

__all__ = ["BORROWED", "PATTERNS", "WORK"]

#: Families of labels that no list ends: (table, what the plain label holds, item), the first that fits.
PATTERNS = tuple(
    (table, re.compile(pattern), item) for table, pattern, item in (
        ("ratios", r"^(?!.*(?:growth|yield|payout|cover|增长|率|比)).*(?:dividends?(?:declared|paid)?per(?:common|ordinary)?share|每股(?:现金)?(?:股息|股利|派息|分红))", "dividend_per_share"),
        ("income_statement", r"(?:dividend|dps).*per(?:common|ordinary)?share|每股.*(?:股息|股利|派息|分红|红利)", "dividend_per_share"),
        ("income_statement", r"^(?!.*basic)(?=.*diluted).*average.*shares|^(?!.*基本)(?:稀释|摊薄).*股[数份]", "diluted_shares"),
        ("income_statement", r"average.*shares|shares(?:outstanding|inissue|used)|numberof.*shares|加权平均.*股", "shares"),
        ("income_statement", r"^(?!.*(?:basic|基本))(?=.*(?:稀释|摊薄|diluted)).*(?:pershare|每股)", "diluted_eps"),
        ("income_statement", r"(?:income|profit|earnings|loss).*per(?:ordinary|common|basic|diluted)*(?:share|ads|unit)|每股.*(?:收益|盈利|溢利|亏损|利润)", "eps"),
        ("income_statement", r"(?:应占|分占|应佔).*(?:合营|联营)|shareof.*(?:associate|jointventure|equityaccounted)", "share_of_associates"),
        ("cash_flow", r"(?:应占|分占).*(?:合营|联营)|shareof.*(?:associate|jointventure|equityaccounted)", "share_of_associates"),
        ("income_statement", r"股.*加权平均数", "shares"),
        ("income_statement", r"^(?!.*(?:before|other)).*(?:incometax|taxation|^tax).*(?:charge|credit|expense|provision|benefit)|^(?:charge|provision|credit)forincometax", "income_tax"),
        ("income_statement", r"attributableto.*(?:noncontrolling|minorit)|(?:少数股东|非控[制股]).*(?:损益|权益|利润|收益)?$", "minority_interests"),
        ("income_statement", r"(?:income|earnings|profit|loss)attributableto.|^attributableto.|attributableto.*(?:owners|holders|company|parent|group)|(?:净利|利润|溢利|损益).*(?:归属|归于).*(?:母公司|公司|股东|拥有人)|(?:归属|归于|应占).*(?:净利|利润|溢利|亏损)|(?:拥有人|股东|持有人)应占.*(?:利润|溢利|亏损)?$", "profit_attributable_to_owners"),
        ("cash_flow", r"^(?!.*(?:处置|出售|disposal|proceeds)).*(?:购[建买置].*(?:固定资产|物业|厂房|设备)|(?:purchases?|acquisitions?|additions?)(?:of|to).*(?:property|plant|equipment))", "purchase_of_ppe_and_intangibles"),
        ("cash_flow", r"^(?!.*(?:before|未计|变动前|营运资)).*(?:经营|营运)(?:业务|活动)?.{0,6}现金(?:流[量入出]?)?净[额流]|(?:经营|营运)(?:业务|活动)之?净现金流|^(?!.*before)(?:net)?cash(?:flows?|inflows?|outflows?)?(?:provided|generated|used|from|by|in|usedin|outflow|inflow)*operatingactivities|^operatingcashflow$|^cashflowfromoperations$", "net_cash_from_operating"),
        ("cash_flow", r"投资(?:业务|活动)之?净现金流|投资(?:业务|活动)?.{0,6}现金(?:流[量入出]?)?净[额流]|^investingcashflow$", "net_cash_from_investing"),
        ("cash_flow", r"(?:融资|筹资)(?:业务|活动)之?净现金流|(?:融资|筹资)(?:业务|活动)?.{0,6}现金(?:流[量入出]?)?净[额流]|^financingcashflow$", "net_cash_from_financing"),
        ("cash_flow", r"现金及(?:(?:现金)?等[价值]?(?:物|项目)?|约当现金)(?:的)?(?:变动|增加|减少|增减)净?[额数]?$", "net_change_in_cash"),
        ("cash_flow", r"^(?:年|期)初.{0,4}现金|^(?:beginning|opening)cash", "opening_cash"),
        ("cash_flow", r"^(?:年|期)[末终底].{0,4}现金|^(?:ending|closing)cash", "closing_cash"),
        ("cash_flow", r"分配.*(?:股利|股息|利润)|(?:已付|支付|派付).*(?:股利|股息)|dividends?.*(?:paid|shareholders|owners)|(?:payments?|distributions?).*dividend", "dividends_paid"),
        ("ratios", r"^bvps$|^navp[su]$|^netassetvalueperunit|每股(?:账面|帐面)?(?:资产)?净[值资]|^(?:book|netasset)s?valueper", "bps"),
        ("dcf", r"^(?!.*(?:present|discount|pv|growth|sum|margin)).*freecashflow|^fcff?$|^(?!.*(?:现值|折现|增)).*自由现金流", "free_cash_flow"),
        ("dcf", r"^(?!.*(?:rate|率)).*(?:tax(?:es)?on|notionaltax|operatingtax|cashtax)|^(?!.*税后)(?!.*率).*所得税$", "tax"),
        ("balance_sheet", r"^(?!.*(?:goodwill|商誉|total)).*(?:intangibleassets?|无形资产)|^software$|^软件$", "intangible_assets"),
        ("balance_sheet", r"^currentmaturities|(?:due|payable)withinoneyear.*(?:debt|loan|borrowing)|(?:debt|loans|borrowings).*(?:due|payable)withinoneyear|一年内到期的?(?:长期|非流动)", "borrowings_current"),
        ("balance_sheet", r"^longtermdebt(?:less|net|excluding|noncurrent)", "borrowings_non_current"),
        ("cash_flow", r"effects?of.*exchange|exchange.*(?:effect|difference)|汇率.*影响", "fx_effect"),
        ("ratios", r"市净率|市账率|^pricetobook", "pb"), ("ratios", r"市盈率|^pricetoearnings", "pe"),
        ("ratios", r"(?:dividend|distribution)yield|股息率|股利收益率", "dividend_yield"),
        ("ratios", r"daysinventory|inventorydays|存货.*(?:天|日)数|平均销货(?:天|日)数", "inventory_days"),
        ("ratios", r"dayssalesoutstanding|receivabledays|应收.*(?:天|日)数|平均收[现账](?:天|日)数", "receivable_days"),
        ("ratios", r"dayspayable|payabledays|应付.*(?:天|日)数", "payable_days"),
        ("balance_sheet", r"(?:noncontrolling|minority)interests?|(?:少数股东|非控[制股]).*权益", "non_controlling_interests"),
        ("balance_sheet", r"(?:equity|capital|funds|assets)attributableto|(?:归属|应占).*(?:权益|净资产|资产净值)", "equity_attributable_to_owners"),
    )
)  # fmt: skip

#: Lines of a valuation that carry the name of another table's line: item -> that table and line.
BORROWED = {
    "dcf": {
        "change_in_working_capital": ("cash_flow", "change_in_working_capital"),
        "capital_expenditure": ("cash_flow", "purchase_of_ppe_and_intangibles"),
        "depreciation_and_amortisation": ("cash_flow", "depreciation_and_amortisation"),
        "ebit": ("income_statement", "ebit"), "tax": ("income_statement", "income_tax"),
        "wacc": ("wacc", "wacc"), "terminal_growth": ("wacc", "terminal_growth"),
    },
    "cash_flow": {"profit_before_tax": ("income_statement", "profit_before_income_tax")},
}  # fmt: skip

#: What was done to come to a table: no part of its name.
WORK = re.compile(
    r"[\s_-]*(?:calculation|derivation|build-?up|bridge|summary|overview|methodology|测算|推导|推算|估算|计算|汇总)表?$",
    re.I,
)
