# ruff: noqa: E501 (Chinese letters count twice; a line item stays on one line)
"""Line items by what reports call them, in both languages: one canonical name a line."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from clustersim.finance.audit.label_patterns import BORROWED, PATTERNS
from clustersim.finance.audit.script import folded, unmarked

__all__ = ["AMBIGUOUS", "VOCABULARY", "canonical_item", "known_items", "plain"]

#: table -> canonical item -> how it is printed (compared without case, space, punctuation and what is in brackets)
VOCABULARY: dict[str, dict[str, str]] = {
    "income_statement": {
        "revenue": "营业收入合计|营业收入净额|营业额|营业总额|gross revenue|gross revenues|total net revenue|net revenues|net turnover|operating revenues|revenue from operations|营业总收入|总营收|主营业务收入|營業收入|売上高|revenues|total revenue|total revenues|net revenue|net sales|sales|turnover|operating revenue|"
        "收入|收益|营业收入|营业总收入|总收入|营收|销售额",
        "cost_of_sales": "cost of services|costs of revenue|cost of products and services|主营业务成本|cogs|cost of goods sold|cost of products sold|cost of sales and services|cost of revenue|cost of revenues|cost of sales|costs of sales|"
        "operating costs|销售成本|营业成本|收入成本|主营成本",
        "gross_profit": "gross profit|gross income|gross profit loss|毛利|毛利润|营业毛利",
        "selling_and_marketing_expenses": "selling and distribution costs|distribution costs|distribution expenses|selling expense|销售及市场推广开支|销售及分销成本|分销开支|市场及销售费用|selling and marketing|selling expenses|sales and marketing|s&m|selling and "
        "distribution expenses|marketing expenses|销售费用|销售及营销开支|销售开支|销售及分销开支|营销费用|销售及营销费用",
        "general_and_administrative_expenses": "administration expenses|administrative costs|general and administration expenses|行政及一般开支|行政管理费用|general and administrative|administrative expenses|g&a|管理费用|行政开支|"
        "一般及行政开支|行政费用|一般及行政费用",
        "selling_general_and_administrative_expenses": "sg&a expenses|selling general and administrative expenses|sg&a|selling general and administrative|sga|销售及管理费用",
        "research_and_development_expenses": "research and development expenses|research and development expense|研究开发费用|研发投入|research and development|r&d|r&d expenses|r&d expense|research and "
        "development costs|研发费用|研发开支|研究及开发费用|研发支出",
        "taxes_and_surcharges": "business taxes and surcharges|营业税金|taxes and surcharges|营业税金及附加|税金及附加",
        "impairment": "资产减值|信用减值|impairment of financial assets|减值损失|credit impairment loss|impairment losses|impairment loss|asset impairment|资产减值损失|金融资产减值|减值亏损|信用减值损失",
        "special_loss_on_certain_assets": "若干资产的特别亏损",
        "net_impairment_loss_on_financial_assets": "金融资产减值净额|金融资产减值亏损净额",
        "other_gains_losses_net": "其他收益亏损净额",
        "other_income": "other revenues|other operating income|其他收入|其他收益|other revenue",
        "other_expenses": "other expense|其他开支|其他支出|other operating expenses",
        "other_gains": "other gains net|other gains and losses|其他净收益|other gains losses",
        "total_operating_expenses": "total costs and expenses|营业总成本|total operating costs and expenses|总经营开支|营业支出合计|total operating expenses|operating expenses|total opex|营业费用合计|期间费用合计|经营开支总额",
        "operating_profit": "op|operating income|operating profit|profit from operations|income from operations|营业利润|"
        "经营利润|经营溢利|operating profit loss",
        "ebit": "ebit|earnings before interest and tax|息税前利润",
        "net_finance_cost": "net finance cost|finance costs net|net finance income|net interest income|财务成本净额|"
        "财务收入净额|net interest|net finance costs|财务收益净额",
        "finance_income": "interest and other income|利息收益|interest income and other|finance income|interest income|财务收入|利息收入",
        "finance_costs": "interest expenses|财务开支|borrowing costs|finance costs|interest expense|finance cost|财务费用|财务成本|融资成本|利息支出|利息费用",
        "share_of_associates": "share of profits of associates|share of profits and losses of associates|share of results of joint ventures|share of profit of joint ventures|share of results of associates and joint ventures|share of profits less losses of associates|equity in earnings of affiliates|应占联营公司溢利|应占联营公司利润|应占合营公司损益|投资净收益|share of results of associates|share of profit of associates|应占联营公司损益|投资收益|"
        "investment income|income from equity investees",
        "profit_before_income_tax": "income before taxes|income before income tax|income before tax|profit before income taxes|profit before income tax|profit before income tax expense|earnings before taxes|earnings before income tax|profit loss before taxation|税前溢利|税前盈利|除税前盈利|税前净利|税金等調整前当期純利益|profit before tax|pre-tax profit|pretax income|income before provision for income taxes|earnings before income taxes|income before income taxes|income "
        "before tax|earnings before tax|pbt|ebt|除税前利润|除税前溢利|税前利润|利润总额|除所得税前利润|除所得税前溢利|"
        "除所得税前亏损溢利|profit before taxation|profit loss before tax",
        "income_tax": "corporate tax|taxes|income tax benefit expense|income tax credit|income tax expense benefit|provision for taxes|税项|所得税支出|所得税（费用）|税金|income tax expense|income tax|tax|taxation|provision for income taxes|income taxes|所得税|所得税费用|"
        "所得税开支|所得税开支抵免|tax expense",
        "net_profit": "本期净利|net profit loss|profit loss for the period|profit|consolidated net income|profit for the financial year|profit of the year|profit and total comprehensive income for the year|income for the year|earnings|年度利润|年度溢利|本年利润|本年净利润|净利润合计|税后利润|税后净利|当期純利益|本期净利润|net income|net earnings|net profit|profit for the year|profit after tax|net income loss|profit for the period|"
        "净利润|净利|年内利润|年内溢利|期内利润|期内溢利|期内亏损溢利|profit loss for the year",
        "profit_attributable_to_owners": "controlling interest|controlling interests|owners of the company|owners of the parent|equity holders of the company|equity holders of the parent|equity shareholders of the company|shareholders of the company|profit attributable to owners of the parent|net income attributable to common stockholders|net income attributable to common shareholders|net income attributable to the company|归属于母公司所有者的净利润|归属于母公司股东净利润|归属于上市公司股东的净利润|归母净利|公司拥有人|本公司拥有人|母公司拥有人|股东应占溢利|本公司股东应占溢利|归母公司净利润|profit attributable to owners|attributable to owners of the parent|net income "
        "attributable to shareholders|归母净利润|归属于母公司股东的净利润|本公司拥有人应占利润|归属母公司净利润|"
        "net profit attributable to shareholders",
        "minority_interests": "profit attributable to non-controlling interests|net income attributable to noncontrolling interests|minority interest in income|少数股东权益|少数股东利润|少数股东收益|non-controlling interests|minority interest|少数股东损益|非控股权益",
        "adjusted_net_profit": "adjusted net profit|adjusted profit|adjusted net income|non-gaap net income|经调整净利润|"
        "经调整利润|经调整亏损利润",
        "ebitda": "ebitda|adjusted ebitda|息税折旧摊销前利润",
        "eps": "eps|basic eps|earnings per share|每股收益|每股盈利|每股基本盈利|基本每股收益|basic earnings per share",
        "diluted_eps": "diluted net income per share|net income per share diluted|摊薄每股收益|摊薄每股盈利|每股盈利摊薄|diluted eps|diluted earnings per share|稀释每股收益|每股摊薄盈利",
        "dividend_per_share": "dividend declared per share|dividends declared per share|dividend per ordinary share|每股股利|每股分红|每股现金股利|每股派发现金股利|dps|dividend per share|dividends per share|每股股息|每股派息",
        "shares": "average number of shares|number of ordinary shares|weighted average number of ordinary shares|basic shares|average shares|ordinary shares in issue|issued shares|已发行股数|普通股加权平均数|发行在外股数|weighted average shares|shares outstanding|number of shares|加权平均股数|股本数|总股本|"
        "股份数目|weighted average number of shares",
        "other_operating_expenses": "other operating expense|other operating costs|其他经营开支|其他业务成本",
        "fair_value_changes": "fair value gains|fair value changes|公允价值变动收益|公允价值变动损益|公允价值变动",
        "non_operating_income": "non-operating income|营业外收入",
        "non_operating_expenses": "non-operating expenses|non-operating expense|营业外支出",
        "non_operating_net": "营业外收支净额|net non-operating income|other income expense|other income and expense|other income net|other expense net|total other income",
        "ordinary_profit": "ordinary profit|ordinary income|recurring profit|経常利益|经常利润",
        "extraordinary_income": "extraordinary income|extraordinary gains|extraordinary profit|特别利润",
        "extraordinary_losses": "extraordinary losses|extraordinary loss|特别损失",
        "discontinued_operations": "profit from discontinued operations|discontinued operations|终止经营业务利润",
        "diluted_shares": "diluted shares|diluted weighted average shares|weighted average diluted shares|weighted average number of diluted shares|diluted share count|摊薄股数|稀释股数|摊薄加权平均股数",
    },
    "balance_sheet": {
        "property_plant_equipment": "property plant and equipment net|tangible assets|tangible fixed assets|plant and equipment|fixed assets net|ppe|pp&e|property plant and equipment|fixed assets|property and equipment|net pp&e|"
        "固定资产|物业厂房及设备|不动产厂房及设备|物业及设备",
        "right_of_use_assets": "rightofuse assets|operating lease rightofuse assets|right of use assets|rou assets|operating lease right of use assets|使用权资产",
        "intangible_assets": "other intangible assets|intangible fixed assets|intangible assets net|intangible assets|intangibles|无形资产",
        "goodwill": "goodwill|商誉",
        "long_term_investments": "investments in associates|interests in associates and joint ventures|investments|equity-method investments|联营公司权益|于联营公司的投资|长期股权投资净额|long term investments|长期股权投资|长期投资|interests in associates|于联营公司权益",
        "deferred_tax_assets": "deferred tax assets|递延所得税资产|递延税项资产",
        "construction_in_progress": "construction in progress|在建工程",
        "other_non_current_assets": "other non-current assets|other long-term assets|其他非流动资产|其他长期资产",
        "total_non_current_assets": "total non-current assets|non-current assets|total long-term assets|非流动资产|"
        "非流动资产合计|非流动资产总额|非流动资产总值",
        "inventories": "inventory|inventories|存货|库存",
        "trade_and_notes_receivables": "notes and accounts receivable|accounts and notes receivables|trade debtors|trade receivables and notes|应收票据及应收款项|应收账款及票据|应收账款净额|notes and accounts receivable trade|accounts receivable|receivables|trade receivables|trade and notes receivables|"
        "trade and bills receivables|accounts and notes receivable|trade and other receivables|应收账款|应收款项|"
        "贸易应收款项|贸易应收款项及应收票据|应收票据及应收账款|trade_receivables|accounts receivable net",
        "prepayments": "prepaid expenses and other current assets|prepayments deposits and other receivables|prepayments and other receivables|预付款项按金及其他应收款项|预付账款|prepayments|prepaid expenses|预付款项|预付款",
        "short_term_investments": "short term marketable securities|financial assets at fair value|以公允价值计量的金融资产|short-term investments|marketable securities|短期投资|交易性金融资产",
        "cash_and_cash_equivalents": "现金及约当现金|bank balances and cash|cash and deposits|cash at bank and on hand|cash and bank|cash and bank deposits|银行结余及现金|银行存款及现金|现金及银行存款|cash and short-term deposits|cash|cash and cash equivalents|cash and equivalents|cash and bank balances|货币资金|"
        "现金|现金及现金等价物|现金及银行结余|cash & equivalents",
        "other_current_assets": "other current assets|其他流动资产",
        "total_current_assets": "total current assets|current assets|流动资产|流动资产合计|流动资产总额|流动资产总值",
        "total_assets": "资产总计|total assets|资产总值|资产合计总额|资产总计|总资产|资产总额|资产合计",
        "borrowings_non_current": "bank borrowings non-current|non-current bank borrowings|long-term loans|long-term bank loans|long-term debt net of current portion|long-term loans payable|非流动银行借款|长期银行借款|long-term borrowings|long-term debt|non-current borrowings|长期借款|长期债务|非流动借款",
        "lease_liabilities_non_current": "non-current lease liabilities|long-term lease liabilities|非流动租赁负债",
        "redeemable_shares": "redeemable shares|convertible redeemable preferred shares|redeemable preferred shares|"
        "可转换可赎回优先股|可赎回股份|financial liabilities to investors|赎回负债",
        "deferred_tax_liabilities": "deferred tax liabilities|递延所得税负债|递延税项负债",
        "other_non_current_liabilities": "other non-current liabilities|other long-term liabilities|其他非流动负债|其他长期负债",
        "total_non_current_liabilities": "total non-current liabilities|non-current liabilities|total long-term liabilities|"
        "非流动负债|非流动负债合计|非流动负债总额",
        "trade_and_other_payables": "notes and accounts payable|accounts and notes payable|trade creditors|notes and accounts payable trade|应付账款及票据|accounts payable|payables|trade payables|trade and other payables|trade and bills "
        "payables|应付账款|应付款项|贸易及其他应付款项|应付票据及应付账款|贸易应付款项|trade_payables",
        "contract_liabilities": "contract liabilities|deferred revenue|advances from customers|合同负债|合约负债|预收款项",
        "borrowings_current": "bank borrowings current|current bank borrowings|short-term loans|short-term bank loans|short-term loans payable|current portion of long-term debt|流动银行借款|短期银行借款|short-term borrowings|short-term debt|current borrowings|bank loans|短期借款|短期债务|流动借款",
        "lease_liabilities_current": "current lease liabilities|流动租赁负债",
        "income_tax_payable": "income tax payable|tax payable|应交税费|应付所得税",
        "other_current_liabilities": "other current liabilities|accrued liabilities|其他流动负债",
        "total_current_liabilities": "total current liabilities|current liabilities|流动负债|流动负债合计|流动负债总额",
        "total_liabilities": "total liabilities|负债合计|总负债|负债总额|负债总计",
        "share_capital": "issued capital|ordinary shares|common shares|issued share capital|paid-up capital|股本总额|已发行股本|capital|share capital|common stock|paid-in capital|capital stock|股本|实收资本|common stock and apic",
        "reserves": "other reserves|capital surplus|share premium|capital reserve|paid-in surplus|股份溢价|资本储备|其他储备|capital in excess of par|reserves|capital reserves|additional paid-in capital|储备|资本公积",
        "retained_earnings": "retained earnings accumulated deficit|accumulated profits|retained earnings deficit|留存利润|保留溢利|保留收益|留存盈利|accumulated loss|accumulated profits losses|累积亏损|未弥补亏损|retained earnings|retained profits|accumulated deficit|accumulated losses|留存收益|未分配利润|累计亏损|保留盈利",
        "equity_attributable_to_owners": "controlling interest|controlling interests|equity holders funds|equity attributable to owners of the company|equity attributable to owners of the parent|equity attributable to shareholders|equity attributable to equity holders of the company|total equity attributable to owners|归属于母公司所有者权益合计|归属于母公司所有者权益|归属于母公司股东权益合计|归母权益|归母净资产|归属于上市公司股东的净资产|本公司权益持有人应占权益|equity attributable to owners|total shareholders equity attributable|"
        "归属于母公司股东权益|本公司拥有人应占权益",
        "non_controlling_interests": "non-controlling interests|minority interests|minority interest|少数股东权益|非控股权益",
        "total_equity": "权益总计|total net assets|total stockholders deficit|total shareholders deficit|stockholders deficit|total deficit|shareholders funds|total shareholders funds|owners equity|股东权益总额|所有者权益|所有者权益总计|权益总值|股东权益|净资产总额|资产净值|资产净额|total equity|shareholders equity|total shareholders equity|stockholders equity|net assets|equity|"
        "total stockholders equity|权益总额|股东权益合计|所有者权益合计|总权益|净资产|股东权益|权益合计",
        "total_liabilities_and_equity": "负债及权益总计|负债与权益总计|负债和权益总计|total liabilities and stockholders equity|total liabilities and stockholders deficit|total liabilities and net assets|liabilities and equity|负债及股东权益合计|负债和股东权益总计|负债和股东权益合计|负债及所有者权益总计|负债和所有者权益合计|权益及负债总计|total liabilities and equity|total liabilities and shareholders equity|"
        "total equity and liabilities|负债及股东权益总计|负债和所有者权益总计|权益及负债总额|负债及权益总额",
        "net_current_assets": "net current assets|working capital|流动资产净值",
        "shares": "shares outstanding|number of shares|总股本|已发行股份",
        "total_assets_less_current_liabilities": "total assets less current liabilities|资产总值减流动负债|总资产减流动负债",
        "treasury_shares": "treasury stock|treasury shares|own shares|shares held for share award scheme|库存股|库存股份|库存股票|自己株式",
        "surplus_reserves": "surplus reserves|statutory reserves|statutory surplus reserve|盈余公积|盈余公积金|法定盈余公积|法定储备",
        "accumulated_other_comprehensive_income": "accumulated other comprehensive income|accumulated other comprehensive loss|accumulated other comprehensive income loss|other comprehensive income|translation reserve|exchange reserve|其他综合收益|外币报表折算差额|汇兑储备",
    },
    "cash_flow": {
        "profit_before_tax": "profit before taxation|income before taxes|profit before income taxes|income before income tax|profit loss before tax|税前溢利|profit before tax|profit before income tax|pre-tax profit|税前利润|除税前利润|除税前溢利|利润总额|"
        "income before tax|pretax income|income before income taxes",
        "net_profit": "net income loss|profit|net profit loss|profit for the period|profit after tax|本年利润|net earnings|net income|net profit|profit for the year|净利润|年内利润|年内溢利",
        "depreciation_and_amortisation": "depreciation amortization|depreciation and amortisation expense|固定资产折旧|折旧摊销|depreciation of property plant and equipment|depreciation and amortization|depreciation and amortisation|d&a|depreciation|"
        "折旧及摊销|折旧与摊销|折旧和摊销|depreciation & amortisation",
        "share_based_compensation": "stock-based compensation expense|share based payment expense|share-based payment|share-based compensation|stock-based compensation|share based payments|股份支付|"
        "以股份为基础的付款|股权激励费用",
        "change_in_working_capital": "movement in working capital|movements in working capital|营运资金的变动|营运资本的变动|营运资金变化|营运资本变化|change in working capital|changes in working capital|working capital changes|"
        "营运资金变动|营运资本变动|运营资金变动|working capital movement|changes in operating assets and liabilities",
        "income_tax_paid": "income taxes paid|所得税支付|已付税项|已缴所得税|income tax paid|taxes paid|已付所得税|支付的所得税|tax paid",
        "interest_paid": "interest paid|已付利息|支付利息",
        "other_operating": "other operating|other operating activities|other operating cash flow|其他经营活动|"
        "other operating items",
        "net_cash_from_operating": "net cash flows generated from operating activities|net cash flows from used in operating activities|net cash flow used in operating activities|cash flows from operating activities|cash flows used in operating activities|cash flows from used in operating activities|cash generated from operating activities|cash used in operating activities|net cash outflow from operating activities|net cash inflow from operating activities|net cash used in operating activities|net cash from used in operating activities|net cash generated from used in operating activities|cash generated from operating activities|net cash flow from operating activities|net cash flows from operating activities|net cash provided by used in operating activities|net cash inflow from operating activities|经营性现金流|经营现金流|经营性现金流净额|经营活动净现金流|net cash from operating activities|cash flow from operations|operating cash flow|cash "
        "flow from operating activities|net cash provided by operating activities|经营活动现金流|经营活动现金流量净额|"
        "经营活动产生的现金流量净额|经营活动所用所得现金净额|经营活动所得现金净额|net cash generated from operating activities|cfo",
        "purchase_of_ppe_and_intangibles": "purchases of property plant and equipment|purchase of property plant equipment and intangibles|acquisition of property plant and equipment|additions to property plant and equipment|payments for property plant and equipment|购建固定资产支付的现金|购建固定资产无形资产支付的现金|购建长期资产支付的现金|购买物业厂房及设备|capex|capital expenditure|capital expenditures|purchase of ppe|purchase of "
        "property plant and equipment|purchases of property and equipment|资本开支|资本支出|购建固定资产|购置物业厂房及设备|"
        "购置物业厂房及设备以及无形资产|购建固定资产无形资产和其他长期资产支付的现金",
        "proceeds_from_disposal_of_ppe_and_intangibles": "proceeds from disposal of ppe|proceeds from disposals|disposal of "
        "fixed assets|处置固定资产所得|出售物业厂房及设备以及无形资产所得款项|proceeds from disposal",
        "other_investing": "other investing|other investing activities|其他投资活动",
        "net_cash_from_investing": "net cash flows generated from investing activities|net cash flows from used in investing activities|net cash flow used in investing activities|cash flows from investing activities|cash flows used in investing activities|cash flows from used in investing activities|cash generated from investing activities|cash used in investing activities|net cash outflow from investing activities|net cash inflow from investing activities|net cash provided by investing activities|net cash flow from investing activities|net cash flows from investing activities|net cash flows used in investing activities|net cash provided by used in investing activities|投资活动所用现金|投资现金流|net cash from investing activities|cash flow from investing|cash flow from investing "
        "activities|net cash used in investing activities|投资活动现金流|投资活动现金流量净额|投资活动产生的现金流量净额|"
        "投资活动所用所得现金净额|cfi|投资活动所用现金净额|net cash used in investing",
        "proceeds_from_borrowings": "proceeds from bank borrowings|proceeds from long-term debt|drawdown of borrowings|proceeds from debt|借款收到的现金|proceeds from borrowings|new borrowings|debt issued|新增借款|取得借款|借款所得款项",
        "repayment_of_borrowings": "repayments of long-term debt|repayment of debt|repayments of borrowings|repayment of bank borrowings|偿还银行借款|repayment of borrowings|repayments of debt|debt repaid|偿还借款|偿还债务|偿还债务支付的现金",
        "proceeds_from_issue_of_shares": "proceeds from issuance of common stock|proceeds from issuance of shares|proceeds from share issue|proceeds from issuance of common stock net|发行股份收到的现金|发行股票收到的现金|股权融资|proceeds from issue of shares|issue of shares|share issue|issuance of common "
        "stock|equity raised|发行股份所得款项|发行股份|吸收投资收到的现金|吸收投资|股份发行",
        "repurchase_of_shares": "purchase of treasury stock|purchase of treasury shares|share repurchase|payments for repurchase of shares|purchases of treasury stock|回购股份支付的现金|repurchase of shares|share buy-back|share buybacks|buy-back of shares|repurchases of "
        "common stock|share repurchases|回购股份|股份回购|购回股份",
        "dividends_paid": "dividends paid to owners|dividends paid to shareholders|cash dividends paid|支付现金股利|分配股利利润支付的现金|分配股利或偿付利息支付的现金|已付本公司股东股息|dividends paid|dividend paid|dividends|payment of dividends|已付股息|支付股利|派付股息|派发股息|派息|已付股利|分配股利",
        "other_comprehensive_income": "other comprehensive income|其他综合收益",
        "proceeds_from_convertible_bonds": "proceeds from convertible bonds|可换股债券所得款",
        "lease_payments": "payment of lease liabilities|lease payments|租赁付款",
        "other_financing": "other financing|other financing activities|其他融资活动|其他筹资活动",
        "net_cash_from_financing": "net cash flows generated from financing activities|net cash flows from used in financing activities|net cash flow used in financing activities|cash flows from financing activities|cash flows used in financing activities|cash flows from used in financing activities|cash generated from financing activities|cash used in financing activities|net cash outflow from financing activities|net cash inflow from financing activities|net cash provided by financing activities|net cash flow from financing activities|net cash flows from financing activities|net cash provided by used in financing activities|net cash generated from financing activities|融资活动所用现金净额|筹资现金流|融资现金流|net cash from financing activities|cash flow from financing|cash flow from financing "
        "activities|net cash used in financing activities|融资活动现金流|筹资活动现金流|筹资活动产生的现金流量净额|"
        "融资活动现金流量净额|融资活动所用所得现金净额|cff|融资活动所得现金净额|net cash from financing",
        "net_change_in_cash": "net increase in cash and cash equivalents|net decrease in cash and cash equivalents|net change in cash and cash equivalents|net increase decrease in cash and cash equivalents|change in cash and cash equivalents|现金净增加|现金净额变动|现金及现金等价物增加额|现金及现金等价物净变动|net change in cash|net increase in cash|change in cash|net increase decrease in cash|"
        "现金净变动|现金净增加额|现金及现金等价物净增加额|现金及现金等价物减少增加净额|现金及现金等价物增加净额",
        "opening_cash": "cash and cash equivalents at beginning of year|cash and cash equivalents at the beginning of the year|cash and cash equivalents beginning of period|cash and cash equivalents at beginning of period|cash and cash equivalents beginning of year|cash at beginning of period|期初现金及现金等价物余额|年初现金及现金等价物|年初现金及现金等价物余额|opening cash|cash at beginning of year|beginning cash|cash beginning|期初现金|年初现金|"
        "期初现金及现金等价物|cash at the beginning of the year",
        "fx_effect": "effect of foreign exchange rate changes|effect of exchange rate changes on cash|exchange rate effect|汇率变动对现金的影响|汇率变动对现金及现金等价物的影响|fx effect|effect of exchange rates|effect of foreign exchange|exchange differences|汇率变动的影响|汇率影响|"
        "汇率变动影响|effect of exchange rate changes",
        "closing_cash": "cash and cash equivalents at end of year|cash and cash equivalents at the end of the year|cash and cash equivalents end of period|cash and cash equivalents at end of period|cash and cash equivalents end of year|cash at end of period|期末现金及现金等价物余额|年末现金及现金等价物|年末现金及现金等价物余额|closing cash|cash at end of year|ending cash|cash end|期末现金|年末现金|期末现金及现金等价物|"
        "cash at the end of the year",
        "free_cash_flow": "free cash flow|fcf|自由现金流",
        "share_of_associates": "share of profits of associates|share of results of associates|share of profit of associates|应占联营公司溢利|应占联营公司损益|投资收益",
        "net_borrowings": "net movement in bank borrowings|net borrowings|net change in borrowings|net increase in borrowings|change in debt|借款净增加|借款净增加额|借款净额|债务净变动",
    },
    "ratios": {
        "revenue_growth_yoy": "net sales growth|turnover growth|top-line growth|营收增长率|收入增长|营业总收入增长率|营收同比|营业收入同比|revenue growth|sales growth|revenue growth yoy|yoy growth|收入增速|收入增长率|营收增速|收入同比|"
        "同比增长|营业收入增长率",
        "gross_profit_growth_yoy": "gross profit growth|毛利增速|毛利增长率",
        "net_profit_growth_yoy": "profit growth|归母净利润增长率|归母净利润增速|净利润同比|net profit growth|net income growth|earnings growth|净利润增速|净利润增长率|净利增速",
        "gross_margin": "gp margin|销售毛利率|gpm|gross margin|gross profit margin|毛利率",
        "operating_margin": "opm|op margin|经营溢利率|operating profit margin|ebit margin|营业利率|operating margin|营业利润率|经营利润率",
        "net_margin": "net income margin|销售净利率|npm|net margin|net profit margin|净利率|净利润率",
        "attributable_net_margin": "attributable net margin|margin attributable to owners|归母净利率|归母净利润率|归属母公司净利率",
        "adjusted_net_margin": "adjusted net margin|经调整净利润率|经调整利润率",
        "effective_tax_rate": "所得税率|实际所得税率|etr|effective tax rate|tax rate|有效税率|实际税率",
        "roe": "加权平均净资产收益率|平均净资产收益率|return on average equity|roe|return on equity|净资产收益率|股本回报率|权益回报率",
        "roa": "资产收益率|总资产报酬率|roa|return on assets|总资产收益率|资产回报率",
        "eps": "eps|earnings per share|每股收益|每股盈利", "bps": "bps|book value per share|net asset value per share|nav per share|每股资产净值|每股帐面价值|每股净资产",
        "pe": "pe|p/e|price to earnings|price earnings|市盈率", "pb": "pb|p/b|price to book|市净率",
        "ps": "ps|p/s|price to sales|市销率",
        "inventory_days": "inventory days|days inventory|days of inventory|dio|存货周转天数|库存周转天数",
        "receivable_days": "receivable days|days receivable|dso|days sales outstanding|应收账款周转天数|应收周转天数",
        "payable_days": "payable days|days payable|dpo|days payables|应付账款周转天数|应付周转天数",
        "current_ratio": "current ratio|流动比率", "quick_ratio": "quick ratio|速动比率",
        "debt_to_assets": "asset-liability ratio|total liabilities to total assets|资产负债比率|debt to assets|liabilities to assets|debt ratio|资产负债率|负债率",
    },
    "dcf": {
        "ebit": "ebit|earnings before interest and tax|operating profit|operating income|息税前利润",
        "depreciation_and_amortisation": "depreciation and amortisation|depreciation and amortization|d&a|折旧及摊销|折旧摊销|"
        "折旧与摊销",
        "tax": "tax|taxes|tax on ebit|taxes on ebit|cash taxes|income tax|税|所得税|税项|ebit税项|息税前利润所得税",
        "net_operating_profit_after_tax": "nopat|noplat|net operating profit after tax|net operating profit after taxes|net operating profit less adjusted taxes|税后净营业利润|税后营业利润|税后经营利润",
        "discount_factor": "discount factor|discounting factor|pv factor|present value factor|折现系数|折现因子|贴现系数|贴现因子|现值系数",
        "discount_period": "discount period|discounting period|discount years|折现期|折现年数|贴现期",
        "present_value": "present value|pv|present value of fcf|present value of free cash flow|discounted fcf|discounted free cash flow|现值|自由现金流现值|折现自由现金流|折现现金流",
        "change_in_working_capital": "change in working capital|change in nwc|changes in working capital|营运资本变动|"
        "营运资金变动",
        "capital_expenditure": "capital expenditure|capex|资本开支|资本支出",
        "free_cash_flow": "free cash flow|fcf|fcff|unlevered free cash flow|自由现金流|企业自由现金流",
        "wacc": "wacc|discount rate|加权平均资本成本|折现率",
        "terminal_growth": "terminal growth|perpetual growth|terminal growth rate|永续增长率",
        "pv_of_free_cash_flow": "pv of free cash flow|pv of fcf|present value of cash flows|sum of pv of fcf|sum of present values|sum of present values of fcf|现金流现值|自由现金流现值合计|自由现金流现值总和",
        "pv_of_terminal_value": "pv of terminal value|present value of terminal value|pv of tv|终值现值",
        "enterprise_value": "enterprise value|ev|企业价值",
        "net_cash_less_debt_and_minorities": "net cash|net cash debt|net cash less debt and minorities|净现金|"
        "负债现金及等价物少数股东权益",
        "equity_value": "equity value|股权价值|权益价值",
    },
    "wacc": {
        "beta": "beta|贝塔值|贝塔系数", "risk_free_rate": "risk free rate|无风险利率",
        "market_risk": "market risk|市场风险", "market_risk_premium": "market risk premium|equity risk premium|市场风险溢价",
        "market_return": "market return|市场回报率|市场收益率", "cost_of_equity": "cost of equity|权益成本|股权成本",
        "cost_of_debt": "cost of debt|债务成本", "debt_to_equity": "debt to equity|d/e|债务权益|债务股权比",
        "tax_rate": "tax rate|税率", "wacc": "wacc|加权平均资本成本", "terminal_growth": "terminal growth|永续增长率",
    },
    "valuation": {
        "target_price": "target price|目标价", "current_price": "current price|current share price|closing price|last price|last close|当前价|收盘价|最新价|现价股价|share price|price|现价|股价|当前股价",
        "market_cap": "market cap|market capitalisation|market capitalization|市值|总市值", "upside": "upside|potential "
        "upside|潜在升幅|上涨空间|上升空间", "week52_low": "52-week low|52周低|52周最低", "week52_high": "52-week high|52周高|"
        "52周最高", "weight_dcf": "dcf weight|weight dcf", "weight_ps": "ps weight|weight ps", "value_dcf": "dcf value|"
        "value dcf|dcf估值", "value_ps": "ps value|value ps|ps估值", "value_blended": "blended value|综合估值",
        "rating": "rating|评级|投资评级", "report_date": "report date|报告日期", "data_date": "data date|数据日期",
        "shares": "shares outstanding|total shares|总股本|number of shares", "fx_rate": "fx rate|exchange rate|汇率",
        "peer_average_ps": "peer average ps|peer ps", "valuation_discount": "valuation discount|discount|估值折价",
    },
}  # fmt: skip
#: Profit and loss are one line with two signs: a label of either is looked for under the other, too.
_POLES = (
    ("net loss", "net income"),
    ("losses", "profits"),
    ("loss", "profit"),
    ("亏损", "利润"),
    ("deficit", "earnings"),
)
#: What numbers a line and does not name it.
_NUMBERING = re.compile(
    r"^\s*(?:[一二三四五六七八九十]+、|[（(][一二三四五六七八九十\d]+[）)]|\d{1,2}[.、)]\s|[ivx]{1,4}[.)]\s)\s*",
    re.I,
)
_HEADS = re.compile(r"^(?:less|add|plus|of which|including|where|减|加|其中|其中包括)\s*[:：]\s*", re.I)
#: How a Chinese cash flow says that a line is one of cash.
_PAID = re.compile(r"所?(?:支付|收到)的?现金(?:净额)?$")
_TAIL = re.compile(r"[\s,，]*(net|, net|expenses|expense|净额|余额|合计|总额|总计|总值)$", re.I)
#: A bare label that stands in several blocks of a statement: it is named after the total that follows it.
AMBIGUOUS = {
    "other": ("其他", "others", "other", "其它", "other items"),
    "lease_liabilities": ("租赁负债", "leaseliabilities", "operatingleaseliabilities"),
    "borrowings": ("借款", "borrowings", "debt", "银行借款", "bankborrowings"),
}


@lru_cache(maxsize=20_000)
def plain(label: str) -> str:
    """Return a label without case, space, punctuation and bracketed units, for comparison.

    >>> plain("  Net cash (used in)/from operating activities ")
    'netcashfromoperatingactivities'
    """
    text = unicodedata.normalize("NFKC", unmarked(folded(label))).lower().replace("’", "").replace("'", "")
    text = _HEADS.sub("", _NUMBERING.sub("", text))
    bare = re.sub(r"\([^()]*\)", "", text)
    text = bare if re.search(r"\w", bare) else text
    return re.sub(r"[\W_]+", "", text.replace("&", "and"))


@cache
def _words(table: str) -> dict[str, str]:
    out: dict[str, str] = {}
    for item in VOCABULARY.get(table, {}):
        out[plain(item)] = item
    for item, aliases in VOCABULARY.get(table, {}).items():
        for alias in aliases.split("|"):
            out.setdefault(plain(alias), item)
    for item, (other, theirs) in BORROWED.get(table, {}).items():
        for alias in (theirs, *VOCABULARY[other][theirs].split("|")):
            out.setdefault(plain(alias), item)
    return out


def known_items(table: str) -> list[str]:
    """Return the canonical items of a table."""
    return list(VOCABULARY.get(table, {}))


def canonical_item(table: str, label: str) -> str | None:
    """Return the canonical name of a label in a table; None for one that is not known.

    >>> canonical_item("income_statement", "COGS"), canonical_item("balance_sheet", "存货"), canonical_item("dcf", "foo")
    ('cost_of_sales', 'inventories', None)
    """
    words = _words(table)
    bare = plain(label)
    found = next((words[form] for form in _forms(label) if form in words), None)
    if found is None:
        found = next((item for of, pattern, item in PATTERNS if of == table and pattern.search(bare)), None)
    if found is None:
        return _rate(table, label)
    return (
        _DILUTED.get(found, found)
        if re.search(r"diluted|稀释|摊薄", label, re.I) and _own_word(label)
        else found
    )


#: A line and what it is when it counts what may become a share.
_DILUTED = {"eps": "diluted_eps", "shares": "diluted_shares"}


def _own_word(label: str) -> bool:
    return not re.search(r"basic|基本", folded(label), re.I)


_RATE = re.compile(
    r"^(?P<of>.+?)[\s,，、（(-]*(?P<kind>(?:yoy )?growth(?: rate)?|同比增长率?|同比增速|增长率|增速|增长|同比|margin)[)）]?$",
    re.I,
)


def _rate(table: str, label: str) -> str | None:
    """Growth or margin of a line of the income statement, by that line's own names."""
    found = _RATE.match(
        re.sub(
            r"\s*[(（](?:[%％][^()（）]{0,14}|yoy|y-o-y|同比)[)）]\s*$", "", folded(label).strip(), flags=re.I
        )
    )
    item = canonical_item("income_statement", found["of"]) if found and table == "ratios" else None
    if found is None or item is None or item.endswith(("_yoy", "_margin")):
        return None
    return f"{item}_margin" if found["kind"].lower() == "margin" else f"{item}_growth_yoy"


@lru_cache(maxsize=20_000)
def _forms(label: str) -> tuple[str, ...]:
    """What a label is looked for as: as it is, without its head or tail, up to its first comma, and at its other pole."""
    stripped = _HEADS.sub(
        "", _NUMBERING.sub("", unicodedata.normalize("NFKC", unmarked(folded(label))).strip())
    )
    first = re.split(r"\s*(?:,(?=\s)|;| - | – )", stripped)[0]
    headless = re.sub(r"^(total|net|consolidated)\s+", "", stripped, flags=re.I)
    bare = _PAID.sub("", stripped)
    out = [plain(text) for text in (stripped, headless, _TAIL.sub("", stripped), first, bare)]
    for text in (stripped, first):
        for one, other in _POLES:
            if re.search(one, text, re.I):
                out.append(plain(re.sub(one, other, text, flags=re.I)))
                break
    return tuple(dict.fromkeys(out))
